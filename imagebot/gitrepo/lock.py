"""One writer per mirror: a pass and a person's `imagebot plan` may meet."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from imagebot.errors import Unavailable

_BETWEEN_TRIES = 0.1


@contextmanager
def locked(path: Path, seconds: float) -> Iterator[int]:
    """Hold the lock file `path`; yields its descriptor. Raises `Unavailable` if another holds it for `seconds`.

    A child that inherits the descriptor holds the lock, too: the git of a bot that was killed is waited for.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _wait(descriptor, path, time.monotonic() + seconds)
        yield descriptor
    finally:
        os.close(descriptor)


def _wait(descriptor: int, path: Path, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise Unavailable(f"another imagebot holds {path}; try again when it is done") from None
            time.sleep(_BETWEEN_TRIES)
        else:
            return
