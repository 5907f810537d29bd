"""How a forge's list goes on, page by page, and when it may be shorter than what there is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from imagebot.errors import BadResponse

_MOST_PAGES = 200
_LINK_CHARACTERS = 16 * 1024
# RFC 8288: the name in any letter case, the value with quotes or without, several in one.
_REL = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))', re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Pager:
    """What a forge's API calls the parts of a list: `size` and `place` are query parameters, which take `most` a page.

    The place is a page's number from 1 on; where it `counts_items`, that of the items before. Items stand `within` a
    field of the answer; where that is empty, they are all of it. `more` tells by the answer whether it goes on, if it
    tells.
    """

    size: str
    most: int
    place: str = "page"
    counts_items: bool = False
    within: str = ""
    more: Callable[[Any], bool] = lambda _: False
    until_empty: bool = False
    """Whether nothing at all tells that there is more: then only an empty page is the end."""

    def asks(self, size: int, number: int, before: int) -> Mapping[str, int]:
        """The query for a page of this size and number, before which there were so many items."""
        return {self.size: size, self.place: before if self.counts_items else number}

    def items(self, answer: Any) -> Any:
        """The list in an answer, if it is one."""
        if not self.within:
            return answer
        return answer.get(self.within) if isinstance(answer, dict) else None


@dataclass(frozen=True, slots=True)
class ListPage:
    """What a page holds; `mark` tells its bytes from any other's, `more` that the answer itself says it goes on."""

    items: list[Any] = field(repr=False)
    headers: Mapping[str, str]
    mark: str
    more: bool = False


class ListPages:
    """One list as it comes. `next` is the number of the page to ask for, None at the end; `seen` counts the items.

    The end is believed of a page that is not full, or after which nothing came, and where neither a link nor a count
    says that there is more. Everything else is an error: a list that is cut is as good as none.
    """

    def __init__(self, host: str, task: str, size: int, *, until_empty: bool = False) -> None:
        self.next: int | None = 1
        self._host = host
        self._deed = task
        self._size = size
        self._until_empty = until_empty
        self.seen = 0
        self._promised = False
        self._known: set[str] = set()

    def add(self, page: ListPage) -> None:
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
        self.seen += len(items)
        assert self.next is not None
        has_more = page.more or self._has_more(headers)
        if not items and (has_more or self._promised):
            raise self._error("says that there is more and sends nothing")
        self._promised = has_more
        if not items or not (has_more or self._until_empty or len(items) == self._size):
            self.next = None
        elif self.next == _MOST_PAGES:
            raise self._error(f"has more than {_MOST_PAGES} pages of answers")
        else:
            self.next += 1

    def _has_more(self, headers: Mapping[str, str]) -> bool:
        """Gitea counts what there is; of more than 10 000 GitLab only links to the next."""
        total = _counted(headers)
        return (total is not None and self.seen < total) or _links_to_next(headers.get("Link", ""))

    def _error(self, what: str) -> BadResponse:
        return BadResponse(f"{self._host} {what} when asked to {self._deed}")


def _counted(headers: Mapping[str, str]) -> int | None:
    total = headers.get("X-Total-Count") or headers.get("X-Total") or ""
    return int(total[:9]) if total.isascii() and total.isdecimal() else None


def _links_to_next(link: str) -> bool:
    found = _REL.findall(link[:_LINK_CHARACTERS])
    return any("next" in (quoted or bare).lower().split() for quoted, bare in found)
