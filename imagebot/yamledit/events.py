"""Bytes in, libyaml's events out, with the limits kept and with offsets in bytes.

Only events are pulled: composing crashes the process on deep nesting and refuses an anchor that is defined twice.
libyaml counts characters and leaves out a byte order mark, so its marks are mapped here, once.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter

import yaml

from imagebot.yamledit.limits import MAX_BYTES, MAX_DEPTH, MAX_EVENTS, MAX_FILE_EVENTS, MAX_HANDLES
from imagebot.yamledit.tree import NotYaml

_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
_SHORT = 16 * 1024
"""Characters: of a few texts so short it is no matter that their events are in memory all at once."""
_HANDLE = re.compile(r"(?:^|[\r\n\x85\u2028\u2029])%TAG")
_DEEPER = {yaml.MappingStartEvent: 1, yaml.SequenceStartEvent: 1, yaml.MappingEndEvent: -1, yaml.SequenceEndEvent: -1}


class Unreadable(Exception):
    """Leaves this room as the value `NotYaml`."""

    def __init__(self, line: int, column: int, message: str, *, beyond: bool = False) -> None:
        super().__init__(message)
        self.why = NotYaml(line, column, message, beyond)


@dataclass(slots=True)
class Budget:
    """How many events of one file may still be read: of its documents, and of the YAML in its texts."""

    left: int = MAX_FILE_EVENTS


class Text:
    """The text of a file from byte `start` to `end`, and where each character of it stands in the bytes."""

    def __init__(self, data: bytes, start: int = 0, end: int | None = None) -> None:
        if len(data) > MAX_BYTES:
            message = f"the file has {len(data)} bytes; at most {MAX_BYTES} are read: split it"
            raise Unreadable(1, 1, message, beyond=True)
        self._data = data
        self._shift = start or (len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0)
        try:
            self.text = data[self._shift : end].decode()
        except UnicodeDecodeError as error:
            line = data.count(b"\n", start, error.start + self._shift) + 1
            raise Unreadable(line, 1, "the file is not UTF-8") from None
        if self.text.startswith(_BOM) and not start:
            raise Unreadable(1, 1, "the file has two byte order marks")
        if self.text.count("%TAG") > MAX_HANDLES and len(_HANDLE.findall(self.text)) > MAX_HANDLES:
            raise Unreadable(1, 1, f"the file has more than {MAX_HANDLES} %TAG directives", beyond=True)
        self._ascii = self.text.isascii()
        self._last = (0, 0)

    def offset(self, index: int) -> int:
        """The byte at which character `index` begins; asked in rising order each character is counted once."""
        if self._ascii:
            return index + self._shift
        at, offset = self._last
        if index >= at:
            offset += len(self.text[at:index].encode())
        else:
            offset -= len(self.text[index:at].encode())
        self._last = (index, offset)
        return offset + self._shift

    @property
    def offsets(self) -> Callable[[int], int]:
        """What `offset` does, as fast as can be."""
        return self._shift.__add__ if self._ascii else self.offset

    def index(self, offset: int) -> int:
        """The character that begins at byte `offset`."""
        return offset - self._shift if self._ascii else len(self._data[self._shift : offset].decode())


def read(text: str, budget: Budget) -> Iterable[yaml.Event]:
    """What `pull` gives. Those of a short text are kept for a while: who edits it reads it again for the proof."""
    events = _short(text) if len(text) <= _SHORT else None
    if events is None or len(events) > budget.left:
        return pull(text, budget)
    budget.left -= len(events)
    return events


@lru_cache(maxsize=4)
def _short(text: str) -> list[yaml.Event] | None:
    """The events of a text that is too short for too many; None where `pull` tells what is wrong."""
    events: list[yaml.Event] = []
    depth = 0
    try:
        for event in _parsed(text):
            events.append(event)
            kind = type(event)
            if kind is not yaml.ScalarEvent:
                depth += _DEEPER.get(kind, 0)
                if depth > MAX_DEPTH:
                    return None
    except (yaml.YAMLError, UnicodeDecodeError):
        return None
    return events


def _parsed(text: str) -> Iterator[yaml.Event]:
    """What `yaml.parse` does, at half its price: it asks whether there is an event before it takes it."""
    return iter(yaml.CSafeLoader(text).get_event, None)


def pull(text: str, budget: Budget | None = None) -> Iterator[yaml.Event]:
    """All events of `text`. Raises `Unreadable` where it is no YAML or beyond the limits."""
    budget = budget or Budget()
    depth = count = paid = 0
    most = min(MAX_EVENTS, budget.left)
    event = None
    try:
        for event in _parsed(text):
            count += 1
            kind = type(event)
            if kind is not yaml.ScalarEvent:
                depth += _DEEPER.get(kind, 0)
                # Others read of the same budget, but not while a document is read.
                budget.left -= count - paid
                paid = count = 1 if kind is yaml.DocumentStartEvent else count
                most = min(MAX_EVENTS, count + budget.left)
            if count > most or depth > MAX_DEPTH:
                budget.left -= count - paid
                raise _beyond(event, depth, count)
            yield event
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise Unreadable(line, column, f"not YAML: {error.problem or error.context}") from None
    except yaml.reader.ReaderError as error:
        line = text.encode()[: error.position].count(b"\n") + 1
        raise Unreadable(line, 1, f"not YAML: a character that may not stand in it ({error.reason})") from None
    except UnicodeDecodeError:
        # libyaml lets a tag such as `!%ed%a0%80` through, whose escapes are no UTF-8.
        line = end(event).line + 1 if event else 1
        raise Unreadable(line, 1, "not YAML: the escapes of the next tag are no UTF-8") from None


begin: Callable[[yaml.Event], yaml.Mark] = attrgetter("start_mark")
"""Where an event begins: libyaml's events always have marks, which the stubs do not know."""

end: Callable[[yaml.Event], yaml.Mark] = attrgetter("end_mark")
"""Where an event ends."""


def _beyond(event: yaml.Event, depth: int, count: int) -> Unreadable:
    if depth > MAX_DEPTH:
        message = f"nested deeper than {MAX_DEPTH} levels: move what is inside to a file of its own"
    elif count > MAX_EVENTS:
        message = f"more than {MAX_EVENTS} keys and values in one document: split it into several"
    else:
        message = f"more than {MAX_FILE_EVENTS} keys and values in one file: split it into several"
    return Unreadable(begin(event).line + 1, begin(event).column + 1, message, beyond=True)
