"""Build the light tree out of events."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import repeat

import yaml

from imagebot.yamledit.events import Budget, Text, Unreadable, begin, end, read
from imagebot.yamledit.lines import indentation
from imagebot.yamledit.pieces import Piece, pieces
from imagebot.yamledit.tree import (
    Alias,
    Collection,
    Document,
    Mapping,
    NotYaml,
    Scalar,
    Sequence,
    Skipped,
    Unmade,
    as_node,
)

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
            yield from repeat(Skipped(piece.start, piece.end), piece.documents)
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
        yield from _documents(read(text.text, budget or Budget()), _Original(text, origin))
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


class _Original:
    """A text that events are of; what they say becomes nodes here."""

    def __init__(self, text: Text, origin: _Origin) -> None:
        self._text = text.text
        self._offset = text.offsets
        self._place = origin.place
        self._within = origin.scalar

    def where(self, event: yaml.Event) -> tuple[int, int, int]:
        mark = begin(event)
        return self._offset(mark.index), *self._place(mark.line, mark.column)

    def scalar(self, event: yaml.ScalarEvent) -> Scalar:
        mark, stop, anchor, tag = begin(event), end(event).index, event.anchor, event.tag
        index = mark.index
        if anchor is not None or tag is not None:
            properties = _PROPERTIES.match(self._text, index, stop)
            index = properties.end() if properties else index
        first, last = self._offset(index), self._offset(stop)
        line, column = self._place(mark.line, mark.column)
        return Scalar(event.value, event.style or "", first, last, line, column, anchor, tag, self._within)


def _documents(events: Iterable[yaml.Event], original: _Original) -> Iterator[Document]:
    """The trees of these events. A file has very many: what is done with each is done here, and is little."""
    around: list[tuple[yaml.CollectionStartEvent, list[Unmade], list[tuple[int, Collection]]]] = []
    inside: list[Unmade] = []
    below: list[tuple[int, Collection]] = []
    # What has no anchor overwrites what nobody asks for, which costs less than to ask whether it has one.
    anchors: dict[str | None, Scalar | Sequence | Mapping | None] = {}
    aliases: list[Alias] = []
    for event in events:
        if isinstance(event, yaml.ScalarEvent):
            if event.anchor is None and event.tag is None:
                inside.append(event)
            else:
                scalar = anchors[event.anchor] = original.scalar(event)
                inside.append(scalar)
        elif isinstance(event, yaml.CollectionStartEvent):
            anchors[event.anchor] = None
            around.append((event, inside, below))
            inside, below = [], []
        elif isinstance(event, yaml.CollectionEndEvent):
            start, outer, beside = around.pop()
            made = Mapping if isinstance(event, yaml.MappingEndEvent) else Sequence
            node = anchors[start.anchor] = made(start, inside, below, original)
            beside.append((len(outer), node))
            outer.append(node)
            inside, below = outer, beside
        elif isinstance(event, yaml.AliasEvent):
            aliases.append(Alias(event.anchor or "", anchors.get(event.anchor), *original.where(event)))
            inside.append(aliases[-1])
        elif isinstance(event, yaml.DocumentEndEvent):
            [root] = inside
            yield Document(as_node(root, original), tuple(aliases))
            inside, below, anchors, aliases = [], [], {}, []
