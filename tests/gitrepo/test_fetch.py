"""One branch, or one commit, that git does not like costs itself: the others come all the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from imagebot.errors import ImagebotError
from imagebot.gitrepo.fetch import MOST_FETCHES
from imagebot.gitrepo.mirror import Mirror
from imagebot.gitrepo.remote import Remote
from tests.support.git_odd import GOOD, git, odd_commit, put, with_a_hostile_tree
from tests.support.git_repos import BareRepository, a_repository

OURS, OTHER = "imagebot/staging/shop", "imagebot/staging/web"
NUL_IN_HEADERS = {
    "the author": ("A\0da <ada@example.com> 1767225600 +0000", b"\nodd\n"),
    "another header": (GOOD, b"x-hid\0den yes\n\nodd\n"),
    "the encoding": (GOOD, b"encoding UTF-8\0x\n\nodd\n"),
}


@pytest.fixture
def bare(tmp_path: Path) -> BareRepository:
    repository = a_repository(tmp_path / "environments.git", {"staging/app.yaml": "image: acme/shop:1.0.0\n"})
    for branch in (OURS, OTHER):
        git(repository.folder, "update-ref", f"refs/heads/{branch}", "refs/heads/main")
    return repository


@pytest.fixture
def mirror(bare: BareRepository, tmp_path: Path) -> Mirror:
    return Mirror.open(tmp_path / "mirror.git", Remote(str(bare.folder)))


def without_a_tree(folder: Path, branch: str) -> None:
    who = GOOD.encode()
    put(folder, branch, b"tree " + b"1" * 40 + b"\nauthor " + who + b"\ncommitter " + who + b"\n\nm\n")


def without_a_commit(folder: Path, branch: str) -> None:
    (folder / "refs" / "heads" / branch).write_text("2" * 40 + "\n")


def with_rubbish(folder: Path, branch: str) -> None:
    commit = odd_commit(folder, branch)
    file = folder / "objects" / commit[:2] / commit[2:]
    file.chmod(0o644)
    file.write_bytes(b"rubbish")


DAMAGES = (without_a_tree, without_a_commit, with_rubbish, with_a_hostile_tree)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("is_new", [True, False], ids=["new mirror", "known mirror"])
def test_a_damaged_branch_of_the_bot_costs_itself(
    bare: BareRepository, mirror: Mirror, damage: Callable[[Path, str], None], is_new: bool
) -> None:
    if not is_new:
        mirror.fetch("imagebot/")
    damage(bare.folder, OURS)

    for _ in range(2):
        heads = mirror.fetch("imagebot/")
        assert heads.branches.keys() == {OTHER}
        (because,) = heads.unreadable.values()
        assert because.startswith(f"the branch {OURS} cannot be read: cannot fetch from {bare.folder}: ")
        assert because.endswith("; delete it, or push it again")
    assert mirror.remade == ""


def test_a_branch_that_is_mended_is_read_again(bare: BareRepository, mirror: Mirror) -> None:
    without_a_commit(bare.folder, OURS)
    assert mirror.fetch("imagebot/").unreadable.keys() == {OURS}
    (bare.folder / "refs" / "heads" / OURS).write_text(git(bare.folder, "rev-parse", "refs/heads/main") + "\n")

    heads = mirror.fetch("imagebot/")

    assert heads.branches.keys() == {OURS, OTHER}
    assert heads.unreadable == {}


def test_a_branch_that_went_beside_a_damaged_one_is_gone(bare: BareRepository, mirror: Mirror) -> None:
    mirror.fetch("imagebot/")
    without_a_commit(bare.folder, OURS)
    git(bare.folder, "update-ref", "-d", f"refs/heads/{OTHER}")

    assert mirror.fetch("imagebot/").branches == {}


def test_many_damaged_branches_are_not_asked_for_for_ever(bare: BareRepository, mirror: Mirror) -> None:
    for number in range(60):
        git(bare.folder, "update-ref", f"refs/heads/imagebot/{number}", "refs/heads/main")
        without_a_commit(bare.folder, f"imagebot/{number}")

    heads = mirror.fetch("imagebot/")

    assert heads.unreadable.keys() >= {f"imagebot/{number}" for number in range(60)}
    assert mirror.fetches <= MOST_FETCHES


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_base_branch_is_an_error_of_the_repository(
    bare: BareRepository, mirror: Mirror, damage: Callable[[Path, str], None]
) -> None:
    damage(bare.folder, "main")
    with pytest.raises(ImagebotError):
        mirror.fetch("imagebot/")


@pytest.mark.parametrize(("author", "body"), NUL_IN_HEADERS.values(), ids=NUL_IN_HEADERS)
@pytest.mark.parametrize("branch", ["main", OURS])
def test_a_nul_in_the_header_of_one_commit_keeps_no_repository_unknown(
    bare: BareRepository, mirror: Mirror, branch: str, author: str, body: bytes
) -> None:
    first = git(bare.folder, "rev-parse", "refs/heads/main")
    odd = odd_commit(bare.folder, branch, author=author, body=body)

    for asked in (2, 1):
        before = mirror.fetches
        heads = mirror.fetch("imagebot/")
        assert mirror.fetches - before <= asked
        assert heads.unreadable == {}
    assert (heads.base if branch == "main" else heads.branches[OURS]) == odd
    assert [commit.id for commit in mirror.annals(odd, lambda _: True)] == [odd, first]
    assert len(mirror.files(odd).entries) == 1
