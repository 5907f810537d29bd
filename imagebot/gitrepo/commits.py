"""Commits made of objects alone: only the trees on the way to a changed file are written again.

An index or a work tree of a repository with 10 000 files costs seconds, this a few processes of milliseconds. The same
input gives the same id, whenever and wherever: nothing here depends on the clock or the host.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from imagebot.errors import BadInput, CannotEdit, Problem
from imagebot.gitrepo.names import commit_id
from imagebot.gitrepo.objects import FILE_MODES, answered
from imagebot.gitrepo.process import Git, Talk, Terms
from imagebot.gitrepo.seal import sealed
from imagebot.settings import Author

_DATE = re.compile(rb"^committer [^\n]*> ?([0-9]{1,12})(?: ([+-][0-9]{4})$)?", re.MULTILINE)
_TREE = re.compile(rb"^tree ([0-9a-f]+)$", re.MULTILINE)
_STRIPPED_BY_GIT = " .,:;<>\"\\'"
_FOLDER = "40000"
_KINDS = {_FOLDER: "tree", "160000": "commit"}
_WHAT = {"120000": "a symbolic link", "160000": "a submodule", _FOLDER: "a folder"}

Parts = tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    mode: str
    id: str


def commit(git: Git, base: str, files: Mapping[str, bytes], message: str, author: Author) -> str:
    """The id of a new commit on `base` in which `files` have new content and are otherwise as they were.

    Raises `CannotEdit` for a path that is no regular file of `base`. Both dates are those of `base`.
    """
    with _workshop(git) as workshop:
        about = workshop.read(commit_id(base), "commit")
        tree = _TREE.search(about)
        if tree is None:
            raise git.damaged(f"the commit {base} has no tree")
        edits = {tuple(path.encode(errors="backslashreplace").split(b"/")): data for path, data in files.items()}
        new = workshop.changed(tree[1].decode(), edits, ())
    return write(git, new, (base,), message, signature(author, _date(about)))


def signature(author: Author, date: str) -> dict[str, str]:
    """The variables that name the bot as author and committer. Raises `BadInput` for what a commit cannot hold."""
    for value in (author.name, author.email):
        if not value.strip(_STRIPPED_BY_GIT):
            raise BadInput(f"{value!r} cannot stand in a commit as a name or an address")
    who = {"NAME": author.name, "EMAIL": author.email, "DATE": date}
    return {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}


def moment(at: datetime) -> str:
    """`at` as git's raw date."""
    return f"@{int(at.timestamp())} +0000"


def write(git: Git, tree: str, parents: tuple[str, ...], message: str, signed: Mapping[str, str]) -> str:
    """Make a commit object; `signed` comes from `signature`."""
    if "\0" in message:
        raise BadInput("a commit message cannot hold a NUL character")
    args = [word for parent in parents for word in ("-p", commit_id(parent))]
    terms = Terms(sealed(variables=signed))
    return git.out("commit-tree", *args, commit_id(tree), stdin=message.encode(), terms=terms).decode().strip()


class _Workshop:
    """The processes that read and write trees while one commit is made."""

    def __init__(self, git: Git, reader: Talk, writer: Talk) -> None:
        self._git = git
        self._reader = reader
        self._writer = writer

    def read(self, asked: str, kind: str) -> bytes:
        self._reader.say(asked.encode() + b"\n")
        data = answered(self._git, self._reader, asked, kind)
        if data is None:
            raise self._git.damaged(f"the {kind} {asked} is far too large")
        return data

    def changed(self, tree: str, edits: Mapping[Parts, bytes], above: Parts) -> str:
        """The id of `tree` with the files of `edits`, whose paths begin at this tree; it lies at `above`."""
        entries = _entries(self.read(tree, "tree"), len(tree) // 2)
        below: dict[bytes, dict[Parts, bytes]] = {}
        for path, data in edits.items():
            below.setdefault(path[0], {})[path[1:]] = data
        for name, inner in below.items():
            entry = entries.get(name)
            where = (*above, name)
            if entry is not None and entry.mode == _FOLDER and () not in inner:
                entries[name] = _Entry(_FOLDER, self.changed(entry.id, inner, where))
            elif entry is not None and entry.mode in FILE_MODES and set(inner) == {()}:
                entries[name] = _Entry(entry.mode, self._blob(inner[()]))
            else:
                raise _cannot(where, inner, entry)
        return self._write(entries)

    def _blob(self, data: bytes) -> str:
        return self._git.out("hash-object", "-w", "--no-filters", "--stdin", stdin=data).decode().strip()

    def _write(self, entries: Mapping[bytes, _Entry]) -> str:
        lines = (f"{e.mode} {_KINDS.get(e.mode, 'blob')} {e.id}\t".encode() + name for name, e in entries.items())
        self._writer.say(b"\0".join([*lines, b"", b""]))
        return self._writer.line().decode()


@contextmanager
def _workshop(git: Git) -> Iterator[_Workshop]:
    with git.talk("cat-file", "--batch") as reader, git.talk("mktree", "--batch", "--missing", "-z") as writer:
        yield _Workshop(git, reader, writer)


def _date(commit: bytes) -> str:
    """When `commit` was made, in git's raw format. Old tools wrote zones, and more, that git cannot read back."""
    found = _DATE.search(commit)
    if found is None:
        return "@0 +0000"
    zone = found[2] or b"+0000"
    return f"@{found[1].decode()} {zone.decode()}"


def _entries(data: bytes, id_size: int) -> dict[bytes, _Entry]:
    """A tree object's entries: `mode SP name NUL id`, one after the other (git-mktree(1) speaks their text form)."""
    entries = {}
    at = 0
    while at < len(data):
        space = data.index(b" ", at)
        end = data.index(b"\0", space)
        mode = data[at:space].decode("ascii").lstrip("0")
        entries[data[space + 1 : end]] = _Entry(mode, data[end + 1 : end + 1 + id_size].hex())
        at = end + 1 + id_size
    return entries


def _cannot(where: Parts, inner: Mapping[Parts, bytes], entry: _Entry | None) -> CannotEdit:
    rest = min(inner)
    path = b"/".join((*where, *rest)).decode(errors="replace")
    if entry is None:
        why = "there is no such file at the base commit"
    elif entry.mode in FILE_MODES:
        why = f"{b'/'.join(where).decode(errors='replace')} is a file, not a folder"
    else:
        what = b"/".join(where).decode(errors="replace") if rest else "it"
        why = f"{what} is {_WHAT.get(entry.mode, 'no regular file')}, which is never followed or replaced"
    return CannotEdit(Problem(path, 1, 1, why))
