"""Commits and trees read from a repository, and what trees become when files in them change: all in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from imagebot.errors import CannotEdit, Problem
from imagebot.gitrepo.names import commit_id
from imagebot.gitrepo.objects import FILE_MODES, answered
from imagebot.gitrepo.pack import NewObjects
from imagebot.gitrepo.process import Git, Talk

_DATE = re.compile(rb"^committer [^\n]*> ?([0-9]{1,12})(?: ([+-])([0-9]{2})([0-9]{2})$)?", re.MULTILINE)
_FOLDER = "40000"
_WHAT = {"120000": "a symbolic link", "160000": "a submodule", _FOLDER: "a folder"}

Parts = tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """What a tree has under one name; `mode` in octal digits without a zero before them."""

    mode: str
    id: str


@dataclass(frozen=True, slots=True)
class Header:
    """What a commit is of and on, and when it was committed, in git's raw format."""

    tree: str
    parents: tuple[str, ...]
    date: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A tree by its id, and the objects in it that are new."""

    id: str
    objects: NewObjects


class Trees:
    """One process that reads commits and trees; each tree is read once."""

    def __init__(self, git: Git, reader: Talk) -> None:
        self._git = git
        self._reader = reader
        self._known: dict[str, Mapping[bytes, Entry]] = {}

    def commit(self, commit: str) -> Header:
        """What the commit's header says."""
        header = self._read(commit_id(commit), "commit").partition(b"\n\n")[0]
        lines = [line.split(b" ", 1) for line in header.split(b"\n")]
        trees = [line[1].decode() for line in lines if line[0] == b"tree"]
        if not trees:
            raise self._git.damaged(f"the commit {commit} has no tree")
        return Header(trees[0], tuple(line[1].decode() for line in lines if line[0] == b"parent"), _date(header))

    def entry(self, tree: str, path: str) -> Entry | None:
        """What `tree` has at `path`."""
        found: Entry | None = Entry(_FOLDER, tree)
        for name in _parts(path):
            found = self._entries(found.id).get(name) if found is not None and found.mode == _FOLDER else None
        return found

    def changed(self, tree: str, files: Mapping[str, bytes]) -> Changed:
        """`tree` with new content for `files`; raises `CannotEdit` for a path that is no regular file of it."""
        new = NewObjects(len(tree))
        top = self._changed(tree, {_parts(path): data for path, data in files.items()}, (), new)
        return Changed(top, new)

    def _changed(self, tree: str, edits: Mapping[Parts, bytes], above: Parts, new: NewObjects) -> str:
        """The id of `tree` with the files of `edits`, whose paths begin at this tree; it lies at `above`."""
        entries = dict(self._entries(tree))
        below: dict[bytes, dict[Parts, bytes]] = {}
        for path, data in edits.items():
            below.setdefault(path[0], {})[path[1:]] = data
        for name, inner in below.items():
            entry = entries.get(name)
            where = (*above, name)
            if entry is not None and entry.mode == _FOLDER and () not in inner:
                entries[name] = Entry(_FOLDER, self._changed(entry.id, inner, where, new))
            elif entry is not None and entry.mode in FILE_MODES and set(inner) == {()}:
                entries[name] = Entry(entry.mode, new.add("blob", inner[()]))
            else:
                raise _cannot(where, inner, entry)
        return new.add("tree", _written(entries))

    def _entries(self, tree: str) -> Mapping[bytes, Entry]:
        if tree not in self._known:
            self._known[tree] = _parsed(self._read(tree, "tree"), len(tree) // 2)
        return self._known[tree]

    def _read(self, asked: str, kind: str) -> bytes:
        self._reader.say(asked.encode() + b"\n")
        data = answered(self._git, self._reader, asked, kind)
        if data is None:
            raise self._git.damaged(f"the {kind} {asked} is far too large")
        return data


@contextmanager
def reading(git: Git) -> Iterator[Trees]:
    """The trees of a repository, for as long as the block lasts."""
    with git.talk("cat-file", "--batch") as reader:
        yield Trees(git, reader)


def _parts(path: str) -> Parts:
    return tuple(path.encode(errors="backslashreplace").split(b"/"))


def _date(header: bytes) -> str:
    """When a commit was made. Old tools wrote zones, and more, that git cannot read back."""
    found = _DATE.search(header)
    if found is None:
        return "0 +0000"
    hours, minutes = divmod(int(found[3] or 0) * 60 + int(found[4] or 0), 60)
    sign = "-" if found[2] == b"-" and (hours or minutes) else "+"
    return f"{int(found[1])} {sign}{hours:02}{minutes:02}"


def _parsed(data: bytes, id_size: int) -> dict[bytes, Entry]:
    """A tree object's entries: `mode SP name NUL id`, one after the other, in git's own order."""
    entries = {}
    at = 0
    while at < len(data):
        space = data.index(b" ", at)
        end = data.index(b"\0", space)
        mode = data[at:space].decode("ascii").lstrip("0")
        entries[data[space + 1 : end]] = Entry(mode, data[end + 1 : end + 1 + id_size].hex())
        at = end + 1 + id_size
    return entries


def _written(entries: Mapping[bytes, Entry]) -> bytes:
    return b"".join(b"%s %s\0%s" % (e.mode.encode(), name, bytes.fromhex(e.id)) for name, e in entries.items())


def _cannot(where: Parts, inner: Mapping[Parts, bytes], entry: Entry | None) -> CannotEdit:
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
