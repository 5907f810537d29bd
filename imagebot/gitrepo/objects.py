"""What a commit holds, read without a work tree."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from imagebot.errors import BadResponse, NotFound, printable
from imagebot.gitrepo.names import commit_id
from imagebot.gitrepo.process import Git, Talk

LARGEST_FILE = 8 * 1024 * 1024
FILE_MODES = frozenset({"100644", "100755"})
_HEAD = 1 << 20  # parents of tens of thousands
_ASKED_AT_ONCE = 500  # their ids fit into a pipe: neither side waits for the other


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A regular file of a commit; `mode` is 100644 or 100755, `blob` the id of its content."""

    path: str
    mode: str
    blob: str


@dataclass(frozen=True, slots=True)
class Files:
    """The regular files of a commit. `unreadable` counts those left out: their path is no UTF-8, or no work tree's."""

    entries: tuple[FileEntry, ...]
    unreadable: int


def files(git: Git, commit: str) -> Files:
    """Every regular file of `commit`; symbolic links and submodules are not files."""
    entries = []
    unreadable = 0
    for record in git.out("ls-tree", "-r", "-z", "--full-tree", commit_id(commit)).split(b"\0")[:-1]:
        head, _, name = record.partition(b"\t")
        mode, _, blob = head.decode("ascii").split(" ")
        if mode not in FILE_MODES:
            continue
        try:
            path = name.decode()
        except UnicodeDecodeError:
            path = ""
        if may_be_path(path):
            entries.append(FileEntry(path, mode, blob))
        else:
            unreadable += 1
    return Files(tuple(entries), unreadable)


def links(git: Git, commit: str) -> tuple[str, ...]:
    """The paths of a commit at which there is a symbolic link or a submodule: no files, and yet something is there."""
    found = []
    for record in git.out("ls-tree", "-r", "-z", "--full-tree", commit_id(commit)).split(b"\0")[:-1]:
        head, _, name = record.partition(b"\t")
        if head.partition(b" ")[0].decode("ascii") not in FILE_MODES:
            found.append(printable(name.decode(errors="replace")))
    return tuple(found)


def blobs(git: Git, ids: Sequence[str]) -> Generator[bytes | None]:
    """The content of each blob in the order asked; None where it is larger than 8 MiB."""
    with git.talk("cat-file", "--batch") as talk:
        for start in range(0, len(ids), _ASKED_AT_ONCE):
            some = ids[start : start + _ASKED_AT_ONCE]
            talk.say("".join(f"{commit_id(blob)}\n" for blob in some).encode())
            for blob in some:
                yield answered(git, talk, blob, "blob")


def beginning(git: Git, talk: Talk, asked: str, kind: str) -> bytes:
    """The first MiB of one answer of `git cat-file --batch`."""
    size = _size(git, talk, asked, kind)
    data = talk.exactly(min(size, _HEAD))
    talk.skip(size - len(data) + 1)
    return data


def answered(git: Git, talk: Talk, asked: str, kind: str) -> bytes | None:
    """One answer of `git cat-file --batch`; None if it is larger than 8 MiB."""
    size = _size(git, talk, asked, kind)
    if size > LARGEST_FILE:
        talk.skip(size + 1)
        return None
    return talk.exactly(size + 1)[:-1]


def _size(git: Git, talk: Talk, asked: str, kind: str) -> int:
    head = talk.line().split(b" ")
    if len(head) != 3 or head[1] != kind.encode():
        raise git.damaged(f"it has no {kind} {asked}")
    return int(head[2])


def read(git: Git, commit: str, path: str) -> bytes:
    """One file's content. Raises `NotFound` if the commit has no such file, `BadResponse` if it is too large."""
    where = printable(f"{path} at {commit[:10]}")
    listed = git.out("ls-tree", "-z", "--full-tree", commit_id(commit), "--", path) if may_be_path(path) else b""
    head, _, name = listed.rstrip(b"\0").partition(b"\t")
    if name != path.encode() or head.split(b" ")[0].decode() not in FILE_MODES:
        raise NotFound(f"{where}: there is no such file")
    (data,) = blobs(git, [head.split(b" ")[2].decode()])
    if data is None:
        raise BadResponse(f"{where}: it is larger than {LARGEST_FILE // (1024 * 1024)} MiB")
    return data


def may_be_path(path: str) -> bool:
    """Whether a file can have this path in any work tree; trees can be made that hold others."""
    return "\0" not in path and not {"", ".", "..", ".git"}.intersection(path.lower().split("/"))
