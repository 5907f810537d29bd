"""Build the light tree out of events."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import repeat
from typing import Any

import yaml

from imagebot.values import dataclass
from imagebot.yamledit.events import Budget, Text, Unreadable, begin, end, read
from imagebot.yamledit.lines import indentation
from imagebot.yamledit.pieces import Piece, pieces
from imagebot.yamledit.tree import Alias, Document, Mapping, Node, NotYaml, Scalar, Sequence, Skipped

_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*[ \t]+)+")


Wanted = Callable[[bytes], bool]


def parse(
    data: bytes, budget: Budget | None = None, wanted: Wanted | None = None
) -> Iterator[Document | Skipped | NotYaml]:
    """The documents of a file one by one, so that a large file is never in memory as a whole tree.

    Where it cannot be read on, the reason comes last: then what came before is not to be trusted either. Whoever reads
    texts within it, too, hands one `budget` to both. With `wanted`, documents of whose bytes it says no are skipped:
    the file is as readable as the others are.
    """
    for piece in (Piece(0, len(data), 0, None),) if wanted is None else pieces(data):
        if wanted is not None and piece.documents is not None and not wanted(data[piece.start : piece.end]):
            yield from repeat(Skipped(), piece.documents)
            continue
        for document in _parse(data, piece, _Origin(line=piece.line), budget):
            yield document
            if isinstance(document, NotYaml):
                return


def parse_within(data: bytes, scalar: Scalar, budget: Budget | None = None) -> Iterator[Document | NotYaml]:
    """The documents of YAML that is the text of a scalar of the file `data`, each scalar saying where it stands."""
    text = scalar.value.encode()
    yield from _parse(text, Piece(0, len(text), 0, None), _Origin(scalar, indentation(data, scalar)), budget)


def _parse(data: bytes, piece: Piece, origin: _Origin, budget: Budget | None) -> Iterator[Document | NotYaml]:
    try:
        text = Text(data, piece.start, piece.end)
        tree = _Tree(text, origin)
        takes = tree.takes
        for event in read(text.text, budget or Budget()):
            document = takes[type(event)](event)
            if document is not None:
                yield document
    except Unreadable as error:
        why = error.why
        yield NotYaml(*origin.place(why.line - 1, why.column - 1), why.message, why.beyond)


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where a text comes from: the file itself, from a `line` on, or a scalar whose lines stand in by `indentation`."""

    scalar: Scalar | None = None
    indentation: int = 0
    line: int = 0

    def place(self, line: int, column: int) -> tuple[int, int]:
        """Line and column in the file, of those in the text that count from 0.

        Only in a literal block each line of the text is one of the file.
        """
        if self.scalar is None:
            return self.line + line + 1, column + 1
        if self.scalar.style == "|":
            return self.scalar.line + line + 1, self.indentation + column + 1
        return self.scalar.line, self.scalar.column


class _Tree:
    """Takes events one by one, and gives a document when it ends."""

    def __init__(self, text: Text, origin: _Origin) -> None:
        self._text = text.text
        self._offset = text.offsets
        self._place = origin.place
        self._within = origin.scalar
        self._open: list[tuple[yaml.CollectionStartEvent, int, list[Node]]] = []
        self._nodes: list[Node] = []
        self._anchors: dict[str, Scalar | Sequence | Mapping | None] = {}
        self._aliases: list[Alias] = []

    @property
    def takes(self) -> dict[type, Callable[[Any], Document | None]]:
        """What takes each kind of event."""
        return {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: self._begin,
            yaml.SequenceStartEvent: self._begin,
            yaml.MappingEndEvent: self._end,
            yaml.SequenceEndEvent: self._end,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._start,
            yaml.DocumentEndEvent: self._document,
            yaml.StreamStartEvent: self._pass,
            yaml.StreamEndEvent: self._pass,
        }

    def _pass(self, event: yaml.Event) -> None:
        """Where a stream begins and ends nothing is."""

    def _start(self, event: yaml.DocumentStartEvent) -> None:
        self._nodes, self._anchors, self._aliases = [], {}, []

    def _document(self, event: yaml.DocumentEndEvent) -> Document:
        return Document(self._nodes[0], tuple(self._aliases))

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        mark, stop, anchor, tag = begin(event), end(event).index, event.anchor, event.tag
        index = mark.index
        if anchor is not None or tag is not None:
            properties = _PROPERTIES.match(self._text, index, stop)
            index = properties.end() if properties else index
        first, last = self._offset(index), self._offset(stop)
        line, column = self._place(mark.line, mark.column)
        scalar = Scalar(event.value, event.style or "", first, last, line, column, anchor, tag, self._within)
        self._nodes.append(scalar)
        if anchor is not None:
            self._anchors[anchor] = scalar

    def _alias(self, event: yaml.AliasEvent) -> None:
        mark, name = begin(event), event.anchor or ""
        target, start = self._anchors.get(name), self._offset(mark.index)
        alias = Alias(name, target, start, *self._place(mark.line, mark.column))
        self._aliases.append(alias)
        self._nodes.append(alias)

    def _begin(self, event: yaml.CollectionStartEvent) -> None:
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._open.append((event, self._offset(begin(event).index), self._nodes))
        self._nodes = []

    def _end(self, _: yaml.Event) -> None:
        children, (event, start, self._nodes) = self._nodes, self._open.pop()
        mark, anchor = begin(event), event.anchor
        line, column = self._place(mark.line, mark.column)
        node: Sequence | Mapping
        if type(event) is yaml.SequenceStartEvent:
            node = Sequence(tuple(children), start, line, column, anchor)
        else:
            pairs = tuple(zip(children[::2], children[1::2], strict=True))
            node = Mapping(pairs, start, line, column, anchor)
        self._nodes.append(node)
        if anchor is not None:
            self._anchors[anchor] = node
