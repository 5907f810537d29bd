"""Objects given to git in a pack of our own."""

from __future__ import annotations

from pathlib import Path

import pytest

from imagebot.gitrepo.pack import NewObjects
from imagebot.gitrepo.process import Git
from tests.support.git_repos import a_repository


@pytest.mark.parametrize("size", [0, 1, 15, 16, 2047, 2048, 262_143, 262_144, 3_000_000])
def test_git_reads_back_every_size(tmp_path: Path, size: int) -> None:
    """The size's encoding grows by a byte after 15, 2 047, 262 143 bytes."""
    repository = a_repository(tmp_path / "r.git")
    data = (b"0123456789abcde\n" * (size // 16 + 1))[:size]
    new = NewObjects(40)
    name = new.add("blob", data)
    new.store(Git(repository.folder))

    assert name == repository.git("hash-object", "--stdin", stdin=data)
    assert repository.git("cat-file", "-s", name) == str(size)
    repository.git("fsck", "--strict", "--no-dangling")


def test_what_is_there_already_is_no_harm(tmp_path: Path) -> None:
    repository = a_repository(tmp_path / "r.git", {"a": "hello\n"})
    one, other = NewObjects(40), NewObjects(40)
    there = one.add("blob", b"hello\n")
    also = other.add("blob", b"good bye\n")
    one.include(other)
    for _ in range(2):
        one.store(Git(repository.folder))

    assert [repository.git("cat-file", "blob", name) for name in (there, also)] == ["hello", "good bye"]


def test_nothing_is_nothing_to_do(tmp_path: Path) -> None:
    NewObjects(40).store(Git(tmp_path / "no such repository"))
