"""Git, run in its sealed environment: argument lists only, no shell, an end to every wait.

Of GitPython this takes the command runner alone. Its object model runs git with the caller's environment and with
options assembled from keyword arguments, which most of its security advisories are about, and one `Repo` cannot serve
two threads. Deadlines are ours: GitPython's `kill_after_timeout` looks children up with `ps`, which slim images lack;
here each git leads a process group of its own, which is killed whole.
"""

from __future__ import annotations

import os
import re
import select
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeVar

from imagebot.errors import BadInput, BadResponse, Unavailable, printable
from imagebot.gitrepo.git_env import SEARCH_PATH, sealed
from imagebot.settings.resolve import inherited_names

try:
    from git.cmd import Git as GitCommand
except ImportError as error:  # GitPython looks for git when it is imported
    raise BadInput(
        f"git cannot be run: {str(error).strip().splitlines()[0].rstrip('.')}; install git 2.38 or newer"
    ) from None

LOCAL_SECONDS = 120.0
DAMAGED_MARK = "imagebot-damaged"
_DISK = re.compile(r"No space left on device|Disk quota exceeded|Read-only file system|Permission denied", re.ASCII)
_USAGE = 129
_CHUNK = 1 << 16
_MOST_OUT = 1 << 26
_LEFT_OUT = "…".encode()
_LONGEST_WORD = 1 << 18  # a message of megabytes is kept as a beginning and an end: trailers are at the end


Word = TypeVar("Word", bytes, bytearray)


class Damaged(BadResponse):
    """The mirror does not hold what it should: it is a cache, so the next fetch makes it anew."""


@dataclass(frozen=True, slots=True)
class GitOutput:
    """How a git command ended, and what it said."""

    code: int
    out: bytes
    err: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What a git command runs under. `about` is for people; `inherit` are descriptors that its children keep open."""

    environment: Mapping[str, str] = field(default_factory=sealed, repr=False)
    about: str = ""
    seconds: float = LOCAL_SECONDS
    inherit: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Git:
    """Runs git in one bare repository. It has no state: threads may share it."""

    folder: Path

    def ask(self, *args: str, stdin: bytes = b"", terms: Terms | None = None) -> GitOutput:
        """Run `git ARGS` to its end, whatever the exit code. Raises `Unavailable` when that takes too long."""
        terms = terms or Terms()
        with self._started(args, terms) as process:
            answer = _ended(process, stdin, f"{terms.about or self.folder}: `git {args[0]}`", terms.seconds)
        if answer.code == _USAGE:
            raise BadInput(f"`git {args[0]}` lacks an option that imagebot needs; install git 2.38 or newer")
        return answer

    def out(self, *args: str, stdin: bytes = b"", terms: Terms | None = None) -> bytes:
        """What `git ARGS` prints. Raises `Damaged` when it fails: all that it is asked about is in the mirror."""
        answer = self.ask(*args, stdin=stdin, terms=terms)
        if answer.code == 0:
            return answer.out
        if found := _DISK.search(answer.err):
            raise Unavailable(f"cannot write to {self.folder}: {found[0]}; make room, or let imagebot write there")
        raise self.damaged(f"`git {args[0]}` says: {printable(last_line(answer.err))}")

    def damaged(self, why: str) -> Damaged:
        """The error to raise; leaves a mark, so that the next fetch makes the mirror anew."""
        with suppress(OSError):
            (self.folder / DAMAGED_MARK).touch()
        return Damaged(f"the mirror {self.folder} is damaged ({why}); the next pass makes it anew")

    @contextmanager
    def talk(self, *args: str) -> Iterator[Talk]:
        """A git that answers line by line, for as long as the block lasts."""
        with self._started(args, Terms()) as process:
            yield Talk(process, self, f"`git {args[0]}`")

    @contextmanager
    def _started(self, args: Sequence[str], terms: Terms) -> Iterator[subprocess.Popen[bytes]]:
        variables = {**terms.environment, "GIT_DIR": str(self.folder)}
        with _started(("git", *args), self.folder.parent, variables, terms.inherit) as process:
            yield process


def run(folder: Path, program: str, *args: str, stdin: bytes = b"") -> GitOutput:
    """Run a program that git itself would call, in `folder`, to its end. Raises `Unavailable` when it takes too long.

    Raises `BadInput` if it is not installed.
    """
    with _started((program, *args), folder, sealed(), ()) as process:
        return _ended(process, stdin, f"`{program}`", LOCAL_SECONDS)


class Talk:
    """A running git: what is written to it, and what it answers."""

    def __init__(self, process: subprocess.Popen[bytes], git: Git, name: str) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._stdin = process.stdin
        self._descriptor = process.stdout.fileno()
        self._git = git
        self._name = name
        self._buffer = bytearray()
        self._ready = select.poll()
        self._ready.register(self._descriptor, select.POLLIN)

    def say(self, data: bytes) -> None:
        """Send `data`; no more than a pipe holds before the answers are read."""
        try:
            self._stdin.write(data)
            self._stdin.flush()
        except BrokenPipeError:
            raise self._git.damaged(f"{self._name} ended before it was asked everything") from None

    def finish(self) -> None:
        """Tell git that nothing more comes."""
        with suppress(BrokenPipeError):
            self._stdin.close()

    def line(self) -> bytes:
        """The next line, without its end."""
        while (end := self._buffer.find(b"\n")) < 0:
            if not self._fill():
                raise self._git.damaged(f"{self._name} ended in the middle of an answer")
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line

    def exactly(self, size: int) -> bytes:
        """The next `size` bytes."""
        while len(self._buffer) < size:
            if not self._fill():
                raise self._git.damaged(f"{self._name} ended in the middle of an answer")
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    def skip(self, size: int) -> None:
        """Let the next `size` bytes pass without keeping them."""
        while size:
            size -= len(self.exactly(min(size, _CHUNK)))

    def words(self) -> Iterator[bytes]:
        """What comes until the end, between NUL characters; of a word that is too long its beginning and its end.

        Raises `Damaged` where git gives up before the end.
        """
        rest = b""
        while self._fill():
            *whole, rest = (rest + bytes(self._buffer)).split(b"\0")
            self._buffer.clear()
            yield from map(_shortened, whole)
            rest = _shortened(rest)
        try:
            code = self._process.wait(LOCAL_SECONDS)
        except subprocess.TimeoutExpired:
            raise Unavailable(f"{self._name} was stopped: it said all and did not end") from None
        if code != 0:
            raise self._git.damaged(f"{self._name} gave up")

    def up_to(self, size: int) -> bytes:
        """What comes until the end, at most `size` bytes of it."""
        while len(self._buffer) < size and self._fill():
            pass
        return bytes(self._buffer[:size])

    def _fill(self) -> bool:
        if not self._ready.poll(LOCAL_SECONDS * 1000):
            raise Unavailable(f"{self._name} was stopped: it was silent for {LOCAL_SECONDS:g} s")
        data = os.read(self._descriptor, _CHUNK)
        self._buffer += data
        return bool(data)


def _shortened(word: Word) -> Word:
    return word if len(word) <= _LONGEST_WORD else word[: _LONGEST_WORD // 2] + word[-_LONGEST_WORD // 2 :]


def _lines_kept(said: bytearray) -> bytearray:
    """Lines of the beginning and of the end, where it is too much: no half of a word, a letter or a secret."""
    if len(said) <= _LONGEST_WORD:
        return said
    half = _LONGEST_WORD // 2
    begins, ends = said[:half].rpartition(b"\n")[0], said[-half:].partition(b"\n")[2]
    begins = begins or said[:half].rpartition(b" ")[0]
    return begins + b"\n" + _LEFT_OUT + b"\n" + ends.removeprefix(_LEFT_OUT + b"\n")


def last_line(text: str) -> str:
    """The line in which git says why it gave up: its last."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "nothing"


