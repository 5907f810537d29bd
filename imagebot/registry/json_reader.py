"""JSON that others wrote, read in pieces as it comes, so that only what is wanted of it is ever held.

`ijson` reads in C what `json` would make 25 times as large; the bounds on parts, depth and length of a text are ours.
Bytes that are not UTF-8, halves of characters, and numbers beyond 64 bits are no JSON here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import ijson

from imagebot.errors import BadResponse
from imagebot.registry.failures import BadContent
from imagebot.registry.limits import DOCUMENT_PARTS, JSON_DEPTH, SHORT_JSON_BRACKETS, TEXT_IN_JSON

Events = Sequence[tuple[str, Any]]
"""As `ijson` tells them: `start_map`, `map_key`, `string`, `number`, `end_map` and so on, each with its value."""

OPENS = frozenset({"start_map", "start_array"})
CLOSES = frozenset({"end_map", "end_array"})


def may_be_deep(text: bytes) -> bool:
    """Whether a short JSON text, in whatever encoding, may be deeper than any that is meant, by its brackets.

    Python reads JSON with a call for each level: at the end of its stack finalizers fail that happen to run then.
    """
    return text.count(b"[") + text.count(b"{") > SHORT_JSON_BRACKETS


class BodyReader(Protocol):
    """What takes the body of an answer."""

    def feed(self, piece: bytes) -> None:
        """Take some more of it, not nothing. Raises `BadResponse`."""

    def end(self) -> Any:
        """What the body was. Raises `BadResponse`."""


class JsonReader:
    """Makes events of a body that `host` sent, as long as it keeps to its bounds: `parts`, and `longest` of a text.

    It knows nobody who wants them: readers that knew each other would outlive their answers, with all that they read.
    """

    def __init__(self, host: str, parts: int, longest: int) -> None:
        self._host = host
        self._left = parts
        self._longest = longest
        self._running = 0
        self._events: list[tuple[str, Any]] = ijson.sendable_list()
        self._parser = ijson.basic_parse_coro(self._events, use_float=True)

    def feed(self, piece: bytes) -> Events:
        """What some more of the body holds, good until more is fed. Raises `BadResponse`."""
        self._events.clear()
        try:
            self._parser.send(piece)
        except (ijson.JSONError, ValueError):
            raise self._no_json() from None
        self._left -= len(self._events)
        self._running = 0 if self._events or piece.isspace() else self._running + len(piece)
        if self._left < 0 or self._running > self._longest:
            raise BadContent(f"{self._host} sent JSON that is larger than anything of its kind")
        return self._events

    def end(self) -> Events:
        """What is left. Raises `BadResponse` if the body was cut, or empty."""
        self._events.clear()
        try:
            self._parser.close()
        except (ijson.JSONError, ValueError):
            raise self._no_json() from None
        return self._events

    def _no_json(self) -> BadResponse:
        return BadResponse(f"{self._host} sent something that is no JSON")


class DocumentReader:
    """Makes dictionaries, lists and plain values of a body; of two equal keys the last counts."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._json = JsonReader(host, DOCUMENT_PARTS, TEXT_IN_JSON)
        self._whole: list[Any] = []
        self._open: list[list[Any] | dict[str, Any]] = [self._whole]
        self._keys: list[str] = []

    def feed(self, piece: bytes) -> None:
        self._build(self._json.feed(piece))

    def end(self) -> Any:
        """The value that the body stands for. Raises `BadResponse`."""
        self._build(self._json.end())
        return self._whole[0]

    def _build(self, events: Events) -> None:
        for kind, value in events:
            if kind == "map_key":
                self._keys.append(value)
            elif kind in CLOSES:
                self._open.pop()
            elif kind in OPENS:
                inner: list[Any] | dict[str, Any] = {} if kind == "start_map" else []
                self._add(inner)
                self._descend(inner)
            else:
                self._add(value)

    def _descend(self, inner: list[Any] | dict[str, Any]) -> None:
        """At each step: what opens and closes in one piece is as deep."""
        self._open.append(inner)
        if len(self._open) > JSON_DEPTH:
            raise BadContent(f"{self._host} sent JSON that is deeper than anything of its kind")

    def _add(self, value: Any) -> None:
        into = self._open[-1]
        if isinstance(into, dict):
            into[self._keys.pop()] = value
        else:
            into.append(value)
