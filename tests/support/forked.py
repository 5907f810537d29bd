"""Processes of imagebot's that cost a fork: a server that has imported all of it once forks each of them."""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from imagebot.cli.main import VERBS, run

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    [
        "tests.support.forked",
        "tests.faults.bot",
        "imagebot.store.migrate",
        "imagebot.store.sql",
        *(f"imagebot.cli.{verb}" for verb in VERBS),
    ]
)


def run_verb(folder: Path, words: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str, str]:
    """The exit code of `imagebot WORDS` in `folder`, and what it printed on standard output and standard error."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = FORKS.Process(
            target=_verb, args=(folder, words, {**os.environ, **environment}, _Copy(out), _Copy(err))
        )
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


def _verb(folder: Path, words: Sequence[str], environment: Mapping[str, str], out: _Copy, err: _Copy) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    out.become(1)
    err.become(2)
    sys.argv = ["imagebot", *words]
    run()
