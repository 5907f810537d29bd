from __future__ import annotations

from pathlib import Path

import pytest

from imagebot.errors import NotFound
from imagebot.gitrepo.discovery import default_branch, git_folder, origin
from imagebot.gitrepo.remote import Remote
from tests.support.git_repos import a_repository, run_git


def test_the_branch_that_head_names(tmp_path: Path) -> None:
    repository = a_repository(tmp_path / "a.git", {"a": "1"})
    run_git(["-C", str(repository.folder), "branch", "feature/x"])
    run_git(["-C", str(repository.folder), "symbolic-ref", "HEAD", "refs/heads/feature/x"])
    assert default_branch(tmp_path / "scratch.git", Remote(str(repository.folder))) == "feature/x"


def test_no_commit_no_branch(tmp_path: Path) -> None:
    repository = a_repository(tmp_path / "a.git")
    with pytest.raises(NotFound, match="push a first commit"):
        default_branch(tmp_path / "scratch.git", Remote(str(repository.folder)))


def test_no_repository(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no such repository"):
        default_branch(tmp_path / "scratch.git", Remote(str(tmp_path / "none")))


def test_where_git_keeps_a_repository(tmp_path: Path) -> None:
    bare = a_repository(tmp_path / "a.git", {"a": "1"}).folder
    run_git(["clone", "--quiet", str(bare), str(tmp_path / "clone")])
    run_git(["-C", str(tmp_path / "clone"), "worktree", "add", "--quiet", "--detach", str(tmp_path / "tree")])
    assert git_folder(bare) == bare
    assert git_folder(tmp_path / "clone") == tmp_path / "clone" / ".git"
    assert git_folder(tmp_path) is None
    for clone in ("clone", "tree"):
        folder = git_folder(tmp_path / clone)
        assert folder is not None
        assert origin(folder) == str(bare)
    assert origin(bare) is None


def test_settings_from_elsewhere_do_not_count(tmp_path: Path) -> None:
    """A repository is asked for its own words alone: an include may lead anywhere."""
    bare = a_repository(tmp_path / "a.git").folder
    (tmp_path / "more").write_text('[remote "origin"]\n\turl = /elsewhere\n')
    run_git(["-C", str(bare), "config", "include.path", str(tmp_path / "more")])
    assert origin(bare) is None
