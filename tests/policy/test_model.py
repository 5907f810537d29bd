"""Each key of a policy file: what it may be, and what is said of anything else."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from imagebot import gitnames
from imagebot.documents.read import read
from imagebot.images.reference import ImageName
from imagebot.policy import key_grammar
from imagebot.policy.model import Ignore, PolicyFile, Watch, policies_of
from imagebot.policy.pattern import Pattern
from imagebot.versions.semver_range import Range

# With a key of each kind.
EXAMPLE = r"""
# yaml-language-server: $schema=../docs/policy.schema.json
app: podinfo
repository: environments                 # a name from imagebot.yaml
environments:
  staging:    {paths: ["clusters/staging/podinfo/"]}
  production: {paths: ["clusters/production/podinfo/", "!**/charts/"], repository: other}
images:
  - image: ghcr.io/stefanprodan/podinfo
    semver: ^6.5
    tags: {match: '^(?P<version>[0-9.]+)-alpine$', extract: $version, ignore: [6.5.3, 6.10, {range: <6.0.0}]}
    pin: digest
    fields: [{file: values.yaml, path: image.tag}]   # only where the known shapes do not reach
pullRequest: {labels: [image-update], reviewers: ["team:platform"]}
"""


def example() -> PolicyFile:
    found = read(PolicyFile, "podinfo.yaml", EXAMPLE.encode())
    assert isinstance(found, PolicyFile), found
    return found


def test_the_example() -> None:
    (watch,) = example().images
    assert watch.image == ImageName("ghcr.io", "stefanprodan/podinfo")
    assert watch.semver == Range.parse("^6.5")
    assert watch.tags.match == Pattern.parse("^(?P<version>[0-9.]+)-alpine$")
    assert watch.tags.ignore == ("6.5.3", "6.10", Ignore(range="<6.0.0"))
    assert (watch.loose, watch.prereleases, watch.pin) == (False, False, "digest")


def test_a_policy_for_each_environment_in_the_order_of_the_file() -> None:
    staging, production = policies_of("podinfo.yaml", example())
    assert (str(staging), staging.repository) == ("podinfo@staging", "environments")
    assert (str(production), production.repository) == ("podinfo@production", "other")
    assert production.covers("clusters/production/podinfo/x.yaml")
    assert not production.covers("clusters/production/podinfo/charts/x.yaml")
    assert staging.watches == production.watches == example().images


def test_python_may_write_a_watch_with_texts_or_values() -> None:
    by_text = Watch.model_validate({"image": "nginx", "semver": "1.x", "loose": True})
    by_value = Watch(image=ImageName.parse("nginx"), semver=Range.parse("1.x"), loose=True)
    assert by_text == by_value


def test_frozen() -> None:
    with pytest.raises(ValidationError):
        example().app = "other"  # type: ignore[misc]


def problems(old: str, new: str) -> list[str]:
    """The messages about the example with one thing changed."""
    assert old in EXAMPLE
    found = read(PolicyFile, "x", EXAMPLE.replace(old, new).encode())
    assert isinstance(found, tuple), found
    return [f"{problem.line}:{problem.column} {problem.message}" for problem in found]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param(
            "image: ghcr.io/stefanprodan/podinfo",
            "image: ghcr.io/stefanprodan/podinfo:6.5.3",
            "9:12 write the name without its tag: ghcr.io/stefanprodan/podinfo",
            id="a tag in the name",
        ),
        pytest.param(
            "image: ghcr.io/stefanprodan/podinfo",
            f"image: nginx@sha256:{'a' * 64}",
            "9:12 write the name without its digest: nginx",
            id="a digest in the name",
        ),
        pytest.param(
            "image: ghcr.io/stefanprodan/podinfo",
            "image: ghcr.io/Acme/API",
            "9:12 'ghcr.io/Acme/API' is no image name; image names are lower case",
            id="capitals in the name",
        ),
        pytest.param(
            "match: '^(?P<version>[0-9.]+)-alpine$', extract: $version",
            "extract: $1",
            "11:21 extract takes groups out of match: write match too",
            id="extract without match",
        ),
        pytest.param(
            "extract: $version",
            "extract: a$nope",
            "11:62 the pattern has no group named 'nope'; it has version",
            id="a group that is not there",
        ),
        pytest.param(
            "path: image.tag",
            "path: a..b",
            "13:40 'a..b' is no path: what is '..b'? Write it like image.tag or containers[name=app].image",
            id="a path that is none",
        ),
        pytest.param(
            "path: image.tag",
            "path: args, template: '{tga}'",
            "13:56 a template has no {tga}; did you mean {tag}?",
            id="a template that is none",
        ),
        pytest.param("{range: <6.0.0}", "{}", "11:93 write one of range and match", id="ignore nothing"),
        pytest.param(
            "{range: <6.0.0}", "{range: 1.x, match: a}", "11:93 write one of range and match", id="ignore by two rules"
        ),
        pytest.param(
            "6.10,",
            "'^6',",
            "11:87 '^6' is no tag; for more than one tag write {range: ...} or {match: ...}",
            id="ignore what is no tag",
        ),
        pytest.param("6.10,", "[a],", "11:87 expected a mapping, found a list", id="ignore a list"),
        pytest.param(
            "file: values.yaml",
            "file: ../values.yaml",
            "13:21 write the path from the root of the repository, without a leading '/', './' or '../'",
            id="a file outside",
        ),
        pytest.param(
            "staging: ",
            "Staging: ",
            "6:3 'Staging' is no name here: up to 63 lower-case letters, digits and '-' between them",
            id="an environment in capitals",
        ),
        pytest.param("pin: digest", "pin: yes", "12:10 expected 'keep', 'digest' or 'none'", id="an unknown pin"),
        pytest.param(
            "semver: ^6.5",
            "semver: '>=1 <<2'",
            "10:18 '<<2' is no condition on a version; write one such as ^1.4 or >=1.2",
            id="a range, quoted: the caret is inside",
        ),
        pytest.param("semver: ^6.5", "semver: {}", "10:13 expected text, found a mapping", id="a mapping as range"),
        pytest.param(
            '"team:platform"',
            '"@acme/platform"',
            "14:51 '@acme/platform' is neither a login name nor team:NAME; write team:platform",
            id="a team as GitHub mentions it",
        ),
    ],
)
def test_one_wrong_thing(old: str, new: str, message: str) -> None:
    assert problems(old, new) == [message]


def test_the_same_image_twice_in_two_spellings() -> None:
    images = "- {image: docker.io/library/nginx, semver: 1.x}\n  - {image: nginx, semver: 1.x}\n  - image: ghcr.io"
    assert problems("- image: ghcr.io", images) == ["10:13 nginx is watched twice"]


@pytest.mark.parametrize("text", ["a", "a1", "podinfo-api", "0", "a" * 63])
def test_dns_labels(text: str) -> None:
    assert key_grammar.dns_label(text) == text


@pytest.mark.parametrize("text", ["", "A", "-a", "a-", "a.b", "a/b", "a_b", "a" * 64, "ä", "a\n", "+a"])
def test_no_dns_labels(text: str) -> None:
    with pytest.raises(ValueError, match="is no name here"):
        key_grammar.dns_label(text)


@pytest.mark.parametrize("text", ["octocat", "team:platform", "dependabot[bot]", "a.b_c-d", "x", "codeowners"])
def test_reviewers(text: str) -> None:
    assert key_grammar.reviewer(text) == text


@pytest.mark.parametrize("text", ["", "@a", "team:", "team:a/b", "a b", "a\n", "-a", "a,b"])
def test_no_reviewers(text: str) -> None:
    with pytest.raises(ValueError, match="is neither a login name nor team:NAME"):
        key_grammar.reviewer(text)


def test_code_owners_are_written_in_one_way() -> None:
    with pytest.raises(ValueError, match="are written as codeowners"):
        key_grammar.reviewer("CODEOWNERS")


@pytest.mark.parametrize("text", ["", " ", "a,b", "a\x1b[0m", "a\nb", "x" * 51])
def test_no_labels(text: str) -> None:
    with pytest.raises(ValueError, match="a label has 1 to 50"):
        key_grammar.label(text)


@pytest.mark.parametrize("text", ["", "/a", "a/../b", "./a", "a//b", "a\\b", "a\x00", "a/", ".git/config", ".GIT/x"])
def test_no_files_of_a_repository(text: str) -> None:
    with pytest.raises(ValueError, match=r"path|git's own"):
        gitnames.repository_file(text)


def test_a_login_with_an_at_sign_gets_a_hint() -> None:
    with pytest.raises(ValueError, match="'@octocat' is no login name; write it without '@'"):
        key_grammar.login("@octocat")
