"""Files of people on this machine: read without waiting or going astray, and written whole or not at all.

A file that is replaced keeps its owner, mode and extended attributes (access lists are among these), or it is refused:
nobody should lose the right to read it because its image moved.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from imagebot.errors import BadInput
from imagebot.links import outside, real_path
from imagebot.regular import Irregular, open_regular, read_most
from imagebot.yamledit.limits import MAX_BYTES
from imagebot.yamledit.prove import Proved

# Beside the file, for the instant between a link and a rename; one that nobody has locked is a killed process's.
_NEW = ".imagebot-new"
_NO_UNNAMED_FILES = (errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL)


@dataclass(frozen=True, slots=True)
class OnDisk:
    """A regular file as it was read: what it held, where it really is, and what tells whether it is still that."""

    path: Path
    real: Path
    data: bytes
    status: os.stat_result

    @property
    def identity(self) -> tuple[int, ...]:
        """Another writer changes one of these."""
        status = self.status
        return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def read_file(path: Path) -> OnDisk:
    """A regular file of at most 8 MiB. Raises `OSError`, and `BadInput` for what is none.

    A link is followed within the folder that it is in or that we are in, and no further: a repository may hold one to
    anywhere. A pipe or a device is never waited for.
    """
    real = _followed(path)
    try:
        file = open_regular(real)
    except Irregular as error:
        raise BadInput(f"{path}: {error.strerror}") from None
    with file:
        status = os.fstat(file.fileno())
        data = read_most(file, MAX_BYTES)
    if len(data) > MAX_BYTES:
        raise BadInput(f"{path}: larger than {MAX_BYTES >> 20} MiB, and no more is read: split it")
    return OnDisk(path, real, data, status)


def replace_file(file: OnDisk, data: Proved) -> None:
    """Put the new bytes in the file's place at once: a reader sees the old file or the new, a killed process no harm.

    Raises `BadInput` for a file that would not be the same but for its bytes, and `OSError`.
    """
    if file.status.st_nlink > 1:
        names = f"it has {file.status.st_nlink} names (hard links), and only this one would change"
        raise BadInput(f"{file.path}: {names}; make it a file of its own first")
    if not os.access(file.real, os.W_OK):
        raise BadInput(f"{file.path}: it is read-only")
    beside = file.real.with_name(f".{file.real.name}{_NEW}")
    with _new_file(beside, 0o600) as new:
        _write(new.descriptor, data)
        _make_alike(file, new.descriptor)
        new.name()
        now = OnDisk(file.path, file.real, b"", file.real.lstat())
        if now.identity != file.identity:
            raise BadInput(f"{file.path}: somebody else changed it meanwhile; try again")
        new.rename(file.real)


def create_file(path: Path, data: bytes) -> None:
    """Write a file that is not there yet. Raises `FileExistsError` if it is, else `OSError`; then there is none."""
    with _new_file(path.with_name(f".{path.name}{_NEW}"), 0o666) as new:
        _write(new.descriptor, data)
        new.name()
        os.link(new.beside, path)


def _followed(path: Path) -> Path:
    if not path.is_symlink():
        return path  # it is in its own folder
    elsewhere = outside(path, path.parent, Path.cwd())
    if elsewhere:
        raise BadInput(f"{path}: this is a link to {elsewhere}, in another folder; name that file if you mean it")
    return real_path(path)


@dataclass(slots=True)
class _New:
    """A file that is gone with its process until it has a name, where the file system can do that. It is locked."""

    descriptor: int
    beside: Path
    named: bool

    def name(self) -> None:
        if not self.named:
            folder = os.open(self.beside.parent, os.O_DIRECTORY | os.O_RDONLY | os.O_CLOEXEC)
            try:
                # With a folder given it is linkat(2), which follows the link that this file is; link(2) does not.
                os.link(f"/proc/self/fd/{self.descriptor}", self.beside.name, dst_dir_fd=folder, follow_symlinks=True)
            finally:
                os.close(folder)
            self.named = True

    def rename(self, target: Path) -> None:
        self.beside.rename(target)
        self.named = False


@contextmanager
def _new_file(beside: Path, mode: int) -> Iterator[_New]:
    """A new file, to be named `beside` at first, and not to be found there afterwards."""
    _sweep(beside.parent)
    new = _made(beside, mode)
    try:
        fcntl.flock(new.descriptor, fcntl.LOCK_EX)
        yield new
    except FileExistsError as error:
        if error.filename2 == beside.name:
            raise BadInput(f"{beside} is being written by another imagebot; try again") from None
        raise
    finally:
        os.close(new.descriptor)
        if new.named:
            beside.unlink()


def _made(beside: Path, mode: int) -> _New:
    try:
        return _New(os.open(beside.parent, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, mode), beside, named=False)
    except OSError as error:
        if error.errno not in _NO_UNNAMED_FILES:
            raise
    return _New(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, mode), beside, named=True)


def _write(descriptor: int, data: bytes) -> None:
    with os.fdopen(descriptor, "wb", closefd=False) as file:
        file.write(data)


def _make_alike(file: OnDisk, new: int) -> None:
    """Give a new file the owner, the extended attributes and the mode of the old one: in this order none is reset."""
    there, here = file.status, os.fstat(new)
    try:
        if (there.st_uid, there.st_gid) != (here.st_uid, here.st_gid):
            os.fchown(new, there.st_uid, there.st_gid)
    except PermissionError:
        whose = f"it belongs to user {there.st_uid} and group {there.st_gid}"
        raise BadInput(f"{file.path}: {whose}, and would not any more; run this as that user or as root") from None
    old = _attributes(file.real)
    # A folder may give its new files an access list.
    for name in _attributes(new).keys() - old.keys():
        os.removexattr(new, name)
    for name, value in old.items():
        with suppress(OSError):
            os.setxattr(new, name, value)
    if _attributes(new) != old:
        raise BadInput(f"{file.path}: its extended attributes cannot be kept: {', '.join(sorted(old))}")
    os.fchmod(new, stat.S_IMODE(there.st_mode))


def _attributes(file: int | Path) -> dict[str, bytes]:
    try:
        return {name: os.getxattr(file, name) for name in os.listxattr(file)}
    except OSError as error:
        if error.errno in (errno.ENOTSUP, errno.EOPNOTSUPP):
            return {}
        raise


def _sweep(folder: Path) -> None:
    """Take away what a killed process left between two steps. What another one is just about to name is locked."""
    for path in folder.iterdir():
        if path.name.startswith(".") and path.name.endswith(_NEW):
            with suppress(OSError):
                descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    path.unlink()
                finally:
                    os.close(descriptor)
