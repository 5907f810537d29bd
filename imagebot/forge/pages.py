"""How a forge's list goes on, page by page, and when it may be shorter than what there is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from imagebot.errors import BadResponse

_MOST_PAGES = 200
_LINK_CHARACTERS = 16 * 1024
# RFC 8288: the name in any letter case, the value with quotes or without, several in one.
_REL = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))', re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Page:
    """What a page holds; `mark` tells its bytes from any other's."""

    items: list[Any] = field(repr=False)
    headers: Mapping[str, str]
    mark: str


class Pages:
    """One list as it comes. `next` is the number of the page to ask for, None at the end.

    The end is believed of a page that is not full, or after which nothing came, and where neither a link nor a count
    says that there is more. Everything else is an error: a list that is cut is as good as none.
    """

    def __init__(self, host: str, deed: str, size: int) -> None:
        self.next: int | None = 1
        self._host = host
        self._deed = deed
        self._size = size
        self._seen = 0
        self._promised = False
        self._known: set[str] = set()

    def add(self, page: Page) -> None:
        """Take a page. Raises `BadResponse`."""
        items, headers = page.items, page.headers
        if items and page.mark in self._known:
            raise self._error("sends the same page again")
        if len(items) > self._size:
            raise self._error(f"sends more than the {self._size} that a page should have")
        total = _counted(headers)
        if total is not None and total < len(items):
            raise self._error(f"counts {total} and sends {len(items)}")
        self._known.add(page.mark)
        self._seen += len(items)
        assert self.next is not None
        has_more = self._has_more(headers)
        if not items and (has_more or self._promised):
            raise self._error("says that there is more and sends nothing")
        self._promised = has_more
        if not items or not (has_more or len(items) == self._size):
            self.next = None
        elif self.next == _MOST_PAGES:
            raise self._error(f"has more than {_MOST_PAGES} pages of answers")
        else:
            self.next += 1

    def _has_more(self, headers: Mapping[str, str]) -> bool:
        """Gitea counts what there is; of more than 10 000 GitLab only links to the next."""
        total = _counted(headers)
        return (total is not None and self._seen < total) or _links_to_next(headers.get("Link", ""))

    def _error(self, what: str) -> BadResponse:
        return BadResponse(f"{self._host} {what} when asked to {self._deed}")


def _counted(headers: Mapping[str, str]) -> int | None:
    total = headers.get("X-Total-Count") or headers.get("X-Total") or ""
    return int(total[:9]) if total.isascii() and total.isdecimal() else None


def _links_to_next(link: str) -> bool:
    found = _REL.findall(link[:_LINK_CHARACTERS])
    return any("next" in (quoted or bare).lower().split() for quoted, bare in found)
