"""A YAML stream cut at its document marks, so that what does not matter need not be parsed.

`---` at the beginning of a line stands in no scalar, whatever its style (YAML 1.2.2, 9.1.2 and 9.2: c-forbidden), and
no flow collection goes on behind it. So each piece can be read alone: its events are those that the whole has there,
or both are no YAML. A directive belongs to the document behind it and is not cut off from it; `...` ends a document
without beginning one, so nothing is cut there.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

_BEGUN = re.compile(rb"---(?=[ \t\r\n]|\Z)")
_MARK = re.compile(rb"\n" + _BEGUN.pattern)
_BREAK = rb"[\r\n]|\xc2\x85|\xe2\x80[\xa8\xa9]"
_BREAKS = re.compile(rb"\r\n|" + _BREAK)
_DIRECTIVE = re.compile(rb"(?:\A|" + _BREAK + rb")%")
_UNSURE = re.compile(rb"(?:" + _BREAK + rb")(?:%|\.\.\.|---)")
_NOTHING = re.compile(rb"(?:[ ]*(?:#[^\r\n\x00-\x08\x80-\xff]*)?\n)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Piece:
    """The bytes from `start` to `end` of a stream; `line` is the line of the stream on which they begin, from 0.

    `documents` is how many there are in it, told without parsing; None where only parsing tells.
    """

    start: int
    end: int
    line: int
    documents: int | None


def pieces(data: bytes) -> Iterator[Piece]:
    """The pieces of a stream in order: together they are all its bytes."""
    start = line = 0
    for end in (*_cuts(data), len(data)):
        piece = data[start:end]
        yield Piece(start, end, line, _documents(piece, first=not start))
        line += piece.count(b"\n") if piece.isascii() and b"\r" not in piece else len(_BREAKS.findall(piece))
        start = end


def _cuts(data: bytes) -> Iterator[int]:
    before = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
    for mark in _MARK.finditer(data):
        start = mark.start() + 1
        # The pattern is slow, and most pieces have no such character at all.
        if data.find(b"%", before, start) < 0 or not _DIRECTIVE.search(data[before:start]):
            yield start
        before = start


def _documents(piece: bytes, *, first: bool) -> int | None:
    if first and not _BEGUN.match(piece):
        # What stands before the first mark is a document only if it says anything.
        return 0 if _NOTHING.fullmatch(piece) else None
    suspect = b"%" in piece or b"..." in piece or piece.find(b"---", 1) >= 0
    return None if suspect and _UNSURE.search(piece) else 1
