"""How a tag list goes on: the next page's query, and what a list that just stops may mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

from imagebot.errors import BadResponse
from imagebot.registry.limits import CURSOR_CHARACTERS, MAX_PAGES, MAX_TAGS, PAGE_SIZE, TAGS_TOTAL_BYTES

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


@dataclass(frozen=True, slots=True)
class Page:
    """One page; `link` is the URL of the next where it stands in the body, as Google's registries have it.

    `uploaded` are the moments at which tags' images came to the registry, where it tells: Google's do.
    """

    tags: tuple[str, ...]
    link: str | None = None
    uploaded: Mapping[str, datetime] = field(default_factory=dict)


class Pages:
    """What has come of one tag list so far; every bound that it breaks is an error, never a short list."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._queries: set[str] = set()
        self._tags: set[str] = set()
        self._bytes = 0
        self.uploaded: dict[str, datetime] = {}
        self.complete = True

    def ask(self, query: str) -> str:
        """`query`, if it was not asked before. Raises `BadResponse`."""
        if query in self._queries:
            raise BadResponse(f"{self._host} sends its tag list in a circle")
        if len(self._queries) >= MAX_PAGES:
            raise BadResponse(f"{self._host} sends a tag list of more than {MAX_PAGES} pages")
        self._queries.add(query)
        return query

    def following(self, page: Page, size: int, link: str | None) -> str | None:
        """Take a page of `size` bytes; the query of the next one, or None at the end. Raises `BadResponse`."""
        news = self._add(page, size)
        if link := link or page.link:
            if page.tags and not news:
                raise BadResponse(f"{self._host} sends the same page of its tag list again")
            return linked_query(link, self._host)
        if len(page.tags) != PAGE_SIZE:
            return None
        return after(page.tags[-1]) if news else PROBE

    def _add(self, page: Page, size: int) -> bool:
        """Whether the page held anything new."""
        before = len(self._tags)
        self._tags.update(page.tags)
        self.uploaded.update(page.uploaded)
        self._bytes += size
        if len(self._tags) > MAX_TAGS or self._bytes > TAGS_TOTAL_BYTES:
            raise BadResponse(f"{self._host} sends a tag list that is too long")
        return len(self._tags) > before
