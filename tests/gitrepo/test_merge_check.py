"""Whether a branch brings just what is wanted: told from ids where possible, and always as git's merge has it."""

from __future__ import annotations

import random
from subprocess import CalledProcessError

import pytest

from imagebot.gitrepo.merge_check import Bringing
from imagebot.gitrepo.mirror import Mirror
from tests.support.git_repos import BareRepository, Content, Program, merge_branch

API = "clusters/staging/api/deployment.yaml"
WEB = "clusters/staging/web/deployment.yaml"
NEW = b"image: acme/api:1.1.0\n"
BRANCH = "imagebot/a"


@pytest.fixture
def first(environments: BareRepository) -> str:
    return environments.branches()["main"]


def asked(environments: BareRepository, mirror: Mirror, files: dict[str, bytes]) -> bool:
    """Our answer for the branch; it is the one of a merge that git does and takes apart."""
    heads = mirror.fetch("imagebot/")
    tip = heads.branches[BRANCH]
    ours = mirror.brings(heads.base, tip, files)
    assert ours == by_merging(environments, heads.base, tip, files)
    return ours


def by_merging(environments: BareRepository, base: str, tip: str, files: dict[str, bytes]) -> bool:
    environments.git("update-ref", "refs/heads/copy", base)
    try:
        merge = merge_branch(environments, "copy", tip)
    except CalledProcessError:  # a conflict
        return False
    changed = environments.git("diff-tree", "-r", "-z", "--name-only", "--no-renames", base, merge)
    if set(changed.split("\0")) - {""} != set(files):
        return False
    return all(environments.file(merge, path) == data for path, data in files.items())


@pytest.mark.parametrize(
    ("on_main", "wanted"),
    [
        pytest.param({}, True, id="base is where it was"),
        pytest.param({"README.md": "more\n"}, True, id="another file moved"),
        pytest.param({WEB: "image: acme/web:2\n"}, True, id="a file beside it moved"),
        pytest.param({"clusters/staging/new.yaml": "x\n"}, True, id="a file came beside it"),
        pytest.param(
            {WEB: None, "clusters/staging/w.yaml": "image: acme/web:1.0.0\r\n"}, True, id="a file was renamed"
        ),
        pytest.param({API: "image: acme/api:1.0.5\n"}, False, id="the same line moved"),
        pytest.param({API: None}, False, id="the file is gone"),
        pytest.param({API: None, "api.yaml": "image: acme/api:1.0.0\n"}, False, id="the file was renamed"),
        pytest.param({API: Program("image: acme/api:1.0.0\n")}, True, id="its mode changed"),
        pytest.param({API: NEW}, False, id="base has it by now"),
    ],
)
def test_one_commit_of_ours_and_a_base_that_goes_on(
    environments: BareRepository, mirror: Mirror, first: str, on_main: dict[str, Content], wanted: bool
) -> None:
    environments.commit(BRANCH, {API: NEW}, on=first)
    if on_main:
        environments.commit("main", on_main)

    assert asked(environments, mirror, {API: NEW}) == wanted


def test_a_longer_file_that_both_changed_elsewhere_is_merged(environments: BareRepository, mirror: Mirror) -> None:
    lines = [f"line {number}\n" for number in range(20)]
    before = environments.commit("main", {"long": "".join(lines)})
    environments.commit(BRANCH, {"long": "".join(["ours\n", *lines[1:]])}, on=before)
    environments.commit("main", {"long": "".join([*lines[:-1], "theirs\n"])})

    assert asked(environments, mirror, {"long": "".join(["ours\n", *lines[1:-1], "theirs\n"]).encode()})


def test_a_branch_that_does_more_or_less_or_other(environments: BareRepository, mirror: Mirror, first: str) -> None:
    environments.commit(BRANCH, {API: NEW, WEB: "image: acme/web:2\n"}, on=first)

    assert asked(environments, mirror, {API: NEW, WEB: b"image: acme/web:2\n"})
    assert not asked(environments, mirror, {API: NEW})
    assert not asked(environments, mirror, {API: NEW, WEB: b"image: acme/web:3\n"})
    assert not asked(environments, mirror, {API: NEW, WEB: b"image: acme/web:2\n", "README.md": b"x\n"})
    assert not asked(environments, mirror, {API: NEW, "no/such": b"x\n"})
    assert not asked(environments, mirror, {})


