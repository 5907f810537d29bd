"""Commits and trees read from a repository, and what trees become when files in them change: all in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from imagebot.errors import BadResponse, CannotEdit, Problem
from imagebot.gitrepo.log import moment
from imagebot.gitrepo.names import commit_id
from imagebot.gitrepo.objects import FILE_MODES, answered, beginning
from imagebot.gitrepo.pack import NewObjects
from imagebot.gitrepo.process import Git, Talk

_TREE = re.compile(rb"\Atree ([0-9a-f]{40}|[0-9a-f]{64})$", re.MULTILINE)
_PARENT = re.compile(rb"^parent ([0-9a-f]{40}|[0-9a-f]{64})$", re.MULTILINE)
_DATE = re.compile(rb"^committer [^\n]*> ?([0-9]{1,12})(?![0-9])(?: ([+-])([0-9]{2})([0-9]{2})$)?", re.MULTILINE)
_ENTRY = re.compile(rb"([0-7]{1,7}) ([^\0/]+)\0", re.ASCII)
_MOST_WITHOUT_DATE = 100
_FOLDER = "40000"
_WHAT = {"120000": "a symbolic link", "160000": "a submodule", _FOLDER: "a folder"}

Parts = tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """What a tree has under one name; `mode` in octal digits without a zero before them."""

    mode: str
    id: str


@dataclass(frozen=True, slots=True)
class Header:
    """What a commit is of and on, and when it was committed, in git's raw format; no `date`: none that is usable."""

    tree: str
    parents: tuple[str, ...]
    date: str | None


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
        self._known: dict[str, Mapping[bytes, TreeEntry]] = {}

    def commit(self, commit: str) -> Header:
        """What the commit's header says. Raises `BadResponse` for one that names no tree."""
        self._reader.say(commit_id(commit).encode() + b"\n")
        header = beginning(self._git, self._reader, commit, "commit").partition(b"\n\n")[0]
        tree = _TREE.match(header)
        if tree is None:
            raise BadResponse(f"the commit {commit} has no tree")
        return Header(tree[1].decode(), tuple(found.decode() for found in _PARENT.findall(header)), _date(header))

    def date(self, commit: Header) -> str:
        """When a commit was made; if that is not usable, when the nearest one below it was that has a usable date."""
        for _ in range(_MOST_WITHOUT_DATE):
            if commit.date is not None or not commit.parents:
                break
            commit = self.commit(commit.parents[0])
        return commit.date or "0 +0000"

    def entry(self, tree: str, path: str) -> TreeEntry | None:
        """What `tree` has at `path`."""
        found: TreeEntry | None = TreeEntry(_FOLDER, tree)
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
                entries[name] = TreeEntry(_FOLDER, self._changed(entry.id, inner, where, new))
            elif entry is not None and entry.mode in FILE_MODES and set(inner) == {()}:
                entries[name] = TreeEntry(entry.mode, new.add("blob", inner[()]))
            else:
                raise _cannot(where, inner, entry)
        return new.add("tree", _written(entries))

    def _entries(self, tree: str) -> Mapping[bytes, TreeEntry]:
        if tree not in self._known:
            self._reader.say(tree.encode() + b"\n")
            data = answered(self._git, self._reader, tree, "tree")
            if data is None:
                raise BadResponse(f"the folder {tree} is far too large")
            self._known[tree] = _parsed(tree, data)
        return self._known[tree]


@contextmanager
def reading(git: Git) -> Iterator[Trees]:
    """The trees of a repository, for as long as the block lasts."""
    with git.talk("cat-file", "--batch") as reader:
        yield Trees(git, reader)


def _parts(path: str) -> Parts:
    return tuple(path.encode(errors="backslashreplace").split(b"/"))


def _date(header: bytes) -> str | None:
    """When a commit was made. Old tools wrote zones, and more, that git cannot read back."""
    found = _DATE.search(header)
    if found is None or moment(found[1].decode()) is None:
        return None
    hours, minutes = divmod(int(found[3] or 0) * 60 + int(found[4] or 0), 60)
    sign = "-" if found[2] == b"-" and (hours or minutes) else "+"
    return f"{int(found[1])} {sign}{hours:02}{minutes:02}"


def _parsed(tree: str, data: bytes) -> dict[bytes, TreeEntry]:
    """A tree object's entries: `mode SP name NUL id`, one after the other, in git's own order."""
    entries = {}
    at, id_size = 0, len(tree) // 2
    while at < len(data):
        head = _ENTRY.match(data, at)
        at = len(data) + 1 if head is None else head.end() + id_size
        if head is None or at > len(data) or head[2] in entries:
            raise BadResponse(f"the folder {tree} is not written as git writes one")
        entries[head[2]] = TreeEntry(head[1].decode().lstrip("0"), data[head.end() : at].hex())
    return entries


def _written(entries: Mapping[bytes, TreeEntry]) -> bytes:
    return b"".join(b"%s %s\0%s" % (e.mode.encode(), name, bytes.fromhex(e.id)) for name, e in entries.items())


def _cannot(where: Parts, inner: Mapping[Parts, bytes], entry: TreeEntry | None) -> CannotEdit:
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
