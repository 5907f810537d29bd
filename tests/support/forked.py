"""Processes of imagebot's that cost a fork: a server that has imported all of it once forks each of them."""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

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
        process = FORKS.Process(target=_said, args=(_Copy(out), _Copy(err), function, arguments))
        process.start()
        process.join()
        code = process.exitcode
        process.close()
        assert code is not None
        return code, _text(out), _text(err)


class _Copy:
    """A file of this process's, on its way to another one."""

    def __init__(self, file: BinaryIO) -> None:
        self._path = f"/proc/{os.getpid()}/fd/{file.fileno()}"

    def become(self, number: int) -> None:
        """Be this file descriptor."""
        copy = os.open(self._path, os.O_WRONLY | os.O_APPEND)
        os.dup2(copy, number)
        os.close(copy)


def _text(file: BinaryIO) -> str:
    file.seek(0)
    return file.read().decode().replace("\r\n", "\n")


def _said(out: _Copy, err: _Copy, function: Callable[..., None], arguments: Sequence[object]) -> None:
    out.become(1)
    err.become(2)
    function(*arguments)


def verb(folder: Path, words: Sequence[str], environment: Mapping[str, str]) -> None:
    """Be `imagebot WORDS` in `folder`; never returns."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["imagebot", *words]
    run()
