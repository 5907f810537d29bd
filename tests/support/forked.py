"""Processes of imagebot's that cost a fork: a server that has imported all of it once forks each of them."""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from imagebot.__main__ import run
from imagebot.cli.main import VERBS

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    [
        "tests.support.forked",
        "tests.faults.bot",
        "tests.support.doomed",
        "tests.support.killed_pass",
        "tests.support.question",
        "imagebot.store.migrate",
        "imagebot.store.sql",
        *(f"imagebot.cli.{verb}" for verb in VERBS),
    ]
)


def run_verb(folder: Path, words: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str, str]:
    """The exit code of `imagebot WORDS` in `folder`, and what it printed on standard output and standard error."""
    return run_function(verb, (folder, words, {**os.environ, **environment}))


def run_function(function: Callable[..., None], arguments: Sequence[object]) -> tuple[int, str, str]:
    """The same of a function of a module, which is found there by its name: in a process that does nothing else."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = start(function, arguments, out.fileno(), err.fileno())
        code = _end(process)
        process.close()
        return code, _text(out), _text(err)


@contextmanager
def started_verb(folder: Path, words: Sequence[str]) -> Iterator[Started]:
    """`imagebot WORDS` in `folder`, which is killed at the end of the block if it still runs."""
    read, write = os.pipe()
    with tempfile.TemporaryFile() as out, os.fdopen(read, encoding="utf-8") as err:
        process = start(verb, (folder, words, dict(os.environ)), out.fileno(), write)
        os.close(write)
        try:
            yield Started(process, out, err)
        finally:
            process.kill()
            process.join()
            process.close()


@dataclass(frozen=True)
class Started:
    """A verb that runs: what it prints on standard error can be read meanwhile."""

    process: BaseProcess
    stdout: BinaryIO
    stderr: TextIO

    def send_signal(self, number: int) -> None:
        assert self.process.pid is not None
        os.kill(self.process.pid, number)

    def wait(self) -> int:
        """Its exit code, once it has ended."""
        return _end(self.process)

    def communicate(self) -> tuple[str, str]:
        """The whole of its standard output, and what was not read yet of its standard error, once it has ended."""
        err = self.stderr.read()
        self.wait()
        return _text(self.stdout), err


def start(function: Callable[..., None], arguments: Sequence[object], out: int, err: int) -> BaseProcess:
    """A process that calls a function of a module, with these file descriptors as standard output and error."""
    process = FORKS.Process(target=_said, args=(_Copy(out), _Copy(err), function, arguments))
    process.start()
    return process


def _end(process: BaseProcess) -> int:
    process.join()
    assert process.exitcode is not None
    return process.exitcode


class _Copy:
    """A file descriptor of this process's, on its way to another one."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __getstate__(self) -> dict[str, Any]:
        return {"_copy": DupFd(self._number)}

    def become(self, number: int) -> None:
        """Be this file descriptor."""
        copy = self.__dict__["_copy"].detach()
        os.dup2(copy, number)
        os.close(copy)


def _text(file: BinaryIO) -> str:
    file.seek(0)
    return file.read().decode().replace("\r\n", "\n")


def _said(out: _Copy, err: _Copy, function: Callable[..., None], arguments: Sequence[object]) -> None:
    out.become(1)
    err.become(2)
    # As Python does when it starts: what is there knows whether the server's own could seek.
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    function(*arguments)


def verb(folder: Path, words: Sequence[str], environment: Mapping[str, str]) -> None:
    """Be `imagebot WORDS` in `folder`; never returns."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["imagebot", *words]
    run()
