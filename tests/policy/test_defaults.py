"""Defaults: what policies need not repeat, which of two files counts, and where problems are shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from textwrap import dedent
from typing import Any

import pytest

from imagebot.policy.defaults import Defaults, DefaultsFile, ImageDefaults, layers_of
from imagebot.policy.model import Policy, PolicyFile
from imagebot.policy.read import Around, PolicySet, read_policies
from imagebot.policy.watch import Watch

BARE = "app: shop\nenvironments: {staging: , production: }\nimages: [{image: acme/api}]\n"


def found(policy: str = BARE, **files: str) -> PolicySet:
    """`p/team/shop.yaml`, and defaults: `near` beside it, `far` in the folder above, `settings` in imagebot.yaml."""
    names = {"near": "p/team/_defaults.yaml", "far": "p/_defaults.yaml"}
    texts = {names[key]: text.encode() for key, text in files.items() if key in names}
    settings = None
    if "settings" in files:
        indented = "".join(f"  {line}\n" for line in files["settings"].splitlines())
        settings = DefaultsFile("imagebot.yaml", f"defaults:\n{indented}".encode(), ("defaults",))
    return read_policies({"p/team/shop.yaml": policy.encode(), **texts}, None, around=Around(settings))


def only(policy: str = BARE, environment: str = "staging", **files: str) -> Policy:
    read = found(policy, **files)
    assert read.complete, [str(problem) for problem in read.problems]
    return next(one for one in read.policies if one.environment == environment)


def said(read: PolicySet) -> list[str]:
    return [problem.headline for problem in read.problems]


def test_every_key_but_identity_has_a_default() -> None:
    assert PolicyFile.model_fields.keys() - Defaults.model_fields.keys() == {"app", "images", "tests"}
    assert Watch.model_fields.keys() - ImageDefaults.model_fields.keys() == {"image", "upstream"}


def test_a_policy_has_what_it_leaves_out_from_its_defaults() -> None:
    far = "repository: envs\nimage: {semver: ^1, pin: digest}\n"
    far += "pullRequest: {labels: [a]}\nenvironment: {minimumAge: 3d}\n"
    policy = only(far=far)
    assert (policy.repository, policy.watches[0].rule, policy.watches[0].pin) == ("envs", "semver: ^1", "digest")
    assert [str(label) for label in policy.pull_request.labels] == ["a"]
    assert policy.gates.minimum_age == timedelta(days=3)


LAYERS = {
    "settings": "repository: settings\nimage: {semver: ^1, minimumAge: 1d, platforms: [linux/amd64]}\n",
    "far": "repository: far\nimage: {minimumAge: 2d}\n",
    "near": "image: {minimumAge: 3d}\n",
}


@pytest.mark.parametrize(
    ("files", "policy", "repository", "days"),
    [
        (["settings"], BARE, "settings", 1),
        (["settings", "far"], BARE, "far", 2),
        (["settings", "far", "near"], BARE, "far", 3),
        (["settings", "near"], BARE, "settings", 3),
        (list(LAYERS), BARE.replace("acme/api", "acme/api, minimumAge: 4d") + "repository: own\n", "own", 4),
        (list(LAYERS), BARE.replace("acme/api", "acme/api, minimumAge: ") + "repository:\n", "far", 3),
    ],
)
def test_the_nearest_file_counts(files: list[str], policy: str, repository: str, days: int) -> None:
    read = only(policy, **{name: LAYERS[name] for name in files})
    assert (read.repository, read.watches[0].minimum_age.days) == (repository, days)
    assert read.watches[0].platforms == ("linux/amd64",)


@pytest.mark.parametrize(
    ("over", "under", "labels", "assignees"),
    [
        ("{labels: [b]}", "{labels: [a], assignees: [ada]}", ["b"], ["ada"]),
        ("{labels: []}", "{labels: [a], assignees: [ada]}", [], ["ada"]),
        ("{labels: }", "{labels: [a], assignees: [ada]}", ["a"], ["ada"]),
        ("", "{labels: [a], assignees: [ada]}", ["a"], ["ada"]),
    ],
)
def test_mappings_are_merged_and_lists_are_not(over: str, under: str, labels: list[str], assignees: list[str]) -> None:
    far = f"repository: e\nimage: {{semver: ^1}}\npullRequest: {under}\n"
    wishes = only(f"{BARE}pullRequest: {over}\n", far=far).pull_request
    assert ([str(one) for one in wishes.labels], list(wishes.assignees)) == (labels, assignees)


@pytest.mark.parametrize(
    ("keys", "default", "rule", "also"),
    [
        ("calver: YYYY.MICRO", "semver: ^1", "calver: YYYY.MICRO", {}),
        ("calver: YYYY.MICRO", "semver: ^1, loose: true, prereleases: true", "calver: YYYY.MICRO", {"loose": False}),
        ("semver: ^2", "semver: ^1, loose: true", "semver: ^2", {"loose": True}),
        ("numeric: asc", "semver: ^1, prereleases: true", "numeric: asc", {"prereleases": False}),
        ("digest: latest", "semver: ^1, pin: keep, tags: {match: ^1$}", "digest: latest", {"pin": "digest"}),
        ("created: newest", "semver: ^1, tags: {variant: keep, ignore: [x]}", "created: newest", {}),
        ("pin: none", "semver: ^1, pin: digest", "semver: ^1", {"pin": "none"}),
        ("tags: {ignore: [a]}", "digest: latest", None, {}),
        ("commit: {branch: next}", "commit: {source: api}", "commit: next of api", {}),
    ],
)
def test_an_order_takes_the_place_of_the_default_one(
    keys: str, default: str, rule: str | None, also: Mapping[str, Any]
) -> None:
    for layers in ({"far": f"image: {{{default}}}\n"}, {"settings": f"image: {{{default}}}\n"}):
        read = found(BARE.replace("acme/api", f"acme/api, {keys}") + "repository: e\n", **layers)
        assert [policy.watches[0].rule for policy in read.policies] == ([] if rule is None else [rule] * 2), said(read)
        assert all(getattr(read.policies[0].watches[0], key) == value for key, value in also.items())


def test_an_order_of_a_nearer_folder_takes_the_place_of_a_farther_one() -> None:
    near, far = "image: {calver: YYYY.MICRO}\n", "image: {semver: ^1, loose: true}\n"
    policy = only(f"{BARE}repository: e\n", near=near, far=far)
    assert policy.watches[0].rule == "calver: YYYY.MICRO"


@pytest.mark.parametrize(
    ("over", "under", "match", "extract", "variant"),
    [
        ("match: ^b$", "match: ^(a)$, extract: $1", "^b$", None, None),
        ("extract: $2", "match: ^(a)(b)$, extract: $1", "^(a)(b)$", "$2", None),
        ("variant: keep", "match: ^(a)$, extract: $1", "^(a)$", None, "keep"),
        ("match: ^(a)$, extract: $1", "variant: keep", "^(a)$", "$1", None),
    ],
)
def test_parts_that_mean_one_thing_together_are_not_mixed(
    over: str, under: str, match: str, extract: str | None, variant: str | None
) -> None:
    far = f"repository: e\nimage: {{semver: ^1, tags: {{{under}}}}}\n"
    tags = only(BARE.replace("acme/api", f"acme/api, tags: {{{over}}}"), far=far).watches[0].tags
    assert (str(tags.match), tags.extract, tags.variant) == (match, extract, variant)


def test_a_group_by_name_takes_the_place_of_one_by_image() -> None:
    group = only(
        f"{BARE}pullRequest: {{group: {{name: platform}}}}\n",
        far="repository: e\nimage: {semver: ^1}\npullRequest: {group: {by: image, separateMajor: true}}\n",
    ).pull_request.group
    assert (group.name, group.separate_major) == ("platform", True)


def test_environments_of_a_name_have_their_own_and_none_is_added() -> None:
    far = dedent("""
        repository: e
        image: {semver: ^1}
        environment: {minimumAge: 1d, freezes: ["Fri UTC"]}
        environments: {production: {minimumAge: 3d}, moon: {minimumAge: 9d}}
        """)
    ages = {policy.environment: policy.gates.minimum_age.days for policy in found(far=far).policies}
    assert ages == {"staging": 1, "production": 3}
    assert all(len(policy.gates.freezes) == 1 for policy in found(far=far).policies)


def test_a_default_that_is_wrong_is_shown_once_and_nothing_below_is_read_without_it() -> None:
    files = {f"p/team/{name}.yaml": BARE.replace("shop", name).encode() for name in ("a", "b", "c")}
    files |= {
        "p/other/d.yaml": (BARE.replace("shop", "d") + "repository: e\n").replace("api}", "api, semver: ^1}").encode()
    }
    files["p/team/_defaults.yaml"] = b"repository: e\nimage:\n  semver: ^x1\n  pinn: digest\n"
    read = read_policies(files, None)
    assert said(read) == [
        "p/team/_defaults.yaml:1:1: nothing is read without these defaults: not p/team/a.yaml and 2 more",
        "p/team/_defaults.yaml:3:11: '^x1' is no condition on a version; write one such as ^1.4 or >=1.2",
        "p/team/_defaults.yaml:4:3: unknown key 'pinn'; did you mean 'pin'?",
    ]
    assert [str(policy) for policy in read.policies] == ["d@staging", "d@production"]
    assert not read.complete


def test_a_default_that_does_not_go_with_policies_is_shown_once_with_how_many() -> None:
    files = {f"p/{name}.yaml": BARE.replace("shop", name).encode() for name in ("a", "b", "c")}
    files["p/_defaults.yaml"] = (
        b"repository: envs\nimage: {semver: ^1}\nenvironments: {production: {from: {environment: qa}}}\n"
    )
    read = read_policies(files, ["environments"])
    assert said(read) == [
        "p/_defaults.yaml:3:49: this app has no environment 'qa'; it has staging (for p/a.yaml and 2 more)"
    ]
    files["p/_defaults.yaml"] = b"repository: envs\nimage: {semver: ^1}\n"
    assert said(read_policies(files, ["environments"])) == [
        (
            "p/_defaults.yaml:1:13: imagebot.yaml knows no repository 'envs'; it knows environments "
            "(for p/a.yaml and 2 more)"
        )
    ]


def test_a_key_that_is_missing_is_missed_in_the_policy_file() -> None:
    assert said(found(near="image: {semver: ^1}\n")) == ["p/team/shop.yaml:1:1: the key 'repository' is missing"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "app: x",
            "1:1: unknown key 'app'; the keys here are repository, environment, environments, image, pullRequest",
        ),
        ("image: {image: acme/x}", "1:9: unknown key 'image'"),
        ("images: []", "1:1: unknown key 'images'; did you mean 'image'?"),
        ("tests: []", "1:1: unknown key 'tests'"),
        ("image: {semver: ^1, numeric: asc}", "1:30: semver and numeric are two orders; keep one"),
        ("image: {digest: latest, tags: {match: a}}", "1:31: digest follows one tag"),
        ("image: {loose: x}", "1:16: expected true or false, found 'x'"),
        ("environments: {Prod: {}}", "1:16: 'Prod' is no name here"),
        ("[]", "1:1: expected a mapping, found a list"),
        ("a: [", "1:5: a value is missing here"),
    ],
)
def test_a_wrong_file_of_defaults(text: str, problem: str) -> None:
    (first, *_) = [line for line in said(found(far=text)) if "nothing is read" not in line]
    assert first.startswith(f"p/_defaults.yaml:{problem}")


def test_each_value_says_which_file_it_is_from() -> None:
    policy = only(
        near="image:\n  semver: ^1\n  tags: {ignore: [a, b]}\n",
        far="repository: e\nenvironments:\n  staging: {windows: [Mon UTC]}\n  production: {minimumAge: 1d}\n",
        settings="pullRequest: {labels: [x]}",
    )
    assert {(".".join(map(str, one.path)), one.text, f"{one.file}:{one.line}") for one in policy.inherited} == {
        ("images.0.semver", "^1", "p/team/_defaults.yaml:2"),
        ("images.0.tags.ignore", "[a, b]", "p/team/_defaults.yaml:3"),
        ("repository", "e", "p/_defaults.yaml:1"),
        ("environments.staging.windows", "[Mon UTC]", "p/_defaults.yaml:3"),
        ("pullRequest.labels", "[x]", "imagebot.yaml:2"),
    }


def test_folders_around_a_file() -> None:
    known = {"_defaults.yaml", "p/_defaults.yaml", "p/team/_defaults.yml", "p/team2/_defaults.yaml"}
    assert layers_of("p/team/x/a.yaml", known) == ("p/team/_defaults.yml", "p/_defaults.yaml", "_defaults.yaml")
    assert layers_of("a.yaml", known) == ("_defaults.yaml",)
