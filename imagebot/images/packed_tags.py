"""Tags of an image that has very many, in a tenth of the memory that as many texts take."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import overload

_TOGETHER = 1000
_FAST = 1


class PackedTags(Sequence[str]):
    """Tags in their order, a thousand of them compressed together; each is a text only while somebody looks at it."""

    __slots__ = ("_length", "_parts")

    def __init__(self, parts: tuple[bytes, ...] = (), length: int = 0) -> None:
        self._parts = parts
        self._length = length

    @classmethod
    def of(cls, tags: Iterable[str]) -> PackedTags:
        """All of `tags`, of which no two need be there at one time."""
        parts: list[bytes] = []
        length = 0
        left = iter(tags)
        while some := tuple(islice(left, _TOGETHER)):
            parts.append(zlib.compress("\n".join(("", *some, "")).encode(), _FAST))
            length += len(some)
        return cls(tuple(parts), length)

    def and_then(self, more: PackedTags) -> PackedTags:
        """These, and more of them."""
        return PackedTags((*self._parts, *more._parts), self._length + more._length)

    @property
    def size(self) -> int:
        """Bytes of memory, as far as they count."""
        return sum(map(len, self._parts))

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(text[1:-1].split("\n") for text in self._texts())

    def __contains__(self, tag: object) -> bool:
        return isinstance(tag, str) and "\n" not in tag and any(f"\n{tag}\n" in text for text in self._texts())

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[str, ...]: ...
    def __getitem__(self, at: int | slice) -> str | tuple[str, ...]:
        if isinstance(at, slice):
            return tuple(islice(self, *at.indices(self._length)))
        if not -self._length <= at < self._length:
            raise IndexError(at)
        return next(islice(self, at % self._length, None))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PackedTags) and self._parts == other._parts

    def __hash__(self) -> int:
        return hash(self._parts)

    def _texts(self) -> Iterator[str]:
        return (zlib.decompress(part).decode() for part in self._parts)
