"""Files that people name: regular ones alone, opened without waiting. A pipe may stay silent, a device never ends.

A link is followed here; how far one may lead is for `links` to say.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from imagebot.errors import BadInput

_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_PART = 64 * 1024


class Irregular(OSError):
    """A pipe, a device, a socket or a folder: its `strerror` says so."""


def open_regular(path: Path) -> BinaryIO:
    """The file to read from. Raises `OSError`, and `Irregular` for what is none."""
    # Asked twice: opening a device alone may do something, and a file may be another by then.
    _check(_status(path))
    file = os.fdopen(os.open(path, _READ), "rb")
    try:
        _check(os.fstat(file.fileno()))
    except OSError:
        file.close()
        raise
    return file


def read_regular(path: Path, most: int) -> bytes:
    """What the file holds; of more than `most` bytes one more than that, so that the reader can tell. Raises `OSError`.

    Counted and not asked: a file may grow while it is read, and what the kernel makes up has no size.
    """
    with open_regular(path) as file:
        return read_most(file, most)


def read_most(file: BinaryIO, most: int) -> bytes:
    """The same of an open file. A part at a time: to be ready for all that it may hold costs more than to read it."""
    parts: list[bytes] = []
    left = most + 1
    while left and (part := file.read(min(left, _PART))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def hand_on(path: Path, what: str) -> str:
    """The path, for a program or a library that opens it itself. Raises `BadInput` if it would wait or never end.

    `what` names the file for people. One that is missing is for its reader to report.
    """
    try:
        _check(_status(path))
    except Irregular as error:
        raise BadInput(f"cannot read {what} {path}: {error.strerror}") from None
    except OSError:
        pass
    return str(path)


def _status(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except ValueError:  # a NUL in it
        raise Irregular(errno.EINVAL, "no file can have such a name") from None


def _check(status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise Irregular(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(status.st_mode):
        raise Irregular(errno.EINVAL, "this is no regular file")
