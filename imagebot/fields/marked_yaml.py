"""Markers in YAML: which value of a document each is beside.

As in Flux, that is the value that ends right before the comment, or the item of a list on the line below a comment of
its own. Text in a scalar is no comment: nothing is marked in a block scalar.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from operator import itemgetter

from imagebot.fields.claim import Lack
from imagebot.fields.marked import Beside, astray
from imagebot.fields.marker import Comment
from imagebot.fields.place import Trail
from imagebot.values import dataclass
from imagebot.yamledit.tree import Alias, Document, Mapping, Node, Scalar
from imagebot.yamledit.tree import Sequence as List

_ASTRAY = (
    "this marker is beside no single value: write it at the end of the value's line, or above the line of a list's item"
)
_DASH = re.compile(rb"[ \t]*-[ \t]+")


_Way = tuple["_Way | None", List | Mapping, int]
"""What a node is in, the way to that, and which of its items or pairs it is."""


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
        self._counted: dict[int, Counter[str]] = {}

    def beside(self, document: Document) -> Iterator[Beside | Lack]:
        """The marked values of the next document, and what is wrong with markers up to its end."""
        self._counted.clear()
        values: list[tuple[int, Scalar | Alias, _Way | None]] = []
        if self._left:
            _gather(document.root, None, values)
            values.sort(key=itemgetter(0))
        if not values:
            return
        starts = [start for start, _, _ in values]
        end = self._data.find(b"\n", _Value(*values[-1][1:]).end)
        while self._left and (self._left[-1].start < end or end < 0):
            comment = self._left.pop()
            after = bisect_right(starts, comment.start)
            value = _Value(*values[after - 1][1:]) if after else None
            if value is None or value.end <= comment.start:
                below = _Value(*values[after][1:]) if after < len(values) else None
                yield from self._one(comment, below if comment.alone else value)

    def rest(self) -> Iterator[Lack]:
        """What is wrong with markers below the last value of the file."""
        while self._left:
            yield from astray(self._left.pop(), _ASTRAY)

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
        if isinstance(around, List):
            return Trail(at, outer, doubtful)
        key, _ = around.pairs[at]
        name = key.value if isinstance(key, Scalar) else "?"
        return Trail(name, outer, doubtful | {name} if self._names(around)[name] > 1 else doubtful)

    def _names(self, node: Mapping) -> Counter[str]:
        """How often each key is in a map, counted once for all markers below it."""
        if id(node) not in self._counted:
            self._counted[id(node)] = Counter(key.value for key, _ in node.pairs if isinstance(key, Scalar))
        return self._counted[id(node)]

    def _touches(self, comment: Comment, value: _Value) -> bool:
        """Whether nothing but blanks stands between the value and the comment, or but a dash where it is below."""
        if not comment.alone:
            return not self._data[value.end : comment.start].strip(b" \t")
        below = self._data.find(b"\n", comment.start) + 1
        return _DASH.fullmatch(self._data, below, value.start) is not None


def _gather(node: Node, way: _Way | None, found: list[tuple[int, Scalar | Alias, _Way | None]]) -> None:
    """Every scalar and alias of a document, with where it begins; also keys: a comment cannot begin in any of them."""
    match node:
        case Scalar() | Alias():
            found.append((node.start, node, way))
        case List():
            for index, item in enumerate(node.items):
                _gather(item, (way, node, index), found)
        case Mapping():
            for index, (key, value) in enumerate(node.pairs):
                _gather(key, None, found)
                _gather(value, (way, node, index), found)
