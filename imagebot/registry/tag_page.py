"""One page of a tag list, read in pieces: tags are kept, what is no tag is counted, the rest passes by."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from imagebot.errors import BadResponse
from imagebot.images.reference import is_tag
from imagebot.registry.json_reader import CLOSES, OPENS, Events, JsonReader
from imagebot.registry.limits import JSON_DEPTH, PAGE_PARTS, TAG_CHARACTERS, TAGS_BYTES
from imagebot.registry.paging import TagPage, held_by_tag, held_by_time

_MILLISECONDS = re.compile(r"[0-9]{12,13}", re.ASCII)  # 2001 to 2286


class TagPageReader:
    """`{"name": …, "tags": […]}`, and what Google's registries add to it, read as go-containerregistry does.

    `{"next": URL, "manifest": {"sha256:…": {"tag": ["1.0"], "timeUploadedMs": "1700000000000", …}}}`. What makes no
    sense about uploads is left out; a tag that is no text makes the whole page a `BadResponse`.
    """

    def __init__(self, host: str) -> None:
        self._host = host
        self._json = JsonReader(host, PAGE_PARTS, TAG_CHARACTERS)
        self._open: list[str] = []
        self._keys = [""] * (JSON_DEPTH + 2)
        self._parts = self._held = self._sent = 0
        self._listed = False
        self._tags: list[str] = []
        self._link: str | None = None
        self._uploaded: dict[str, datetime] = {}
        self._tagged: list[str] = []
        self._at: datetime | None = None

    def feed(self, piece: bytes) -> None:
        self._look(self._json.feed(piece))

    def end(self) -> TagPage:
        """The page. Raises `BadResponse`."""
        self._look(self._json.end())
        if not self._listed:
            raise BadResponse(f"{self._host} sent a tag list without tags")
        return TagPage(tuple(self._tags), self._sent, self._link, self._uploaded, self._parts)

    def _look(self, events: Events) -> None:
        self._parts += len(events)
        for kind, value in events:
            if kind == "map_key":
                self._keys[len(self._open)] = value
            elif kind in OPENS:
                self._enter(kind)
            elif kind in CLOSES:
                self._leave()
            else:
                self._value(kind, value)

    def _enter(self, kind: str) -> None:
        depth = len(self._open)
        if depth > JSON_DEPTH:
            raise BadResponse(f"{self._host} sent a tag list that is deeper than any")
        if depth == 0 and kind != "start_map":
            raise BadResponse(f"{self._host} sent JSON that is no object")
        if self._keys[1] == "tags" and depth in (1, 2):
            if depth == 2 or kind != "start_array":
                raise self._no_texts()
            self._listed = True
        self._open.append(kind)
        self._keys[depth + 1] = ""

    def _leave(self) -> None:
        self._open.pop()
        if len(self._open) == 2 and self._keys[1] == "manifest":
            if self._at is not None:
                self._hold(sum(map(held_by_time, self._tagged)))
                self._uploaded |= dict.fromkeys(self._tagged, self._at)
            self._tagged, self._at = [], None

    def _value(self, kind: str, value: Any) -> None:
        text = value if kind == "string" else None
        match len(self._open), self._keys[1], self._keys[3]:
            case 0, _, _:
                raise BadResponse(f"{self._host} sent JSON that is no object")
            case 1, "tags", _:
                if value is not None:
                    raise self._no_texts()
                self._listed = True
            case 2, "tags", _:
                self._tag(text)
            case 1, "next", _:
                self._link = text or None
            case 3, "manifest", "timeUploadedMs" if text and _MILLISECONDS.fullmatch(text):
                self._at = datetime.fromtimestamp(int(text) // 1000, UTC)
            case 4, "manifest", "tag" if text and is_tag(text):
                self._hold(held_by_tag(text))
                self._tagged.append(text)

    def _tag(self, text: str | None) -> None:
        if text is None:
            raise self._no_texts()
        self._sent += 1
        if is_tag(text):
            self._hold(held_by_tag(text))
            self._tags.append(text)

    def _hold(self, size: int) -> None:
        self._held += size
        if self._held > TAGS_BYTES:
            raise BadResponse(f"{self._host} sends a tag list that is too long")

    def _no_texts(self) -> BadResponse:
        return BadResponse(f"{self._host} sent a tag list that is no list of texts")