def _unset(kept: frozenset[str]) -> list[str]:
    """The beginning of a command that takes away what GitPython adds to the environment: all of ours."""
    names = sorted(name for name in inherited_names() - kept if name and "=" not in name)
    return [_program("env"), *(word for name in names for word in ("-u", name))]


@contextmanager
def _started(
    command: Sequence[str], folder: Path, variables: dict[str, str], inherit: tuple[int, ...]
) -> Iterator[subprocess.Popen[bytes]]:
    program, *args = command
    runner = GitCommand(str(folder)).execute(
        [*_unset(frozenset(variables)), _program(program), *args],
        as_process=True,
        istream=subprocess.PIPE,
        env=variables,
        start_new_session=True,
        pass_fds=inherit,
    )
    process = runner.proc
    assert process is not None
    try:
        yield process
    finally:
        _end(process)


def _ended(process: subprocess.Popen[bytes], stdin: bytes, name: str, seconds: float) -> GitOutput:
    ends = time.monotonic() + seconds
    try:
        out, err = _said(process, stdin, name, ends)
        code = process.wait(max(ends - time.monotonic(), 0))
    except (TimeoutError, subprocess.TimeoutExpired):
        raise Unavailable(f"{name} was stopped: it did not end within {seconds:g} s") from None
    return GitOutput(code, out, err.decode(errors="replace"))


def _said(process: subprocess.Popen[bytes], stdin: bytes, name: str, ends: float) -> tuple[bytes, bytes]:
    """What a program prints, in bounds: whatever a remote sends ends up there. Raises `TimeoutError`."""
    out, err = bytearray(), bytearray()
    rest = memoryview(stdin)
    with selectors.DefaultSelector() as pipes:
        for pipe in (process.stdin, process.stdout, process.stderr):
            assert pipe is not None
            pipes.register(pipe, selectors.EVENT_WRITE if pipe is process.stdin else selectors.EVENT_READ)
            os.set_blocking(pipe.fileno(), False)
        while pipes.get_map():
            ready = pipes.select(ends - time.monotonic()) if time.monotonic() < ends else []
            if not ready:
                raise TimeoutError
            for key, _ in ready:
                if key.fileobj is process.stdin:
                    rest = rest[_written(key.fd, rest) :]
                    done = not rest
                else:
                    done = _is_over(key.fd, out if key.fileobj is process.stdout else err)
                if done:
                    pipes.unregister(key.fileobj)
                    key.fileobj.close()  # type: ignore[union-attr]
            if len(out) > _MOST_OUT:
                raise BadResponse(f"{name} was stopped: it said more than {_MOST_OUT >> 20} MiB")
            err = _lines_kept(err)
    return bytes(out), bytes(err)


def _written(pipe: int, data: memoryview) -> int:
    """How much could be written; all of it where nobody reads any more."""
    try:
        return os.write(pipe, data[:_CHUNK])
    except BrokenPipeError:
        return len(data)


def _is_over(pipe: int, said: bytearray) -> bool:
    data = os.read(pipe, _CHUNK)
    said += data
    return not data


@cache
def _program(name: str) -> str:
    found = shutil.which(name, path=SEARCH_PATH)
    if found is None:
        raise BadInput(f"{name} is not in {SEARCH_PATH}; install it")
    return found


def _end(process: subprocess.Popen[bytes]) -> None:
    """Leave nothing behind: neither a child of git's nor an open pipe."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()
    process.wait()
