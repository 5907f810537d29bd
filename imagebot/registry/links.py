"""`Link` headers: where a list goes on. RFC 8288, section 3.

What cannot be read is an error and no end of the list: half a list would look like tags that were taken away.
"""

from __future__ import annotations

import re

from imagebot.registry.limits import LINKS

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_TARGET = re.compile(r"<([^<>]*+)>")
_PARAMETER = re.compile(
    rf'\s*+;\s*+(?:({_TOKEN})\s*+(?:=\s*+(?:"((?:[^"\\]|\\.)*+)"|([^\s,;"]++)))?+)?+', re.ASCII | re.DOTALL
)
_SEPARATORS = re.compile(r"[\s,]*+", re.ASCII)
_BETWEEN = re.compile(r"\s*+(?:,|$)", re.ASCII)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def next_link(header: str) -> str | None:
    """The target of the link whose relation is `next`; several headers are read as one, joined by commas.

    Relations are told without regard to case, several may stand in one `rel`, of several `rel` in one link the first
    counts. Raises `ValueError` for what cannot be read, or for two different next pages.
    """
    found = {target for target, relations in _links(header) if "next" in relations}
    if len(found) > 1:
        raise ValueError("it names more than one next page")
    return found.pop() if found else None


def _links(header: str) -> list[tuple[str, list[str]]]:
    links: list[tuple[str, list[str]]] = []
    position = _end(_SEPARATORS, header, 0)
    while position < len(header):
        target = _TARGET.match(header, position)
        if target is None or len(links) == LINKS:
            raise ValueError("it is no list of links")
        relations, position = _relations(header, target.end())
        links.append((target[1], relations))
        if _BETWEEN.match(header, position) is None:
            raise ValueError("it is no list of links")
        position = _end(_SEPARATORS, header, position)
    return links


def _relations(header: str, position: int) -> tuple[list[str], int]:
    """What the parameters that begin here say, and where they end."""
    relations: list[str] | None = None
    while parameter := _PARAMETER.match(header, position):
        position = parameter.end()
        if relations is None and (parameter[1] or "").lower() == "rel":
            value = _ESCAPE.sub(r"\1", parameter[2]) if parameter[2] is not None else parameter[3] or ""
            relations = value.lower().split()
    return relations or [], position


def _end(pattern: re.Pattern[str], header: str, position: int) -> int:
    match = pattern.match(header, position)
    return match.end() if match else position
