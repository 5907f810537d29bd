"""Real git repositories, made by git itself in a folder of the test, as a forge would keep them: bare."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PERSON = "A Person <person@example.com>"
FIRST_DATE = 1_767_225_600  # 2026-01-01T00:00:00Z


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
        date = f"{FIRST_DATE + 60 * minutes} +0000"
        head = f"commit refs/heads/{branch}\nauthor {by} {date}\ncommitter {by} {date}\n".encode()
        start = f"from {parent}\n".encode() if parent else b""
        body = b"".join(file_change(path, content) for path, content in files.items())
        self.git("fast-import", "--quiet", "--force", stdin=head + counted(message.encode()) + start + body)
        return self.branches()[branch]

    def branches(self) -> dict[str, str]:
        """Where each branch is."""
        lines = self.git("for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/heads").splitlines()
        return dict(line.split(" ") for line in lines)

    def file(self, commit: str, path: str) -> bytes:
        """What `path` holds at `commit`."""
        return self.raw("blob", f"{commit}:{path}")

    def raw(self, kind: str, name: str) -> bytes:
        """An object, byte for byte."""
        return run_git(["-C", str(self.folder), "cat-file", kind, name])


def a_repository(folder: Path, files: Mapping[str, Content] | None = None) -> BareRepository:
    """A new bare repository; with `files` it has a first commit on main."""
    run_git(["init", "--bare", "--quiet", "--template=", "--initial-branch=main", str(folder)])
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
