"""One bot per state: two would push over each other's branches all day."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TextIO

from imagebot.errors import BadInput, Unavailable
from imagebot.private import FULL, make_state, open_private

_NAME = "lock"


class Unwritable(BadInput):
    """Nobody can write the state folder: what can be done without is still worth doing."""


@contextmanager
def only_bot(state: Path) -> Iterator[Lock]:
    """Hold the state's lock; the kernel drops it with the process, however that ends.

    Raises `BadInput` that names the holder if another bot has it, `Unwritable` if the folder cannot be written.
    """
    lock = Lock(state, _locked(state))
    with closing(lock):
        yield lock


def holder(state: Path) -> str:
    """Who holds the lock of this state, as they wrote themselves down; empty if nobody does. Nothing is written."""
    try:
        file = open(state / _NAME)  # noqa: SIM115, PTH123 closed below
    except OSError:
        return ""
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return file.read(200).strip() or "another imagebot"
    return ""


class Lock:
    """The lock of one state folder, held."""

    def __init__(self, state: Path, file: TextIO) -> None:
        self.state = state
        self._file = file

    def close(self) -> None:
        """Let go of it."""
        self._file.close()

    def move(self, state: Path) -> bool:
        """Hold the lock of another folder instead; False if it is this one, by another name perhaps.

        Raises as `only_bot`, and then holds what it held.
        """
        if state.resolve() == self.state.resolve():
            return False
        file = _locked(state)
        self._file.close()
        self.state, self._file = state, file
        return True

    def renew(self) -> None:
        """Take the lock anew if the folder was removed or replaced: a lock on what is not there keeps nobody off.

        Raises as `only_bot`.
        """
        held, path = os.fstat(self._file.fileno()), self.state / _NAME
        try:
            there = path.stat()
        except OSError:
            there = None
        if there is None or (there.st_dev, there.st_ino) != (held.st_dev, held.st_ino):
            file = _locked(self.state)
            self._file.close()
            self._file = file


def _locked(state: Path) -> TextIO:
    path = state / _NAME
    try:
        make_state(state)
        file = open_private(path)
    except OSError as error:
        words = f"cannot write the state folder {state}: {error.strerror}"
        if error.errno in FULL:
            raise Unavailable(f"{words}; make room on its disk") from None
        raise Unwritable(f"{words}; make it writable, or set `state` to a folder of the bot's own") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        with file:
            file.seek(0)
            holder = file.read(200).strip() or "unknown"
        raise BadInput(
            f"another imagebot uses the state folder {state} ({holder}); stop it, or give this one another `state`"
        ) from None
    # For people alone: on a full disk nobody learns who holds it.
    with suppress(OSError):
        file.truncate(0)
        os.write(file.fileno(), f"process {os.getpid()} on {socket.gethostname()}\n".encode())
    return file


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the lock file `path`, after whoever has it; for work that takes no time. Raises `BadInput`."""
    try:
        make_state(path.parent)
        file = open_private(path)
    except OSError as error:
        if error.errno in FULL:
            raise Unavailable(f"cannot write {path}: {error.strerror}; make room on its disk") from None
        raise BadInput(f"cannot write {path}: {error.strerror}; set `state` to a folder of the bot's own") from None
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
