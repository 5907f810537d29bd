"""A verb whose process kills itself, as the kernel would, before one of the steps that change a folder or a file."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.forked import run_function, verb

STEPS = ("os.chown", "os.chmod", "os.link", "os.rename", "os.remove", "os.setxattr", "fcntl.flock")


def run_doomed(folder: Path, step: int, words: Sequence[str]) -> int:
    """The exit code of `imagebot WORDS` in `folder`, killed before its step of that number, counted from 1."""
    code, _, _ = run_function(_doomed, (folder, step, words, dict(os.environ)))
    return code


def _doomed(folder: Path, step: int, words: Sequence[str], environment: Mapping[str, str]) -> None:
    left = step

    def hook(event: str, _: object) -> None:
        nonlocal left
        left -= event in STEPS
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.dont_write_bytecode = True  # it would be a step more, and one that may be the last
    sys.addaudithook(hook)
    verb(folder, words, environment)