def test_what_was_merged_and_then_reverted_is_not_brought_again(
    environments: BareRepository, mirror: Mirror, first: str
) -> None:
    """The file is as it was when the branch began; but to git the branch is merged, and merging it does nothing."""
    tip = environments.commit(BRANCH, {API: NEW}, on=first)
    merge_branch(environments, "main", tip)
    environments.commit("main", {API: "image: acme/api:1.0.0\n"}, "Revert")

    assert not asked(environments, mirror, {API: NEW})


def test_a_branch_with_a_persons_commit_a_merge_or_no_common_history(
    environments: BareRepository, mirror: Mirror, first: str
) -> None:
    environments.commit(BRANCH, {API: "image: acme/api:1.0.9\n"}, on=first)
    environments.commit(BRANCH, {API: NEW})
    assert asked(environments, mirror, {API: NEW})

    moved = environments.commit("main", {"README.md": "more\n"})
    merge_branch(environments, BRANCH, moved)
    assert asked(environments, mirror, {API: NEW})

    environments.git("update-ref", "-d", f"refs/heads/{BRANCH}")
    environments.commit(BRANCH, {API: NEW})
    assert not asked(environments, mirror, {API: NEW})


def test_a_base_that_was_wound_back(environments: BareRepository, mirror: Mirror, first: str) -> None:
    """What the branch is on is not in the base any more: merging it would bring that as well."""
    taken_back = environments.commit("main", {"README.md": "taken back\n"})
    environments.commit(BRANCH, {API: NEW}, on=taken_back)
    environments.git("update-ref", "refs/heads/main", first)

    assert not asked(environments, mirror, {API: NEW})
    assert asked(environments, mirror, {API: NEW, "README.md": b"taken back\n"})


def test_many_branches_are_asked_about_at_once(environments: BareRepository, mirror: Mirror, first: str) -> None:
    names = [f"imagebot/{number}" for number in range(12)]
    for number, name in enumerate(names):
        environments.commit(name, {(API, WEB)[number % 2]: f"image: x:{number}\n"}, on=first)
        if number == 5:
            first = environments.commit("main", {"README.md": "more\n"})
    heads = mirror.fetch("imagebot/")
    wanted = [Bringing(heads.branches[name], {API: b"image: x:%d\n" % number}) for number, name in enumerate(names)]

    assert mirror.brings_each(heads.base, wanted) == [number % 2 == 0 for number in range(12)]
    assert mirror.brings_each(heads.base, []) == []


@pytest.mark.parametrize("seed", range(8))
def test_any_history_is_judged_as_a_merge_would_have_it(
    environments: BareRepository, mirror: Mirror, seed: int
) -> None:
    dice = random.Random(seed)
    paths = ["a", "b", "d/c"]
    contents = ["1\n", "2\n"]
    tips = [environments.commit("main", dict.fromkeys(paths, "0\n"))]
    for _ in range(6):
        branch = dice.choice(["main", "main", BRANCH])
        if branch == BRANCH and BRANCH not in environments.branches():
            environments.git("update-ref", f"refs/heads/{BRANCH}", dice.choice(tips))
        if dice.random() < 0.2 and BRANCH in environments.branches():
            other = environments.branches()["main" if branch == BRANCH else BRANCH]
            tips.append(_merged(environments, branch, other))
        else:
            tips.append(environments.commit(branch, {dice.choice(paths): dice.choice(contents)}))
    if BRANCH not in environments.branches():
        environments.git("update-ref", f"refs/heads/{BRANCH}", tips[0])
    for content in contents:
        for some in (paths[:1], paths[1:2], paths[:2], paths):
            asked(environments, mirror, {path: content.encode() for path in some})


def _merged(environments: BareRepository, branch: str, other: str) -> str:
    try:
        return merge_branch(environments, branch, other)
    except CalledProcessError:  # a conflict: the branch stays
        return environments.branches()[branch]
