"""What every way to order tags can be asked; each is one file beside this one."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar, Protocol

Key = tuple[Any, ...]
"""A place in an order. Keys of one order compare with each other and with `()`; the greatest is chosen."""


class Out(StrEnum):
    """Why a text has no place among those that may be chosen."""

    UNREAD = "unread"
    """The order can make nothing of it."""
    RANGE = "range"
    """It has a place, and a person drew the line elsewhere."""
    PRERELEASE = "prerelease"
    """It would be in the range if that let prereleases in."""
    UNASKED = "unasked"
    """What decides about it has to be fetched first."""


class BadRule(ValueError):
    """A range or format that cannot be read; `offset` (from 0) and `length` are the characters to underline."""

    def __init__(self, message: str, offset: int = 0, length: int = 1) -> None:
        super().__init__(message)
        self.offset = offset
        self.length = length


class Region(Protocol):
    """A part of an order."""

    def holds(self, key: Key) -> bool:
        """Whether what stands at `key` is in it."""
        ...


class Order(Protocol):
    """A rule that a person wrote, ready to place tags. `str()` of it is what was written."""

    __slots__ = ()

    name: ClassVar[str]
    """The key of a policy file that it stands behind."""

    def place(self, text: str) -> Key | Out:
        """Where `text` stands, or why it may not be chosen."""
        ...

    def loosely(self, text: str) -> Key | None:
        """Where `text` stands whether or not it may be chosen, read as kindly as can be; `None`: nowhere."""
        ...

    def why(self, key: Key) -> str:
        """What lets in what stands at `key`, as the end of a sentence: `is in ^1.4`."""
        ...

    def why_not(self, text: str, out: Out) -> str:
        """Why `place` gave `out` for `text`, as the end of a sentence."""
        ...

    def praise(self, admitted: int, best: Key) -> str:
        """What is special about the best of so many: `the newest of 3 tags in ^1.4`."""
        ...

    def step(self, old: Key | None, new: Key | None) -> str:
        """How far it is from one place (`None`: from none) to another, in one word; `other` if no word fits."""
        ...

    def around(self, tag: str) -> tuple[str, str] | None:
        """What stands before and behind the version in `tag`, by the looks of it; `None` if there is no version."""
        return None

    def region(self, text: str) -> Region:
        """The part of the order that a range means. Raises `ValueError`."""
        raise ValueError(f"{self.name} knows no ranges; write an exact tag or {{match: …}}")


def counted(number: int, noun: str, best: str) -> str:
    """`the only tag`, `the newest of 3 tags`."""
    return f"the only {noun}" if number == 1 else f"{best} of {number} {noun}s"
