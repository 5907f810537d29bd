"""Build the light tree out of events."""

from __future__ import annotations

import re

import yaml

from imagebot.yamledit.events import Text, Unreadable, pull
from imagebot.yamledit.tree import Alias, Document, Mapping, Node, NotYaml, Scalar, Sequence

_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*[ \t]+)+")


def parse(data: bytes) -> tuple[Document, ...] | NotYaml:
    """The documents of a file, or why it cannot be read."""
    try:
        text = Text(data)
        tree = _Tree(text)
        for event in pull(text.text):
            tree.take(event)
    except Unreadable as error:
        return error.why
    return tuple(tree.documents)


class _Tree:
    """Takes events one by one; `documents` grows as they end."""

    def __init__(self, text: Text) -> None:
        self.documents: list[Document] = []
        self._text = text
        self._open: list[tuple[yaml.Event, int, list[Node]]] = []
        self._nodes: list[Node] = []
        self._anchors: dict[str, Scalar | Sequence | Mapping | None] = {}
        self._aliases: list[Alias] = []

    def take(self, event: yaml.Event) -> None:
        match event:
            case yaml.ScalarEvent():
                self._add(self._scalar(event))
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._begin(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._end()
            case yaml.AliasEvent():
                self._add(self._alias(event))
            case yaml.DocumentStartEvent():
                self._nodes, self._anchors, self._aliases = [], {}, []
            case yaml.DocumentEndEvent():
                self.documents.append(Document(self._nodes[0], tuple(self._aliases)))

    def _add(self, node: Node) -> None:
        self._nodes.append(node)
        if not isinstance(node, Alias) and node.anchor is not None:
            self._anchors[node.anchor] = node

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        mark, index = event.start_mark, event.start_mark.index
        if event.anchor is not None or event.tag is not None:
            properties = _PROPERTIES.match(self._text.text, index, event.end_mark.index)
            index = properties.end() if properties else index
        start, end = self._text.offset(index), self._text.offset(event.end_mark.index)
        return Scalar(
            event.value, event.style or "", start, end, mark.line + 1, mark.column + 1, event.anchor, event.tag
        )

    def _alias(self, event: yaml.AliasEvent) -> Alias:
        mark = event.start_mark
        target = self._anchors.get(event.anchor)
        alias = Alias(event.anchor, target, self._text.offset(mark.index), mark.line + 1, mark.column + 1)
        self._aliases.append(alias)
        return alias

    def _begin(self, event: yaml.CollectionStartEvent) -> None:
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._open.append((event, self._text.offset(event.start_mark.index), self._nodes))
        self._nodes = []

    def _end(self) -> None:
        children, (event, start, self._nodes) = self._nodes, self._open.pop()
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if isinstance(event, yaml.SequenceStartEvent):
            self._add(Sequence(tuple(children), start, line, column, event.anchor))
        else:
            pairs = tuple(zip(children[::2], children[1::2], strict=True))
            self._add(Mapping(pairs, start, line, column, event.anchor))
