"""JSON as forges send it: read within bounds, and so that one odd value in it spoils no other.

Python's reader takes 60 bytes for a `[]`, refuses a whole document for one number of more than 4300 digits, and passes
on halves of surrogate pairs, which no file, terminal or database takes.
"""

from __future__ import annotations

import json
import re
from typing import Any

from imagebot.errors import BadResponse

MOST_VALUES = 150_000
"""In one answer; fifty pull requests of GitHub's have 25 000."""
_TEXTS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")


def read_json(body: bytes, otherwise: str) -> Any:
    """What stands in `body`, in UTF-8. Raises `BadResponse` that says `otherwise`."""
    if _values(body, 0, len(body)) > MOST_VALUES and _values_outside_texts(body) > MOST_VALUES:
        raise BadResponse(f"{otherwise}: more than {MOST_VALUES} values")
    try:
        document = json.loads(body.decode(), parse_int=_number)
        return _whole_characters(document) if rb"\ud" in body.lower() else document
    except (ValueError, RecursionError):
        raise BadResponse(otherwise) from None


def _values(body: bytes, start: int, end: int) -> int:
    return sum(body.count(mark, start, end) for mark in (b",", b"[", b"{"))


def _values_outside_texts(body: bytes) -> int:
    """The same for a body of which people wrote a part; counted no further than is too many."""
    count = done = 0
    for text in _TEXTS.finditer(body):
        count += _values(body, done, text.start())
        done = text.end()
        if count > MOST_VALUES:
            return count
    return count + _values(body, done, len(body))


def _number(digits: str) -> int | None:
    """None for one that is larger than anything a forge counts."""
    return int(digits) if len(digits) < 20 else None


def _whole_characters(node: Any) -> Any:
    match node:
        case str():
            return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", node)
        case list():
            return [_whole_characters(one) for one in node]
        case dict():
            return {_whole_characters(key): _whole_characters(value) for key, value in node.items()}
        case _:
            return node
