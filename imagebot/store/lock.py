"""One bot per state: two would push over each other's branches all day."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from imagebot.errors import BadInput
from imagebot.private import make_state, open_private


@contextmanager
def only_bot(state: Path) -> Iterator[None]:
    """Hold the state's lock; the kernel drops it with the process, however that ends.

    Raises `BadInput` that names the holder if another bot has it, or if the folder cannot be written.
    """
    path = state / "lock"
    try:
        make_state(state)
        file = open_private(path)
    except OSError as error:
        raise BadInput(
            f"cannot write the state folder {state}: {error.strerror}; set `state` to a folder of the bot's own"
        ) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            holder = file.read(200).strip() or "unknown"
            raise BadInput(
                f"another imagebot uses the state folder {state} ({holder}); stop it, or give this one another `state`"
            ) from None
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
        file.flush()
        yield


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the lock file `path`, after whoever has it; for work that takes no time. Raises `BadInput`."""
    try:
        make_state(path.parent)
        file = open_private(path)
    except OSError as error:
        raise BadInput(f"cannot write {path}: {error.strerror}; set `state` to a folder of the bot's own") from None
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
