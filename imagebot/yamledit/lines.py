"""Text over several lines: which characters of a block scalar's value stand where in the bytes."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from typing import NamedTuple

from imagebot.yamledit.tree import Scalar

BLOCK = ("|", ">")
_BLANKS = re.compile(r"[ \n]*", re.ASCII)


class Line(NamedTuple):
    """A line of a block scalar without its indentation: its first character in the value, its first byte, its text."""

    at: int
    start: int
    text: str


def lines(data: bytes, scalar: Scalar) -> tuple[Line, ...] | None:
    r"""The lines of a block scalar that are not blank, in order; None if its value is not made of just these.

    Literal, folded and chomped text differ only in the blanks between lines. Line ends that YAML 1.1 knows besides
    `\n` and `\r\n` make no lines here, so a value with one of them is not mapped.
    """
    header, *written = data[scalar.start : scalar.end].split(b"\n")
    found = []
    at, done = scalar.start + len(header) + 1, 0
    for raw in written:
        text = raw.removesuffix(b"\r").decode()
        bare = text.lstrip(" ")
        if bare:
            index = _after_blanks(scalar.value, done)
            if not scalar.value.startswith(bare, index):
                return None
            found.append(Line(index, at + len(text) - len(bare), bare))
            done = index + len(bare)
        at += len(raw) + 1
    return tuple(found) if _after_blanks(scalar.value, done) == len(scalar.value) else None


def line_of(found: tuple[Line, ...], start: int, end: int) -> Line | None:
    """The line that holds the characters from `start` to `end` of the value; None if they are not on one line."""
    number = bisect_right(found, start, key=lambda line: line.at)
    line = found[number - 1] if number else None
    return line if line and end <= line.at + len(line.text) else None


def line_numbers(data: bytes, scalar: Scalar) -> Callable[[int], int]:
    """What tells the line in the file of a character of the value; asked in rising order each byte is counted once."""
    block = lines(data, scalar) if scalar.style in BLOCK and not scalar.within else None
    line, done = scalar.line, scalar.start

    def tell(index: int) -> int:
        nonlocal line, done
        standing = line_of(block or (), index, index)
        if standing:
            line, done = line + data.count(b"\n", done, standing.start), standing.start
        return line

    return tell


def indentation(data: bytes, scalar: Scalar) -> int:
    """How many spaces a literal block stands in from the margin: 0 if it holds no text."""
    for line in lines(data, scalar) or ():
        margin = data.rfind(b"\n", 0, line.start) + 1
        return line.start - margin - (line.at - scalar.value.rfind("\n", 0, line.at) - 1)
    return 0


def _after_blanks(value: str, index: int) -> int:
    blanks = _BLANKS.match(value, index)
    return blanks.end() if blanks else index
