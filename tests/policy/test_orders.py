"""The orders and filters of a policy file: exactly one order, and nothing that means nothing beside it."""

from __future__ import annotations

import pytest

from imagebot.documents.model import Misplaced
from imagebot.documents.read import read
from imagebot.policy.model import PolicyFile
from imagebot.policy.watch import watch_of
from imagebot.versions.all_orders import ORDERS

HEAD = "app: shop\nrepository: envs\nenvironments: {dev: }\nimages:\n- image: acme/api\n"


def watched(keys: str) -> PolicyFile | list[str]:
    """The file with these lines in its one image, or its problems."""
    lines = "".join(f"  {line}\n" for line in keys.split("\n"))
    found = read(PolicyFile, "x", (HEAD + lines).encode())
    return found if isinstance(found, PolicyFile) else [f"{one.line}:{one.column} {one.message}" for one in found]


@pytest.mark.parametrize(
    ("keys", "rule"),
    [
        ("semver: ^1.4", "semver: ^1.4"),
        ("calver: YYYY.0M.MICRO", "calver: YYYY.0M.MICRO"),
        ("calver: {format: YYYY.0M, range: '>=2026.01 <2027'}", "calver: YYYY.0M >=2026.01 <2027"),
        ("calver: {format: YYYY.0M, range: 2026}", "calver: YYYY.0M 2026"),
        ("numeric: asc", "numeric: asc"),
        ("alphabetical: desc", "alphabetical: desc"),
        ("created: newest", "created: newest"),
        ("commit: {source: api}", "commit: api"),
        ("commit: {source: api, branch: release/1.x, paths: [services/api/, go.mod]}", "commit: release/1.x of api"),
        ("digest: latest", "digest: latest"),
        ("digest: 1.10", "digest: 1.10"),
    ],
)
def test_each_order(keys: str, rule: str) -> None:
    found = watched(keys)
    assert isinstance(found, PolicyFile), found
    assert found.images[0].rule == rule
    assert type(found.images[0].order()) is ORDERS[rule.partition(":")[0]]


def test_paths_lose_the_slash_at_their_end() -> None:
    found = watched("commit: {source: api, paths: [services/api/, go.mod]}")
    assert isinstance(found, PolicyFile), found
    assert found.images[0].commit is not None
    assert found.images[0].commit.paths == ("services/api", "go.mod")


def test_a_digest_is_pinned() -> None:
    found = watched("digest: latest")
    assert isinstance(found, PolicyFile), found
    assert found.images[0].pin == "digest"


*ORDERS_BUT_ONE, LAST_ORDER = ORDERS
ONE_OF = f"exactly one of {', '.join(ORDERS_BUT_ONE)} and {LAST_ORDER}"


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ("pin: keep", f"5:3 write how tags are ordered: {ONE_OF}"),
        ("semver: ", f"5:3 write how tags are ordered: {ONE_OF}"),
        ("semver: 1.x\ncalver: YYYY.0M", "7:11 semver and calver are two orders; keep one"),
        ("numeric: asc\nsemver: 1.x", "6:12 semver and numeric are two orders; keep one"),
        (
            "calver: YYYY.FOO",
            "6:16 'FOO' is no field: there are YYYY, YY, 0Y, MM, 0M, WW, 0W, DD, 0D, MAJOR, MINOR, MICRO,",
        ),
        ("calver: {format: YYYY.0M, range: '>=2026.13'}", "6:37 '>=2026.13' is no condition here; ranges look like"),
        ("calver: {format: YYYY.0M}", "6:11 the key 'range' is missing"),
        ("calver: {range: 2026}", "6:11 the key 'format' is missing"),
        ("calver: [YYYY]", "6:11 expected a mapping, found a list"),
        ("numeric: up", "6:12 expected 'asc' or 'desc'"),
        ("created: oldest", "6:12 expected 'newest'"),
        ("commit: api", "6:11 expected a mapping, found text"),
        ("commit: {source: api, branch: a..b}", "6:33 'a..b' is no branch name"),
        ("commit: {source: api, paths: [../x]}", "6:33 write the path from the root of the repository"),
        ("digest: a b", "6:11 'a b' is no tag"),
        ("digest: latest\npin: keep", "7:8 a tag that moves is followed by its digest"),
        ("digest: latest\npin: none", "7:8 a tag that moves is followed by its digest"),
        ("digest: latest\ntags: {match: a}", "7:9 digest follows one tag: there are no others to choose among"),
        ("digest: latest\ntags: {ignore: [a]}", "7:9 digest follows one tag: there are no others to choose among"),
        ("numeric: asc\nloose: true", "7:10 loose is about semver; numeric has no parts that could be missing"),
        ("numeric: asc\nprereleases: true", "7:16 numeric knows no prereleases"),
        (
            "created: newest\ntags: {match: '(a)', extract: $1}",
            "7:33 created looks at the image, not at a part of its tag",
        ),
        ("alphabetical: asc\ntags: {variant: keep}", "7:19 alphabetical cannot tell where a version ends: write match"),
        ("created: newest\ntags: {variant: keep}", "7:19 created cannot tell where a version ends: write match"),
        ("semver: 1.x\ntags: {variant: drop}", "7:19 expected 'keep'"),
        (
            "semver: 1.x\ntags: {match: '(a)', extract: $1, variant: keep}",
            "7:46 extract says which part of a tag is the version: keep one of the two",
        ),
        ("semver: 1.x\ntags: {ignore: [{range: '<<2'}]}", "7:28 '<<2' is no condition on a version"),
        (
            "numeric: asc\ntags: {ignore: [a, {range: '>1 ^2'}]}",
            "7:34 '^2' is no condition here; ranges look like >=100 <200",
        ),
        ("calver: YYYY.0M\ntags: {ignore: [{range: 2026.13}]}", "7:27 '2026.13' is no condition here"),
        (
            "created: newest\ntags: {ignore: [{range: '>1'}]}",
            "7:27 created knows no ranges; write an exact tag or {match",
        ),
        ("commit: {source: a}\ntags: {ignore: [{range: '>1'}]}", "7:27 commit knows no ranges"),
    ],
)
def test_one_wrong_thing(keys: str, problem: str) -> None:
    found = watched(keys)
    assert isinstance(found, list)
    assert len(found) == 1, found
    assert found[0].startswith(problem)


def test_python_is_told_the_same() -> None:
    with pytest.raises(Misplaced, match="semver and numeric are two orders") as caught:
        watch_of(image="acme/api", semver="1.x", numeric="asc")
    assert caught.value.place == ("numeric",)
    with pytest.raises(Misplaced, match="Input should be 'asc' or 'desc'") as other:
        watch_of(image="acme/api", numeric="up")
    assert other.value.place == ("numeric",)
