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
    """The regular files of a commit. `unreadable` counts those left out: their path is no UTF-8, or no work tree's.

    `others` are the paths, for people, of all that is left out: of those, and of symbolic links and submodules.
    """

    entries: tuple[FileEntry, ...]
    unreadable: int
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Differences:
    """The files of a commit that are not as in another one: the paths that the other had, and what is there now.

    `more` and `unreadable` are how many more files it has, and how many more that are left out; less are below 0.
    """

    before: frozenset[str]
    entries: tuple[FileEntry, ...]
    more: int
    unreadable: int


def files(git: Git, commit: str) -> Files:
    """Every regular file of `commit`; symbolic links and submodules are not files."""
    return _files(git.out("ls-tree", "-r", "-z", "--full-tree", commit_id(commit)))


def entries(git: Git, commit: str, paths: Sequence[str]) -> dict[str, FileEntry]:
    """Those of these paths that are regular files of `commit`."""
    found: dict[str, FileEntry] = {}
    asked = [path for path in paths if may_be_path(path)]
    for start in range(0, len(asked), _ASKED_AT_ONCE):
        some = asked[start : start + _ASKED_AT_ONCE]
        listed = _files(git.out("ls-tree", "-z", "--full-tree", commit_id(commit), "--", *some))
        found |= {entry.path: entry for entry in listed.entries}
    return found


def differences(git: Git, old: str, new: str) -> Differences | None:
    """What `new` has otherwise than `old`; None where one of both is not there."""
    answer = git.ask("diff-tree", "-r", "-z", "--raw", "--no-renames", commit_id(old), commit_id(new), "--")
    if answer.code != 0:
        return None
    words = answer.out.split(b"\0")
    before, after = [], []
    for head, name in zip(words[::2], words[1::2], strict=False):
        old_mode, new_mode, old_blob, new_blob, _ = head.removeprefix(b":").split(b" ")
        before.append(b"%b blob %b\t%b\0" % (old_mode, old_blob, name))
        after.append(b"%b blob %b\t%b\0" % (new_mode, new_blob, name))
    gone, there = _files(b"".join(before)), _files(b"".join(after))
    return Differences(
        frozenset(entry.path for entry in gone.entries),
        there.entries,
        len(there.entries) - len(gone.entries),
        there.unreadable - gone.unreadable,
    )


def _files(listed: bytes) -> Files:
    """What `git ls-tree -z` lists, of files alone."""
    found, others = [], []
    unreadable = 0
    for record in listed.split(b"\0")[:-1]:
        head, _, name = record.partition(b"\t")
        mode, _, blob = head.decode("ascii").split(" ")
        if mode not in FILE_MODES:
            others.append(name)
            continue
        try:
            path = name.decode()
        except UnicodeDecodeError:
            path = ""
        if may_be_path(path):
            found.append(FileEntry(path, mode, blob))
        else:
            others.append(name)
            unreadable += 1
    return Files(tuple(found), unreadable, tuple(printable(name.decode(errors="replace")) for name in others))


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
    entry = entries(git, commit, [path]).get(path)
    if entry is None:
        raise NotFound(f"{where}: there is no such file")
    (data,) = blobs(git, [entry.blob])
    if data is None:
        raise BadResponse(f"{where}: it is larger than {LARGEST_FILE // (1024 * 1024)} MiB")
    return data


def may_be_path(path: str) -> bool:
    """Whether a file can have this path in any work tree; trees can be made that hold others."""
    return "\0" not in path and not {"", ".", "..", ".git"}.intersection(path.lower().split("/"))
