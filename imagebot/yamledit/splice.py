"""Replace spans of bytes; every byte outside them survives."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Edit(NamedTuple):
    """`old` stands at `start` and becomes `new`; offsets count bytes."""

    start: int
    old: bytes
    new: bytes

    @property
    def end(self) -> int:
        return self.start + len(self.old)


def splice(data: bytes, edits: Iterable[Edit]) -> bytes:
    """Apply edits that do not overlap and that replace something: two insertions at one place would have no order.

    Raises `ValueError` otherwise, or if the old bytes are not there.
    """
    parts = []
    done = 0
    for edit in sorted(edits):
        if not edit.old:
            raise ValueError(f"the edit at byte {edit.start} replaces nothing")
        if edit.start < done:
            raise ValueError(f"two edits overlap at byte {edit.start}")
        if data[edit.start : edit.end] != edit.old:
            raise ValueError(f"the bytes at {edit.start} are not what was found there")
        parts += [data[done : edit.start], edit.new]
        done = edit.end
    parts.append(data[done:])
    return b"".join(parts)
