"""Commits without a work tree."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from imagebot.errors import BadInput, CannotEdit
from imagebot.gitrepo.mirror import Heads, Mirror
from imagebot.gitrepo.push import PushUpdate
from imagebot.gitrepo.remote import Remote
from imagebot.settings import Author
from tests.support.git_repos import BareRepository

BOT = Author(name="imagebot", email="bot@example.com")
API = "clusters/staging/api/deployment.yaml"
MESSAGE = "staging: api 1.1.0\n\nImage-Update: acme/api 1.0.0 -> 1.1.0\n"


def test_a_commit_changes_the_named_files_and_nothing_else(
    environments: BareRepository, mirror: Mirror, heads: Heads
) -> None:
    odd = 'with spaces/ü "x"\tb.yaml'
    new = {API: b"image: acme/api:1.1.0\n", "deploy.sh": b"#!/bin/sh\r\n", odd: b"\xff\n", "README.md": b""}
    commit = mirror.commit(heads.base, new, MESSAGE, BOT)
    mirror.push([PushUpdate("imagebot/staging/api", commit, None)])

    before = environments.git("ls-tree", "-r", "-z", heads.base).split("\0")
    after = environments.git("ls-tree", "-r", "-z", commit).split("\0")
    changed = [(old.split()[0], old.split("\t", 1)[1]) for old, now in zip(before, after, strict=True) if old != now]
    assert changed == [("100644", "README.md"), ("100644", API), ("100755", "deploy.sh"), ("100644", odd)]
    assert [line.split("\t", 1)[1] for line in before if line] == [line.split("\t", 1)[1] for line in after if line]
    assert [line.split()[0] for line in before if line] == [line.split()[0] for line in after if line]
    assert {path: environments.file(commit, path) for path in new} == new
    environments.git("fsck", "--strict", "--no-dangling")


def test_who_when_and_what(environments: BareRepository, mirror: Mirror, heads: Heads) -> None:
    commit = mirror.commit(heads.base, {API: b"x\n"}, MESSAGE, BOT)
    mirror.push([PushUpdate("imagebot/staging/api", commit, None)])

    shown = environments.git("show", "-s", "--format=%P|%an <%ae>|%cn <%ce>|%at %ct|%B", commit)
    first = 1_767_225_600
    assert (
        shown == f"{heads.base}|imagebot <bot@example.com>|imagebot <bot@example.com>|{first} {first}|{MESSAGE}".strip()
    )


def test_the_same_input_gives_the_same_commit(tmp_path: Path, environments: BareRepository, mirror: Mirror) -> None:
    base = mirror.fetch("imagebot/").base
    other = Mirror.open(tmp_path / "another" / "mirror.git", Remote(str(environments.folder)))
    other.fetch("imagebot/")
    files = {API: b"x\n", "README.md": b"y\n"}

    commits = {
        mirror.commit(base, files, MESSAGE, BOT),
        mirror.commit(base, dict(reversed(files.items())), MESSAGE, BOT),
        other.commit(base, files, MESSAGE, BOT),
    }
    assert commits == {"80e615bb94e8a031788dc40358472f122b1e9334"}


@pytest.mark.parametrize("line", ["99 -1130", "4102444800 +1400", "0 +0000"])
def test_the_dates_are_those_of_the_base_however_odd(
    environments: BareRepository, open_mirror: Callable[[], Mirror], line: str
) -> None:
    tree = environments.git("rev-parse", "main^{tree}")
    text = f"tree {tree}\nauthor A <a@b> 0 +0000\ncommitter A <a@b> {line}\n\nodd\n"
    base = environments.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=text.encode())
    environments.git("update-ref", "refs/heads/main", base)
    mirror = open_mirror()
    mirror.fetch("imagebot/")
    commit = mirror.commit(base, {API: b"x\n"}, MESSAGE, BOT)
    mirror.push([PushUpdate("imagebot/x", commit, None)])

    assert f"> {line}\ncommitter" in environments.git("cat-file", "commit", commit)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("link.yaml", "it is a symbolic link"),
        ("latest", "it is a symbolic link"),
        ("latest/api/deployment.yaml", "latest is a symbolic link"),
        ("vendor", "it is a submodule"),
        ("vendor/x.yaml", "vendor is a submodule"),
        ("clusters/staging", "it is a folder"),
        ("README.md/x", "README.md is a file"),
        ("nothing.yaml", "no such file"),
        ("clusters/staging/nothing/x.yaml", "no such file"),
        ("../outside", "no such file"),
        ("/etc/passwd", "no such file"),
        ("clusters/../README.md", "no such file"),
        (".git/config", "no such file"),
        ("readme.md", "no such file"),
        ("", "no such file"),
        ("\ud800", "no such file"),
    ],
)
def test_only_regular_files_of_the_base_are_changed(mirror: Mirror, heads: Heads, path: str, why: str) -> None:
    with pytest.raises(CannotEdit, match=why):
        mirror.commit(heads.base, {API: b"x\n", path: b"y\n"}, MESSAGE, BOT)


def test_an_author_of_dots_alone_is_one_line_and_no_damage(mirror: Mirror, heads: Heads) -> None:
    with pytest.raises(BadInput, match="cannot stand in a commit"):
        mirror.commit(heads.base, {API: b"x\n"}, MESSAGE, Author(name="."))


def test_a_message_with_nul(mirror: Mirror, heads: Heads) -> None:
    with pytest.raises(BadInput, match="NUL"):
        mirror.commit(heads.base, {API: b"x\n"}, "a\0b", BOT)
