"""Markers in YAML: which value of a document each is beside.

As in Flux, that is the value that ends right before the comment, or the item of a list on the line below a comment of
its own. Text in a scalar is no comment: nothing is marked in a block scalar.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

from imagebot.fields.claim import Lack
from imagebot.fields.marked import Beside, astray
from imagebot.fields.marker import Comment
from imagebot.fields.place import Trail, repeated
from imagebot.yamledit.tree import Alias, Collection, Document, Mapping, Node, Scalar, Skipped

_ASTRAY = (
    "this marker is beside no single value: write it at the end of the value's line, or above the line of a list's item"
)
_DASH = re.compile(rb"[ \t]*-[ \t]+")


_Way = tuple["_Way | None", Collection, int]
"""What a node is in, the way to that, and which of what is inside it is."""


@dataclass(frozen=True, slots=True)
class _Value:
    """A scalar or an alias where it is written; what has no `way` to it, as a key, cannot be marked."""

    node: Scalar | Alias
    way: _Way | None

    @property
    def start(self) -> int:
        return self.node.start

    @property
    def end(self) -> int:
        return self.node.end if isinstance(self.node, Scalar) else self.node.start + 1 + len(self.node.name.encode())

    @property
    def place(self) -> int:
        """The map that it is in; items of a list are of one field only with themselves."""
        _, around, _ = self.way or (None, None, 0)
        return around.start if isinstance(around, Mapping) else -self.node.start - 1


class Comments:
    """The markers of a file, taken by its documents one after the other."""

    def __init__(self, data: bytes, comments: Sequence[Comment]) -> None:
        self._data = data
        self._left = list(reversed(comments))
        self._outside: list[Comment] = []
        self._twice: dict[int, frozenset[str]] = {}

    def beside(self, document: Document) -> Iterator[Beside | Lack]:
        """The marked values of the next document, and what is wrong with markers up to its end."""
        self._twice.clear()
        values = _values(document.root) if self._left else ()
        if not values:
            return
        end = self._data.find(b"\n", values[-1].end)
        while self._left and (self._left[-1].start < end or end < 0):
            comment = self._left.pop()
            after = bisect_right(values, comment.start, key=attrgetter("start"))
            value = values[after - 1] if after else None
            if value is None or value.end <= comment.start:
                below = values[after] if after < len(values) else None
                yield from self._one(comment, below if comment.alone else value)

    def skip(self, document: Skipped) -> None:
        """Leave out those of a document that is not read."""
        while self._left and self._left[-1].start < document.end:
            comment = self._left.pop()
            if comment.start < document.start:
                self._outside.append(comment)

    def rest(self) -> Iterator[Lack]:
        """What is wrong with markers outside of documents, and below the last value of the file."""
        for comment in (*self._outside, *reversed(self._left)):
            yield from astray(comment, _ASTRAY)

    def _one(self, comment: Comment, value: _Value | None) -> Iterator[Beside | Lack]:
        if value is None or value.way is None or not self._touches(comment, value):
            yield from astray(comment, _ASTRAY)
            return
        alias = value.node if isinstance(value.node, Alias) else None
        scalar = value.node.target if isinstance(value.node, Alias) else value.node
        if isinstance(scalar, Scalar):
            trail = self._trail(value.way)
            yield Beside(comment.marker, scalar, value.place, str(trail.step), trail, alias)
        else:
            yield from astray(comment, _ASTRAY)

    def _trail(self, way: _Way) -> Trail:
        before, around, at = way
        outer = self._trail(before) if before else None
        doubtful = outer.doubtful if outer else frozenset[str]()
        if not isinstance(around, Mapping):
            return Trail(at, outer, doubtful)
        key = around.key(at)
        name = "?" if key is None else key
        return Trail(name, outer, doubtful | {name} if name in self._repeated(around) else doubtful)

    def _repeated(self, node: Mapping) -> frozenset[str]:
        """The keys that a map has more than once, counted once for all markers below it."""
        if id(node) not in self._twice:
            self._twice[id(node)] = repeated(node.names)
        return self._twice[id(node)]

    def _touches(self, comment: Comment, value: _Value) -> bool:
        """Whether nothing but blanks stands between the value and the comment, or but a dash where it is below."""
        if not comment.alone:
            return not self._data[value.end : comment.start].strip(b" \t")
        below = self._data.find(b"\n", comment.start) + 1
        return _DASH.fullmatch(self._data, below, value.start) is not None


def _values(root: Node) -> _Values | tuple[_Value, ...]:
    """Every scalar and alias of a document in order; also keys: a comment cannot begin in any of them."""
    if isinstance(root, Collection):
        ways: list[_Way] = []
        _gather(root, None, ways)
        return _Values(ways)
    return (_Value(root, None),)


class _Values:
    """Values by the way to each: they are many, and few are looked at."""

    def __init__(self, ways: list[_Way]) -> None:
        self._ways = ways

    def __len__(self) -> int:
        return len(self._ways)

    def __getitem__(self, at: int) -> _Value:
        way = self._ways[at]
        _, around, index = way
        node = around.node(index)
        assert isinstance(node, Scalar | Alias), "no others are gathered"
        return _Value(node, None if isinstance(around, Mapping) and index % 2 == 0 else way)


def _gather(around: Collection, before: _Way | None, found: list[_Way]) -> None:
    for index, item in enumerate(around.inside):
        if isinstance(item, Collection):
            is_key = isinstance(around, Mapping) and index % 2 == 0
            _gather(item, None if is_key else (before, around, index), found)
        else:
            found.append((before, around, index))
