"""YAML bytes become a tree of text in which every value and key knows its place.

Built on the parser's events, never on constructed objects: `1.10` and `no` stay what the author wrote, and nothing
that a file can say (tags, merge keys, deep nesting, aliases of aliases) makes more of it than its text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml import events as yaml_events
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.reader import ReaderError

from imagebot.documents.model import Path
from imagebot.documents.yaml_text import YamlText
from imagebot.documents.yamlwords import explain
from imagebot.errors import Problem

# Files that people write for the bot are small, and this parser, which keeps every place, is slow: hence less than
# what `yamledit.limits` lets the files of environment repositories have.
MAX_BYTES = 256 * 1024
MAX_DEPTH = 64
MAX_VALUES = 20_000
MAX_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class KeyValue:
    """One key of a mapping and what stands behind it."""

    key: Node
    value: Node


@dataclass(frozen=True, slots=True)
class Node:
    """A value between two characters of a file; `size` counts the values in it, those of aliases each time."""

    source: YamlText = field(repr=False)
    start: int
    end: int
    content: str | tuple[Node, ...] | Mapping[str, KeyValue] | None
    size: int = 1

    def plain(self) -> object:
        """The same as dicts, lists, text and None (an empty value)."""
        if isinstance(self.content, tuple):
            return [item.plain() for item in self.content]
        if isinstance(self.content, Mapping):
            return {key: entry.value.plain() for key, entry in self.content.items()}
        return self.content

    def problem(self, message: str) -> Problem:
        """A problem with this value."""
        return self.source.problem(message, self.start, self.end)


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """One file, read; `problems` are those that did not stop the reading.

    Values that the file took from others know where they stand.
    """

    source: YamlText
    root: Node
    problems: tuple[Problem, ...]

    def node(self, path: Path) -> Node:
        """The value at `path`, or the innermost one around it that exists."""
        node = self.root
        for part in path:
            match node.content, part:
                case tuple() as items, int() if part < len(items):
                    node = items[part]
                case Mapping() as entries, str() if part in entries:
                    node = entries[part].value
                case _:
                    break
        return node

    def key(self, path: Path) -> Node | None:
        """The last key of `path`, if the file has it."""
        around = self.node(path[:-1]).content
        return around[str(path[-1])].key if path and isinstance(around, Mapping) and path[-1] in around else None

    def problem(self, path: Path, message: str) -> Problem:
        """A problem with the value at `path`."""
        return self.node(path).problem(message)


def parse(file: str, data: bytes) -> ParsedFile | tuple[Problem, ...]:
    """Read one YAML document that holds at least one value. Problems that end the reading come alone."""
    source = YamlText(file, "")
    if len(data) > MAX_BYTES:
        return (source.problem(f"the file is larger than {MAX_BYTES // 1024} KiB", 0, 0),)
    try:
        source = YamlText(file, data.removeprefix(b"\xef\xbb\xbf").decode())
    except UnicodeDecodeError as error:
        source = YamlText(file, data.removeprefix(b"\xef\xbb\xbf")[: error.start].decode())
        return (source.problem("this is not UTF-8 text", error.start, error.start),)
    reading = _Reading(source, YAML(typ="rt", pure=True).parse(source.text))
    try:
        root = reading.document()
    except _Stop as stop:
        return tuple(sorted([*reading.problems, source.problem(str(stop), stop.start, stop.end)]))
    except ReaderError as error:
        return (source.problem(f"the character U+{error.character:04X} is not allowed in YAML", error.position, 0),)
    except MarkedYAMLError as error:
        return (source.problem(*explain(error)),)
    except ValueError:
        # The only one that the parser lets through: of chr(), for an escape beyond Unicode, without a place.
        start = max(source.text.find("\\U"), 0)
        return (source.problem("this escape is no character of Unicode", start, start + 10),)
    return ParsedFile(source, root, tuple(reading.problems))


class _Stop(Exception):
    """The file cannot be read further."""

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.start = start
        self.end = end


@dataclass(slots=True)
class _Reading:
    """The way through one file's events."""

    source: YamlText
    events: Iterator[Any]
    problems: list[Problem] = field(default_factory=list)
    anchors: dict[str, Node] = field(default_factory=dict)
    depth: int = 0
    values: int = 0

    def document(self) -> Node:
        next(self.events)
        if isinstance(next(self.events), yaml_events.StreamEndEvent):
            raise _Stop("the file is empty", 0, 0)
        root = self.value(next(self.events))
        if root.size > MAX_VALUES:
            raise _Stop(f"the file holds more than {MAX_VALUES} values, aliases counted each time; split it", 0, 0)
        next(self.events)
        after = next(self.events)
        if not isinstance(after, yaml_events.StreamEndEvent):
            raise _Stop("a second document begins here; one file holds one", *_span(after))
        return root

    def value(self, event: Any) -> Node:
        start, end = _span(event)
        self.values += 1
        if self.values > MAX_VALUES:
            raise _Stop(f"the file holds more than {MAX_VALUES} keys and values; split it", start, end)
        if isinstance(event, yaml_events.AliasEvent):
            if event.anchor not in self.anchors:
                raise _Stop(
                    f"there is no &{event.anchor} above; put a value that begins with '*' in quotes", start, end
                )
            return self.anchors[event.anchor]
        if event.ctag is not None:
            raise _Stop("tags mean nothing here; put a value that begins with '!' in quotes", start, end)
        if event.anchor is not None:
            start = self.after_anchor(event.anchor, start)
        node = self.untagged(event, start, end)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def untagged(self, event: Any, start: int, end: int) -> Node:
        if isinstance(event, yaml_events.ScalarEvent):
            return Node(self.source, start, end, None if event.value == "" and event.style is None else event.value)
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _Stop(f"more than {MAX_DEPTH} values inside each other", start, end)
        node = (
            self.sequence(event, start)
            if isinstance(event, yaml_events.SequenceStartEvent)
            else self.mapping(event, start)
        )
        self.depth -= 1
        return node

    def sequence(self, opening: Any, start: int) -> Node:
        items = []
        while not isinstance(event := next(self.events), yaml_events.SequenceEndEvent):
            items.append(self.value(event))
        end = _span(event)[1] if opening.flow_style else start + 1
        return Node(self.source, start, end, tuple(items), 1 + sum(item.size for item in items))

    def mapping(self, opening: Any, start: int) -> Node:
        entries: dict[str, KeyValue] = {}
        while not isinstance(event := next(self.events), yaml_events.MappingEndEvent):
            key = self.value(event)
            entry = KeyValue(key, self.value(next(self.events)))
            self.add(entries, entry)
        first = next(iter(entries.values()), None)
        if opening.flow_style or first is None:
            end = _span(event)[1]
        else:
            start, end = first.key.start, first.key.end
        return Node(self.source, start, end, entries, 1 + sum(entry.value.size for entry in entries.values()))

    def add(self, entries: dict[str, KeyValue], entry: KeyValue) -> None:
        name = entry.key.content
        if not isinstance(name, str):
            self.complain("a key must be text", entry.key)
        elif name == "<<":
            self.complain(
                "merge keys are not read here; write the keys out, or use an alias for a whole value", entry.key
            )
        elif name in entries:
            line = self.source.problem("", entries[name].key.start, 0).line
            self.complain(f"the key {name!r} is here twice, first in line {line}", entry.key)
        else:
            entries[name] = entry

    def complain(self, message: str, node: Node) -> None:
        if len(self.problems) >= MAX_PROBLEMS:
            raise _Stop(
                f"the file has more than {MAX_PROBLEMS} problems; the first ones are shown", node.start, node.end
            )
        self.problems.append(self.source.problem(message, node.start, node.end))

    def after_anchor(self, anchor: str, start: int) -> int:
        """The events of anchored values begin at the anchor."""
        rest = self.source.text[start + 1 + len(anchor) :]
        return start + 1 + len(anchor) + len(rest) - len(rest.lstrip())


def _span(event: Any) -> tuple[int, int]:
    return event.start_mark.index, event.end_mark.index
