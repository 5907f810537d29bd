"""How a tag list goes on: the next page's query, and what a list that just stops may mean."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

from imagebot.errors import BadResponse
from imagebot.images.packed_tags import PackedTags
from imagebot.registry.limits import (
    CURSOR_CHARACTERS,
    MAX_PAGES,
    PAGE_SIZE,
    TAG_OVERHEAD,
    TAGS_BYTES,
    TAGS_FREE,
    TAGS_TOTAL_BYTES,
    TAGS_TOTAL_PARTS,
)

_QUERY = re.compile(rf"[!-~]{{1,{CURSOR_CHARACTERS}}}", re.ASCII)
FIRST = f"n={PAGE_SIZE}"
PROBE = "n=1"
"""Asked where a full page came twice: who answers with more than one tag heeds no `n`, so that page was all he has."""


def after(tag: str) -> str:
    """The query for the page that follows `tag`, where a registry gives no link."""
    return f"{FIRST}&last={quote(tag, safe='')}"


def linked_query(link: str, host: str) -> str:
    """The query of the next page's URL; the rest of it is not ours to follow. Raises `BadResponse`.

    Registries behind proxies name another scheme, host or path in the link, and hostile ones another host on purpose:
    whoever keeps to his own and takes the query only is right with all of them.
    """
    query = link.partition("?")[2].partition("#")[0]
    if not _QUERY.fullmatch(query):
        raise BadResponse(f"{host} sent a link to the next page that cannot be followed")
    return query


def held_by_tag(tag: str) -> int:
    """Bytes of memory."""
    return TAG_OVERHEAD + len(tag)


def held_by_time(tag: str) -> int:
    """Bytes of memory that a tag and the moment of its upload are held in."""
    return 2 * TAG_OVERHEAD + len(tag)


@dataclass(frozen=True, slots=True)
class TagPage:
    """One page: its tags, how many the registry `sent` with those that are none, and of how many `parts` it was.

    `link` is the URL of the next where it stands in the body, as Google's registries have it; `uploaded` are the
    moments at which tags' images came to the registry, where it tells: Google's do.
    """

    tags: tuple[str, ...]
    sent: int
    link: str | None = None
    uploaded: Mapping[str, datetime] = field(default_factory=dict)
    parts: int = 0


class TagPages:
    """What has come of one tag list so far; every bound that it breaks is an error, never a short list."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._queries: set[str] = set()
        self._packed = PackedTags()
        self._loose: dict[str, None] = {}
        self._page: frozenset[str] = frozenset()
        self._bytes = self._parts = self._loose_held = self._times_held = 0
        self.uploaded: dict[str, datetime] = {}
        self.dropped = 0
        self.complete = True

    @property
    def tags(self) -> Sequence[str]:
        """Every tag; once, but for one of many thousands that came again many pages later."""
        if not self._packed:
            return tuple(self._loose)
        return self._packed.and_then(PackedTags.of(self._loose))

    @property
    def held(self) -> int:
        """Bytes of memory."""
        return self._packed.size + self._loose_held + self._times_held

    @property
    def asked(self) -> int:
        """How many pages were asked for."""
        return len(self._queries)

    def ask(self, query: str) -> str:
        """`query`, if it was not asked before. Raises `BadResponse`."""
        if query in self._queries:
            raise BadResponse(f"{self._host} sends its tag list in a circle")
        if len(self._queries) >= MAX_PAGES:
            raise BadResponse(f"{self._host} sends a tag list of more than {MAX_PAGES} pages")
        self._queries.add(query)
        return query

    def following(self, page: TagPage, size: int, link: str | None) -> str | None:
        """Take a page of `size` bytes; the query of the next one, or None at the end. Raises `BadResponse`."""
        news = self._add(page, size)
        if link := link or page.link:
            if page.tags and not news:
                raise BadResponse(f"{self._host} sends a page of its tag list that has no tag but those before it")
            return linked_query(link, self._host)
        if page.sent != PAGE_SIZE:
            return None
        if not page.tags:
            self.complete = False  # a full page of what is no tag: there is nothing to ask on from
            return None
        return after(page.tags[-1]) if news else PROBE

    def _add(self, page: TagPage, size: int) -> bool:
        """Whether the page held anything new."""
        new = [tag for tag in page.tags if tag not in self._loose and tag not in self._page]
        self._loose |= dict.fromkeys(new)
        self._loose_held += sum(map(held_by_tag, new))
        self._times_held += sum(map(held_by_time, page.uploaded.keys() - self.uploaded))
        self._page = frozenset(page.tags)
        self.uploaded |= page.uploaded
        self.dropped += page.sent - len(page.tags)
        self._bytes += size
        self._parts += page.parts
        if self._loose_held > TAGS_FREE:
            self._packed = self._packed.and_then(PackedTags.of(self._loose))
            self._loose, self._loose_held = {}, 0
        if self.held > TAGS_BYTES or self._bytes > TAGS_TOTAL_BYTES or self._parts > TAGS_TOTAL_PARTS:
            raise BadResponse(f"{self._host} sends a tag list that is too long")
        return bool(new)
