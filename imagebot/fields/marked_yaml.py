"""Markers in YAML: which value of a document each is beside.

As in Flux, that is the value that ends right before the comment, or the item of a list on the line below a comment of
its own. Text in a scalar is no comment: nothing is marked in a block scalar.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from imagebot.fields.claim import Lack
from imagebot.fields.marked import Beside, astray
from imagebot.fields.marker import Comment
from imagebot.fields.place import Trail
from imagebot.yamledit.tree import Alias, Document, Mapping, Node, Scalar
from imagebot.yamledit.tree import Sequence as List

_ASTRAY = (
    "this marker is beside no single value: write it at the end of the value's line, or above the line of a list's item"
)
_DASH = re.compile(rb"[ \t]*-[ \t]+")


@dataclass(frozen=True, slots=True)
class _Value:
    """A scalar or an alias where it is written; what has no trail, as a key, cannot be marked."""

    node: Scalar | Alias
    start: int
    end: int
    trail: Trail | None = None
    place: int = -1


class Comments:
    """The markers of a file, taken by its documents one after the other."""

    def __init__(self, data: bytes, comments: Sequence[Comment]) -> None:
        self._data = data
        self._left = list(reversed(comments))

    def beside(self, document: Document) -> Iterator[Beside | Lack]:
        """The marked values of the next document, and what is wrong with markers up to its end."""
        values = sorted(_values(document.root), key=lambda value: value.start) if self._left else []
        if not values:
            return
        starts = [value.start for value in values]
        end = self._data.find(b"\n", values[-1].end)
        while self._left and (self._left[-1].start < end or end < 0):
            comment = self._left.pop()
            after = bisect_right(starts, comment.start)
            value = values[after - 1] if after else None
            if value is None or value.end <= comment.start:
                below = values[after] if after < len(values) else None
                yield from self._one(comment, below if comment.alone else value)

    def rest(self) -> Iterator[Lack]:
        """What is wrong with markers below the last value of the file."""
        while self._left:
            yield from astray(self._left.pop(), _ASTRAY)

    def _one(self, comment: Comment, value: _Value | None) -> Iterator[Beside | Lack]:
        if value is None or value.trail is None or not self._touches(comment, value):
            yield from astray(comment, _ASTRAY)
            return
        alias = value.node if isinstance(value.node, Alias) else None
        scalar = value.node.target if isinstance(value.node, Alias) else value.node
        if isinstance(scalar, Scalar):
            yield Beside(comment.marker, scalar, value.place, str(value.trail.step), value.trail, alias)
        else:
            yield from astray(comment, _ASTRAY)

    def _touches(self, comment: Comment, value: _Value) -> bool:
        """Whether nothing but blanks stands between the value and the comment, or but a dash where it is below."""
        if not comment.alone:
            return not self._data[value.end : comment.start].strip(b" \t")
        below = self._data.find(b"\n", comment.start) + 1
        return _DASH.fullmatch(self._data, below, value.start) is not None


def _values(node: Node, trail: Trail | None = None) -> Iterator[_Value]:
    """Every scalar and alias of a document, also keys: a comment cannot begin in any of them."""
    match node:
        case Scalar() | Alias():
            yield _value(node, None, -1)
        case List():
            for index, item in enumerate(node.items):
                way = Trail(index, trail, trail.doubtful if trail else frozenset())
                yield from _child(item, way, -1)
        case Mapping():
            seen = Counter(key.value for key, _ in node.pairs if isinstance(key, Scalar))
            doubtful = trail.doubtful if trail else frozenset[str]()
            for key, value in node.pairs:
                yield from _values(key)
                name = key.value if isinstance(key, Scalar) else "?"
                twice = doubtful | {name} if seen[name] > 1 else doubtful
                yield from _child(value, Trail(name, trail, twice), node.start)


def _child(node: Node, way: Trail, place: int) -> Iterator[_Value]:
    if isinstance(node, Scalar | Alias):
        yield _value(node, way, place)
    else:
        yield from _values(node, way)


def _value(node: Scalar | Alias, way: Trail | None, place: int) -> _Value:
    end = node.end if isinstance(node, Scalar) else node.start + 1 + len(node.name.encode())
    # Items of a list are of one field only with themselves.
    return _Value(node, node.start, end, way, place if place >= 0 else -node.start - 1)
