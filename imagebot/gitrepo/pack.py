"""Objects that are made here and given to git all at once, in one process: as a pack, the way a fetch brings them.

The format is gitformat-pack(5), with every object whole. Git unpacks it into loose objects in the order given and
passes over what it has already; so what a commit refers to comes before it, and a crash leaves no commit in want of it.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from typing import Literal

from imagebot.gitrepo.process import Git

Kind = Literal["commit", "tree", "blob"]

_TYPES: dict[Kind, int] = {"commit": 1, "tree": 2, "blob": 3}


class NewObjects:
    """Objects that git may not have yet, for a repository whose ids have this many `digits`."""

    def __init__(self, digits: int) -> None:
        self._digits = digits
        self._objects: dict[str, tuple[Kind, bytes]] = {}

    def add(self, kind: Kind, data: bytes) -> str:
        """Add an object; its id. What it refers to comes before it."""
        name = self.id_of(kind, data)
        self._objects[name] = (kind, data)
        return name

    def id_of(self, kind: Kind, data: bytes) -> str:
        """The id that an object would have."""
        return self._hash(b"%s %d\0%s" % (kind.encode(), len(data), data)).hex()

    def include(self, others: NewObjects) -> None:
        """Add all of `others`."""
        self._objects |= others._objects

    def store(self, git: Git) -> None:
        """Write them all into the repository."""
        if self._objects:
            head = b"PACK" + struct.pack(">II", 2, len(self._objects))
            pack = b"".join([head, *(_packed(kind, data) for kind, data in self._objects.values())])
            git.out("unpack-objects", "-q", stdin=pack + self._hash(pack))

    def _hash(self, data: bytes) -> bytes:
        if self._digits == 40:
            return hashlib.sha1(data, usedforsecurity=False).digest()
        return hashlib.sha256(data).digest()


def _packed(kind: Kind, data: bytes) -> bytes:
    """Type and size, three bits and four in the first byte, seven in each one after, the lowest first; and the data."""
    rest, low = divmod(len(data), 16)
    head = [_TYPES[kind] << 4 | low]
    while rest:
        head[-1] |= 0x80
        rest, low = divmod(rest, 128)
        head.append(low)
    return bytes(head) + zlib.compress(data, 1)
