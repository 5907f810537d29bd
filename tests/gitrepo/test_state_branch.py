from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from imagebot.errors import BadInput, NotFound, Refused
from imagebot.gitrepo.mirror import Mirror
from imagebot.gitrepo.remote import Remote
from imagebot.gitrepo.state_branch import Leaf
from imagebot.settings.resolve import Author
from tests.support.git_repos import BareRepository, a_repository

BRANCH = "imagebot/+state"


@pytest.fixture
def repository(tmp_path: Path) -> BareRepository:
    return a_repository(tmp_path / "environments.git", {"README.md": "hello\n"})


@pytest.fixture
def leaf(repository: BareRepository, tmp_path: Path) -> Leaf:
    return Leaf(Remote(str(repository.folder), BRANCH), "state.json", Author(), tmp_path / "work")


def test_a_branch_that_is_not_there_holds_nothing(leaf: Leaf) -> None:
    assert leaf.read() is None


def test_what_is_written_is_read(leaf: Leaf, repository: BareRepository) -> None:
    first = leaf.write(b"one\n", None, "first task")
    assert first is not None
    assert leaf.read() == (b"one\n", first)
    second = leaf.write(b"two\n", first, "second task")
    assert second is not None
    assert leaf.read() == (b"two\n", second)
    assert repository.branches()[BRANCH] == second
    assert repository.git("rev-parse", f"{second}^") == first
    assert repository.git("ls-tree", "-r", "--name-only", second) == "state.json"


def test_the_branch_has_nothing_to_do_with_the_others(leaf: Leaf, repository: BareRepository) -> None:
    before = repository.branches()
    first = leaf.write(b"one\n", None, "first")
    assert repository.git("rev-list", "--count", BRANCH) == "1"
    assert repository.branches() == {**before, BRANCH: first}


def test_who_comes_second_changes_nothing(leaf: Leaf, repository: BareRepository) -> None:
    first = leaf.write(b"one\n", None, "first")
    assert leaf.write(b"mine\n", None, "too late for the first") is None
    second = leaf.write(b"two\n", first, "second")
    assert leaf.write(b"mine\n", first, "too late for the second") is None
    assert repository.branches()[BRANCH] == second


def test_a_race_that_is_lost_in_the_push_changes_nothing(leaf: Leaf, repository: BareRepository) -> None:
    """The branch moves after we looked and before we push: the lease, not our look, decides."""
    first = leaf.write(b"one\n", None, "first")
    hook = repository.folder / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    other = repository.commit("other", {"state.json": "theirs\n"})
    unset = "unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES"
    hook.write_text(f"#!/bin/sh\n{unset}\ngit update-ref refs/heads/{BRANCH} {other}\n")
    hook.chmod(0o755)
    assert leaf.write(b"mine\n", first, "too late") is None
    assert repository.branches()[BRANCH] == other


def test_a_branch_that_is_protected_is_refused(leaf: Leaf, repository: BareRepository) -> None:
    hook = repository.folder / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(Refused, match=r"state\.json on the branch imagebot/\+state of .* was not pushed"):
        leaf.write(b"one\n", None, "first")


def test_somebody_elses_branch_of_that_name_is_left_alone(leaf: Leaf, repository: BareRepository) -> None:
    repository.commit(BRANCH, {"notes.md": "mine\n"})
    with pytest.raises(BadInput, match=r"has a branch imagebot/\+state without state\.json: somebody else made it"):
        leaf.read()


def test_a_repository_that_is_not_there_is_said(leaf: Leaf, tmp_path: Path) -> None:
    lost = replace(leaf, remote=Remote(str(tmp_path / "nowhere.git"), BRANCH))
    with pytest.raises(NotFound, match="cannot fetch from"):
        lost.read()


def test_nothing_stays_in_the_folder(leaf: Leaf) -> None:
    leaf.write(b"one\n", None, "first")
    leaf.read()
    assert list(leaf.folder.iterdir()) == []


def test_the_state_branch_proposes_no_change(leaf: Leaf, repository: BareRepository, tmp_path: Path) -> None:
    """Else each pass would list pull requests for it, and take its commits for somebody's work."""
    leaf.write(b"one\n", None, "first")
    tip = repository.commit("imagebot/staging/podinfo", {"a.yaml": "a\n"})
    mirror = Mirror.open(tmp_path / "mirror.git", Remote(str(repository.folder)))
    assert mirror.fetch("imagebot/").branches == {"imagebot/staging/podinfo": tip}
