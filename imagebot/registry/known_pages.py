"""Pages of tag lists as they came the last time: one that did not change is neither sent, where the registry can tell,
nor read again.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Hashable
from dataclasses import dataclass

from imagebot.registry.limits import FREE_BYTES, KNOWN_PAGES_BYTES
from imagebot.registry.paging import TagPage, held_by_tag, held_by_time
from imagebot.registry.tag_page import TagPageReader


@dataclass(frozen=True, slots=True)
class KnownPage:
    """A page of `size` bytes with the SHA-256 `digest`, the `Link` that came with it, and its `etag`, if it has one."""

    page: TagPage
    digest: str
    size: int
    link: str
    etag: str

    @property
    def held(self) -> int:
        """Bytes of memory."""
        return sum(map(held_by_tag, self.page.tags)) + sum(map(held_by_time, self.page.uploaded))


class KnownPages:
    """Those of a process, by what was asked and in whose name; shared by all threads. What is new drops what is old."""

    def __init__(self, room: int = KNOWN_PAGES_BYTES) -> None:
        self._room = room
        self._lock = threading.Lock()
        self._pages: dict[Hashable, KnownPage] = {}

    def get(self, key: Hashable) -> KnownPage | None:
        """What came the last time."""
        with self._lock:
            return self._pages.get(key)

    def keep(self, key: Hashable, known: KnownPage) -> None:
        """In place of what came before; where there is no room, those that were kept first go."""
        with self._lock:
            before = self._pages.pop(key, None)
            self._room += before.held if before is not None else 0
            while self._pages and known.held > self._room:
                self._room += self._pages.pop(next(iter(self._pages))).held
            if known.held <= self._room:
                self._room -= known.held
                self._pages[key] = known


class UnlessKnown:
    """Reads a page, unless its bytes are those of a known one: a small body is held until that is clear."""

    def __init__(self, known: KnownPage, host: str) -> None:
        self._known = known
        self._reader = TagPageReader(host)
        self._held: bytes | None = b"" if known.size <= FREE_BYTES else None

    def feed(self, piece: bytes) -> None:
        if self._held is None:
            self._reader.feed(piece)
            return
        self._held += piece
        if len(self._held) > self._known.size:
            self._read()

    def end(self) -> TagPage:
        """The page. Raises `BadResponse`."""
        if self._held is not None:
            if hashlib.sha256(self._held).hexdigest() == self._known.digest:
                return self._known.page
            self._read()
        return self._reader.end()

    def _read(self) -> None:
        held, self._held = self._held, None
        if held:
            self._reader.feed(held)
