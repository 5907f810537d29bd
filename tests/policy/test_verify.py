from __future__ import annotations

from typing import Any

import pytest

from imagebot.images.reference import ImageName
from imagebot.policy.check_file import InSettings
from imagebot.policy.read import Around, PolicySet, read_policies
from imagebot.policy.required import RequirementOfAll, required
from imagebot.policy.verify import Requirement, key_name
from tests.support.signing import key, pem, private_pem

POLICY = """\
app: api
repository: env
environments: {{prod: }}
images:
  - image: ghcr.io/acme/api
    semver: ^1
    {more}
"""


def read(more: str, **files: str) -> PolicySet:
    written = {"api.yaml": POLICY.format(more=more), **{f"{name}.yaml": text for name, text in files.items()}}
    every = {name: text.encode() for name, text in written.items()}
    return read_policies(every, ["env"], around=Around(settings=InSettings(keys=frozenset({"release", "security"}))))


def requirements(found: PolicySet) -> list[str]:
    assert found.problems == ()
    return [str(one) for one in found.policies[0].watches[0].verify]


def test_a_policy_says_who_must_have_signed() -> None:
    more = (
        "verify: [{keys: [release, security], annotations: {env: prod}},"
        " {keyless: {identity: {match: 'https://github.com/acme/.*'}, issuer: https://token.example},"
        " attestation: provenance, builder: https://ci.example}]"
    )
    signature, provenance = requirements(read(more))
    assert signature == "a signature by key release or key security, with env=prod"
    signer = "what matches https://github.com/acme/.*, vouched for by https://token.example"
    assert provenance == f"an attestation (provenance) by {signer}, built by https://ci.example"


def test_a_policy_takes_nothing_away_that_defaults_require() -> None:
    defaults = "image: {verify: [{keys: [security]}]}"
    for more, wanted in (
        ("verify: [{keys: [release]}]", ["a signature by key release", "a signature by key security"]),
        ("verify: []", ["a signature by key security"]),
        ("verify:", ["a signature by key security"]),
        ("", ["a signature by key security"]),
    ):
        assert requirements(read(more, _defaults=defaults)) == wanted


def test_what_holds_for_all_holds_for_the_images_that_it_names() -> None:
    own = (Requirement(keys=("release",)),)
    of_all = (
        RequirementOfAll.model_validate({"keys": ["security"], "images": ["ghcr.io/acme/"]}),
        RequirementOfAll.model_validate({"keys": ["everywhere"]}),
    )
    assert [one.keys for one in required(own, of_all, ImageName.parse("ghcr.io/acme/api"))] == [
        ("security",),
        ("everywhere",),
        ("release",),
    ]
    assert [one.keys for one in required((), of_all, ImageName.parse("nginx"))] == [("everywhere",)]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("verify: [{}]", "write who must have signed: one of keys and keyless"),
        ("verify: [{keys: []}]", "write who must have signed"),
        ("verify: [{keys: [release], keyless: {identity: a, issuer: b}}]", "write who must have signed"),
        ("verify: [{keys: [releas]}]", "imagebot.yaml knows no key 'releas'; did you mean 'release'?"),
        ("verify: [{keys: [./key.pub]}]", "is no key: write its name in `trust.keys`"),
        ("verify: [{keys: [release], builder: x}]", "only provenance names a builder"),
        ("verify: [{keys: [release], attestation: sbom}]", "is no attestation: write provenance, spdx"),
        ("verify: [{keys: [release], attestation: spdx, annotations: {a: b}}]", "attestations have none"),
        ("verify: [{keyless: {identity: a}}]", "issuer"),
        ("verify: [{keyless: {identity: {match: '('}, issuer: b}}]", "missing"),
        ("verify: {keys: [release]}", "list"),
    ],
)
def test_what_nobody_could_mean_is_told_where_it_stands(more: str, words: str) -> None:
    [problem] = read(more).problems
    assert words in problem.message
    assert problem.line == 7


def test_a_keyless_signer_without_a_root_is_told_before_all_is_unknown() -> None:
    text = POLICY.format(more="verify: [{keyless: {identity: a, issuer: b}}]").encode()
    [problem] = read_policies({"api.yaml": text}, ["env"], around=Around(settings=InSettings(root=False))).problems
    assert problem.message.startswith("imagebot.yaml names no `rootFile` and no `tuf` under `trust`")
    assert (problem.line, problem.column) == (7, 24)
    assert read_policies({"api.yaml": text}, ["env"]).problems == ()


def test_a_private_key_is_not_shown() -> None:
    lines = "\n              ".join(private_pem(key()).splitlines())
    [problem] = read(f"verify:\n      - keys:\n          - |\n              {lines}").problems
    assert "nobody but the signer may have" in problem.message
    assert private_pem(key()).splitlines()[1] not in str(problem)


def test_a_public_key_may_be_written_out() -> None:
    lines = "\n              ".join(pem(key()).splitlines())
    [said] = requirements(read(f"verify:\n      - keys:\n          - |\n              {lines}"))
    assert said == f"a signature by {key_name(pem(key()).strip())}"


def test_a_tag_alone_ties_nothing_to_what_was_signed() -> None:
    [advice] = read("pin: none\n    verify: [{keys: [release]}]").advice
    assert "`pin: digest` runs what was signed" in advice.message


@pytest.mark.parametrize(
    ("keys", "other"),
    [
        ({"keys": ["a"]}, {"keys": ["b"]}),
        ({"keys": ["a"]}, {"keys": ["a"], "annotations": {"x": "y"}}),
        ({"keys": ["a"], "attestation": "provenance"}, {"keys": ["a"], "attestation": "spdx"}),
        (
            {"keyless": {"identity": "a", "issuer": "b"}},
            {"keyless": {"identity": {"match": "a"}, "issuer": "b"}},
        ),
    ],
)
def test_two_requirements_are_never_told_in_the_same_words(keys: dict[str, Any], other: dict[str, Any]) -> None:
    assert str(Requirement.model_validate(keys)) != str(Requirement.model_validate(other))
