"""Fences: what an attacker who may write one folder of policies tries, and where it ends."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from imagebot.images.reference import ImageName
from imagebot.plan.groups import branch_of
from imagebot.policy.check_file import InSettings
from imagebot.policy.fence import Fence, FolderFence
from imagebot.policy.paths import check_path_pattern, covers, within
from imagebot.policy.read import Around, PolicySet, read_policies

MAY: dict[str, Any] = {
    "apps": ["a-*"],
    "repositories": ["envs", "src"],
    "paths": ["apps/a/", "!apps/a/secret/"],
    "registries": ["ghcr.io/team-a/", "docker.io/library/redis"],
    "environments": ["staging", "dev-*"],
}
SOUND = """\
app: a-shop
repository: envs
environments:
  staging: {paths: [apps/a/staging/]}
images:
  - image: ghcr.io/team-a/api
    semver: ^1
"""


def fenced(*texts: str, may: dict[str, Any] | None = None, **others: str) -> PolicySet:
    """Policies behind a fence, in `a/`, perhaps with `defaults` there; and `b`, which has no fence, beside them."""
    fence = FolderFence("teams/a", Fence.model_validate(MAY if may is None else may))
    files = {f"a/{index}.yaml": text.encode() for index, text in enumerate(texts)}
    fences = dict.fromkeys(files, (fence,))
    if "defaults" in others:
        files["a/_defaults.yaml"] = others["defaults"].encode()
    if "b" in others:
        files["b/b.yaml"] = others["b"].encode()
    return read_policies(files, None, around=Around(fences=fences))


def test_what_is_within_is_followed() -> None:
    found = fenced(SOUND)
    assert found.complete, found.problems
    assert [str(policy) for policy in found.policies] == ["a-shop@staging"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("app: a-shop", "app: shop", "1:6: shop is beyond the fence of teams/a, which may have the apps a-*"),
        ("repository: envs", "repository: other", "2:13: other is beyond the fence of teams/a"),
        ("{paths:", "{repository: other, paths:", "4:25: other is beyond"),
        ("semver: ^1", "commit: {source: their-source}", "7:22: their-source is beyond"),
        ("semver: ^1", "semver: ^1\n    upstream: ghcr.io/team-b/api", "8:15: ghcr.io/team-b/api is beyond"),
        (
            "staging: ",
            "production: ",
            "4:3: production is beyond the fence of teams/a, which may have the environments",
        ),
        ("staging: ", "dev: ", "4:3: dev is beyond"),
        ("{paths: [apps/a/staging/]}", "", "4:3: staging reaches every file: write `paths` within apps/a/"),
        ("apps/a/staging/", "apps/b/", "4:21: apps/b/ is beyond"),
        ("apps/a/staging/", "apps/a/, apps/b/x.yaml", "4:30: apps/b/x.yaml is beyond"),
        ("apps/a/staging/", "staging/", "4:21: staging/ is beyond"),
        ("apps/a/staging/", "a/", "4:21: a/ is beyond"),
        ("apps/a/staging/", "'*.yaml'", "4:21: *.yaml is beyond"),
        ("apps/a/staging/", "'**'", "4:21: ** is beyond"),
        ("apps/a/staging/", "'apps/*/staging/'", "4:21: apps/*/staging/ is beyond"),
        ("apps/a/staging/", "'**/a/'", "4:21: **/a/ is beyond"),
        ("apps/a/staging/", "apps/a", "4:21: apps/a is beyond"),
        ("apps/a/staging/", "apps/ab/", "4:21: apps/ab/ is beyond"),
        ("apps/a/staging/", "'apps/[ab]/'", "4:21: apps/[ab]/ is beyond"),
        ("apps/a/staging/", r"'apps/\a/'", r"4:21: apps/\a/ is beyond"),
        ("apps/a/staging/", "apps/a/secret/x/", "4:21: apps/a/secret/x/ is beyond"),
        ("apps/a/staging/", "apps/a/../b/", "4:21: paths are written from the root of the repository"),
        ("semver: ^1", "semver: ^1\n    fields: [{file: apps/b/x.yaml, path: x}]", "8:21: apps/b/x.yaml is beyond"),
        ("semver: ^1", "semver: ^1\n    fields: [{file: apps/a/secret/x.yaml, path: x}]", "8:21: apps/a/secret/x"),
        ("ghcr.io/team-a/api", "ghcr.io/team-b/api", "6:12: ghcr.io/team-b/api is beyond"),
        ("ghcr.io/team-a/api", "GHCR.io/team-b/api", "6:12: ghcr.io/team-b/api is beyond"),
        ("ghcr.io/team-a/api", "ghcr.io:443/team-a/api", "6:12: ghcr.io:443/team-a/api is beyond"),
        ("ghcr.io/team-a/api", "ghcr.io/team-ab/api", "6:12: ghcr.io/team-ab/api is beyond"),
        ("ghcr.io/team-a/api", "evil.example.com/ghcr.io/team-a/api", "6:12: evil.example.com/ghcr.io/team-a/api is"),
        ("ghcr.io/team-a/api", "localhost:5000/team-a/api", "6:12: localhost:5000/team-a/api is beyond"),
        ("ghcr.io/team-a/api", "postgres", "6:12: docker.io/library/postgres is beyond"),
        ("ghcr.io/team-a/api", "registry-1.docker.io/team-b/x", "6:12: docker.io/team-b/x is beyond"),
        ("ghcr.io/team-a/api", "redis/redis", "6:12: docker.io/redis/redis is beyond"),
    ],
)
def test_what_is_beyond_is_a_problem_at_its_place(old: str, new: str, problem: str) -> None:
    found = fenced(SOUND.replace(old, new, 1))
    assert found.policies == ()
    (shown,) = found.problems
    assert shown.headline.startswith(f"a/0.yaml:{problem}")
    assert "^" in str(shown)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("apps/a/staging/", "apps/a/"),
        ("apps/a/staging/", "apps/a/**"),
        ("apps/a/staging/", "/apps/a/*/x.yaml"),
        ("apps/a/staging/", "'apps/a/**/x.yaml', '!apps/b/', '!x'"),
        ("staging:", "dev-7:"),
        ("ghcr.io/team-a/api", "GHCR.IO/team-a/api/worker"),
        ("ghcr.io/team-a/api", "redis"),
        ("ghcr.io/team-a/api", "index.docker.io/library/redis"),
        ("semver: ^1", "commit: {source: src}"),
    ],
)
def test_what_is_within_in_another_spelling(old: str, new: str) -> None:
    found = fenced(SOUND.replace(old, new, 1))
    assert found.complete, [str(problem) for problem in found.problems]


@pytest.mark.parametrize("key", MAY)
def test_a_key_that_is_left_out_is_no_fence(key: str) -> None:
    may = {name: value for name, value in MAY.items() if name != key}
    wrong = {
        "apps": ("app: a-shop", "app: shop"),
        "repositories": ("repository: envs", "repository: other"),
        "paths": ("apps/a/", "apps/b/"),
        "registries": ("ghcr.io/team-a", "quay.io/x"),
        "environments": ("staging:", "production:"),
    }
    assert not fenced(SOUND.replace(*wrong[key], 1)).complete
    assert fenced(SOUND.replace(*wrong[key], 1), may=may).complete


def test_defaults_in_the_folder_widen_nothing_and_the_problem_is_in_them() -> None:
    found = fenced(
        SOUND.replace("repository: envs\n", ""),
        SOUND.replace("repository: envs\n", "").replace("a-shop", "a-till"),
        defaults="repository: other\nenvironment: {paths: [apps/b/]}\n",
    )
    assert found.policies == ()
    assert [problem.headline for problem in found.problems] == [
        (
            "a/_defaults.yaml:1:13: other is beyond the fence of teams/a, which may have the repositories envs, src"
            " (for a/0.yaml and 1 more)"
        )
    ]


def test_paths_that_are_all_left_out_reach_what_is_left_and_nothing_of_it() -> None:
    """What the fence takes out by `!` stays out, whatever a pattern around it reaches."""
    (policy,) = fenced(SOUND.replace("apps/a/staging/", "apps/a/")).policies
    assert policy.covers("apps/a/x.yaml")
    assert not policy.covers("apps/a/secret/x.yaml")


def test_nobody_behind_a_fence_takes_an_app_from_one_without() -> None:
    found = fenced(SOUND, b=SOUND)
    assert [policy.file for policy in found.policies] == ["b/b.yaml"]
    assert [problem.headline for problem in found.problems] == [
        "a/0.yaml:4:3: a-shop@staging is also in b/b.yaml:4; an app is in one file"
    ]
    both = fenced(SOUND, SOUND, b=SOUND)
    assert [policy.file for policy in both.policies] == ["b/b.yaml"]


@pytest.mark.parametrize(
    ("broken", "may", "found"),
    [
        pytest.param("app: a-shop\n\tx: 1\n", {**MAY, "apps": None}, [], id="it seems to say so"),
        pytest.param("app: [a-shop", {**MAY, "apps": None}, ["a-shop@staging"], id="of nobody knows whom"),
        pytest.param("app: a-shop\n\tx: 1\n", MAY, ["a-shop@staging"], id="theirs by name"),
        pytest.param("app: other\n\tx: 1\n", {**MAY, "apps": None}, ["a-shop@staging"], id="of another app"),
    ],
)
def test_nobody_behind_a_fence_takes_the_app_of_a_file_that_is_broken_just_now(
    broken: str, may: dict[str, Any], found: list[str]
) -> None:
    read = fenced(SOUND, may=may, b=broken)
    assert [str(policy) for policy in read.policies] == found
    told = [problem for problem in read.problems if "may be the app of b/b.yaml" in str(problem)]
    assert len(told) == (not found)


@pytest.mark.parametrize("group", ["{name: platform}", "{by: image}"])
def test_a_group_ends_at_the_fence(group: str) -> None:
    text = f"{SOUND}pullRequest: {{group: {group}}}\n"
    found = fenced(text, b=text.replace("a-shop", "b-shop"))
    assert found.complete, found.problems
    branches = {branch_of("imagebot/", policy, policy.watches[0].image) for policy in found.policies}
    assert len(branches) == 2


def test_promotion_stays_in_the_app() -> None:
    text = SOUND.replace("{paths:", "{from: {environment: production}, paths:")
    (problem,) = fenced(text).problems
    assert "this app has no environment 'production'" in problem.message
    other = text.replace("images:", "  production: {repository: other, paths: [apps/a/p/]}\nimages:")
    assert len(fenced(other).problems) == 2, "its source is held against the fence, too"


@pytest.mark.parametrize(
    ("may", "problem"),
    [
        ({}, "write at least one of apps, repositories, paths, registries, environments"),
        ({"apps": []}, "would let nothing through"),
        ({"registries": ["team-a/api"]}, "begin with the registry's host"),
        ({"registries": ["!ghcr.io/x"]}, "these patterns only leave files out"),
        ({"environments": ["a/b"]}, "without '/'"),
        ({"paths": ["../x"]}, "paths are written from the root"),
        ({"path": ["x"]}, "Extra inputs"),
    ],
)
def test_a_wrong_fence(may: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        Fence.model_validate(may)


@pytest.mark.parametrize(
    ("pattern", "image", "inside"),
    [
        ("ghcr.io", "ghcr.io/x/y", True),
        ("ghcr.io", "evil.io/ghcr.io/y", False),
        ("Docker.io/library/", "nginx", True),
        ("index.docker.io/acme/", "acme/api", True),
        ("ghcr.io/team-a-*", "ghcr.io/team-a-x/api", True),
        ("ghcr.io/team-a-*", "ghcr.io/team-b/team-a-x", False),
        ("*.example.com/x/", "a.example.com/x/y", True),
        ("*.example.com/x/", "a.example.com:5000/x/y", False),
        ("localhost:5000", "localhost:5000/x", True),
        ("*", "localhost:5000/x", True),
    ],
)
def test_images_of_a_fence(pattern: str, image: str, inside: bool) -> None:
    fence = Fence.model_validate({"registries": [pattern]})
    assert fence.registries is not None
    assert covers(fence.registries, str(ImageName.parse(image))) is inside


SEGMENTS = st.sampled_from(["a", "b", "ab", "*", "a*", "**", "[ab]", "?"])
PATTERNS = st.tuples(
    st.sampled_from(["", "/", "!"]), st.lists(SEGMENTS, min_size=1, max_size=4), st.sampled_from(["", "/"])
)
FILES = st.lists(st.sampled_from(["a", "b", "ab", "aa", "x"]), min_size=1, max_size=5).map("/".join)


def pattern_of(parts: tuple[str, list[str], str]) -> str:
    return parts[0] + "/".join(parts[1]) + parts[2]


@example("a", ["*/"], "a")
@example("a", ["/*"], "a/a")
@example("**/a", ["*/"], "a")
@given(PATTERNS.map(pattern_of), st.lists(PATTERNS.map(pattern_of), min_size=1, max_size=3), FILES)
def test_no_file_beyond_is_reached_by_a_pattern_within(inner: str, fence: list[str], file: str) -> None:
    for pattern in (inner, *fence):
        check_path_pattern(pattern)
    wanted = tuple(one for one in fence if not one.startswith("!"))
    if inner.startswith("!") or not wanted or not within(inner, wanted):
        return
    assert not covers((inner,), file) or covers(wanted, file)


@pytest.mark.parametrize(
    ("image", "listed", "problem"),
    [
        ("ghcr.io/acme/shop", {"ghcr.io"}, None),
        ("redis", {"docker.io"}, None),
        ("redis", {"ghcr.io"}, "docker.io is not asked: imagebot.yaml has onlyListedRegistries"),
        ("ghcr.io/acme/shop", set[str](), "ghcr.io is not asked: imagebot.yaml has onlyListedRegistries"),
        ("ghcr.io:8443/acme/shop", {"ghcr.io"}, "ghcr.io:8443 is not asked"),
    ],
)
def test_where_only_listed_registries_are_asked_another_one_is_a_problem_at_its_place(
    image: str, listed: set[str], problem: str | None
) -> None:
    text = f"app: shop\nrepository: env\nenvironments:\n  p: {{}}\nimages:\n  - image: {image}\n    semver: '*'\n"
    found = read_policies(
        {"shop.yaml": text.encode()}, None, around=Around(settings=InSettings(registries=frozenset(listed)))
    )
    if problem is None:
        assert found.problems == ()
    else:
        assert [(one.line, one.column) for one in found.problems] == [(6, 12)]
        assert found.problems[0].message.startswith(problem)
        assert found.policies == ()
