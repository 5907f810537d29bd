"""Folders and files that only their owner may look into, whatever the umask: the state, and mirrors of repositories."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from imagebot.errors import BadInput

_FOLDER = 0o700
_FILE = 0o600
_OTHERS = 0o077
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EMFILE, errno.ENFILE})
"""What keeps a file from being written for now."""


def make_private(folder: Path) -> None:
    """Make the folder, and those above it that are missing; one that is there and is ours is mended. Raises `OSError`.

    A folder of somebody else's, a volume's top for one, keeps the mode that it was given.
    """
    if not folder.is_dir():
        if not folder.parent.exists():
            make_private(folder.parent)
        folder.mkdir(_FOLDER, exist_ok=True)
    if folder.stat().st_mode & 0o777 != _FOLDER:
        with suppress(PermissionError):
            folder.chmod(_FOLDER)


def make_state(folder: Path) -> None:
    """The same for the state folder, which has to be ours or root's. Raises `OSError`, and `BadInput` where it is not.

    Whoever owns it can read what is in it and put in what they like. Kubernetes gives volumes to root and a group.
    """
    make_private(folder)
    owner = folder.stat().st_uid
    if os.geteuid() not in (0, owner) and owner != 0:
        raise BadInput(f"the state folder {folder} belongs to user {owner}: set `state` to a folder of the bot's own")


def make_private_file(file: Path) -> None:
    """Make the file if it is not there; one that is ours is mended. No link is followed. Raises `OSError`."""
    os.close(_opened(file, os.O_RDWR))


def mend(file: Path) -> None:
    """The same for a file that need not be there."""
    with suppress(FileNotFoundError):
        if stat.S_ISREG(file.lstat().st_mode):
            make_private_file(file)


def open_private(file: Path) -> TextIO:
    """A file to append to and to read, made or mended. Raises `OSError`."""
    return os.fdopen(_opened(file, os.O_RDWR | os.O_APPEND), "a+", encoding="utf-8")


def _opened(file: Path, flags: int) -> int:
    descriptor = os.open(file, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, _FILE)
    if os.fstat(descriptor).st_mode & _OTHERS:
        with suppress(PermissionError):
            os.fchmod(descriptor, _FILE)
    return descriptor
