"""Real git repositories, made by git itself in a folder of the test, as a forge would keep them: bare."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PERSON = "A Person <person@example.com>"
FIRST_DATE = 1_767_225_600  # 2026-01-01T00:00:00Z
_HEADS = "refs/heads/"
_INIT = {"GIT_DEFAULT_REF_FORMAT": "files"}


@dataclass(frozen=True, slots=True)
class Program:
    """Content of a file with the execute bit."""

    content: str


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link."""

    target: str


@dataclass(frozen=True, slots=True)
class Submodule:
    """Another repository at one of its commits."""

    commit: str


Content = str | bytes | Program | Link | Submodule | None
"""What a path holds after a commit; None: nothing any more."""


@dataclass(frozen=True, slots=True)
class BareRepository:
    """A repository that people and bots push to."""

    folder: Path

    def git(self, *args: str, stdin: bytes = b"") -> str:
        """What `git ARGS` prints in this repository."""
        return run_git(["-C", str(self.folder), *args], stdin).decode().strip()

    def commit(
        self, branch: str, files: Mapping[str, Content], message: str = "change", *, by: str = PERSON, on: str = ""
    ) -> str:
        """Commit on top of `branch`, or of the commit `on`, a minute later than that, and move the branch there."""
        parent = on or self.branches().get(branch, "")
        minutes = int(self.git("rev-list", "--count", parent)) if parent else 0
        return self.grow(branch, parent, files, message, f"{by} {FIRST_DATE + 60 * minutes} +0000")

    def grow(self, branch: str, parent: str, files: Mapping[str, Content], message: str, who: str) -> str:
        """Commit on top of `parent`, if any, and move the branch there, by one process. `who` ends in the time."""
        head = f"commit refs/heads/{branch}\nmark :1\nauthor {who}\ncommitter {who}\n".encode()
        start = f"from {parent}\n".encode() if parent else b""
        body = b"".join(file_change(path, content) for path, content in files.items())
        stream = head + counted(message.encode()) + start + body + b"get-mark :1\n"
        # What it writes stays in its pack: to take it out is another process.
        return self.git("-c", "fastimport.unpackLimit=0", "fast-import", "--quiet", "--force", stdin=stream)

    def branches(self) -> dict[str, str]:
        """Where each branch is, read as git wrote it: fakes ask at each answer of theirs, and a process takes long."""
        known = {}
        # What is packed meanwhile is in the second place before it leaves the first.
        for folder, _, names in os.walk(self.folder / _HEADS):
            for file in (Path(folder, name) for name in names if not name.endswith(".lock")):
                known[str(file.relative_to(self.folder / _HEADS))] = _text(file).strip()
        for line in _text(self.folder / "packed-refs").splitlines():
            commit, _, name = line.partition(" ")
            if name.startswith(_HEADS):
                known[name.removeprefix(_HEADS)] = known.get(name.removeprefix(_HEADS)) or commit
        return {name: known[name] for name in sorted(known) if known[name]}

    def file(self, commit: str, path: str) -> bytes:
        """What `path` holds at `commit`."""
        return self.raw("blob", f"{commit}:{path}")

    def raw(self, kind: str, name: str) -> bytes:
        """An object, byte for byte."""
        return run_git(["-C", str(self.folder), "cat-file", kind, name])


def a_repository(folder: Path, files: Mapping[str, Content] | None = None, *, named_by: str = "sha1") -> BareRepository:
    """A new bare repository whose objects are `named_by` that hash; with `files` it has a first commit on main."""
    kind = f"--object-format={named_by}"
    run_git(["init", "--bare", "--quiet", "--template=", "--initial-branch=main", kind, str(folder)], variables=_INIT)
    with (folder / "config").open("a") as config:
        config.write("[receive]\n\tautogc = false\n")
    repository = BareRepository(folder)
    if files:
        repository.commit("main", files, "first")
    return repository


def merge_branch(repository: BareRepository, branch: str, other: str) -> str:
    """Merge the commit `other` into `branch`, as a forge's button does, and move the branch there."""
    tip = repository.branches()[branch]
    tree = repository.git("merge-tree", "--write-tree", tip, other)
    merge = repository.git("commit-tree", "-p", tip, "-p", other, "-m", f"merge into {branch}", tree)
    repository.git("update-ref", f"refs/heads/{branch}", merge)
    return merge


def commit_chain(repository: BareRepository, branch: str, count: int) -> tuple[str, ...]:
    """Many commits on top of `branch`, the oldest first; each changes the one file `counter`."""
    who = f"{PERSON} {FIRST_DATE} +0000"
    parts = []
    for number in range(count):
        start = f"from refs/heads/{branch}^0\n" if number == 0 and branch in repository.branches() else ""
        head = f"commit refs/heads/{branch}\nauthor {who}\ncommitter {who}\n"
        parts += [head.encode(), counted(b"next"), start.encode(), file_change("counter", str(number))]
    repository.git("fast-import", "--quiet", stdin=b"".join(parts))
    return tuple(repository.git("rev-list", "--first-parent", "--reverse", branch).split()[-count:])


def run_git(args: Sequence[str], stdin: bytes = b"", variables: Mapping[str, str] | None = None) -> bytes:
    """Run git with nobody's settings, but for these variables."""
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_GLOBAL": "/dev/null", "LC_ALL": "C"}
    environment["GIT_CONFIG_NOSYSTEM"] = "1"
    environment |= {f"GIT_{role}_{key}": "person" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
    environment |= variables or {}
    return subprocess.run(["git", *args], input=stdin, env=environment, check=True, stdout=subprocess.PIPE).stdout


def file_change(path: str, content: Content) -> bytes:
    """What tells `git fast-import` that a path holds something else now."""
    quoted = b'"%b"' % b"".join(b"\\%03o" % byte for byte in path.encode(errors="surrogateescape"))
    match content:
        case None:
            return b"D " + quoted + b"\n"
        case Submodule(commit):
            return f"M 160000 {commit} ".encode() + quoted + b"\n"
        case Program(text):
            mode, data = b"100755", text.encode()
        case Link(target):
            mode, data = b"120000", target.encode()
        case str():
            mode, data = b"100644", content.encode()
        case bytes():
            mode, data = b"100644", content
    return b"M " + mode + b" inline " + quoted + b"\n" + counted(data)


def counted(data: bytes) -> bytes:
    """Bytes as `git fast-import` takes them."""
    return b"data %d\n" % len(data) + data + b"\n"


def _text(file: Path) -> str:
    """What a file holds; nothing where it has just gone."""
    with suppress(FileNotFoundError, NotADirectoryError):
        return file.read_text(errors="surrogateescape")
    return ""
