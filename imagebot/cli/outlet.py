"""Standard output and standard error, through which everything leaves: known secrets masked, controls written out.

Whoever prints (click, rich, the log, a warning, a stack trace) prints through these, whether it knows or not. What is
laid out in columns is made safe before, cell by cell: a secret that a table wraps could not be found here.
"""

from __future__ import annotations

import io
import json
import re
import sys
from typing import TextIO

from imagebot.errors import printable
from imagebot.outgoing import masked

_STYLE = re.compile(r"(\x1b\[[0-9;:]*m)", re.ASCII)
_HIDDEN = "8"
_ASCII = ("ascii", "us-ascii", "ansi_x3.4-1968")
_KEPT = re.compile(r"([\n\t\N{NO-BREAK SPACE}]+)")


class Outlet(io.TextIOWrapper):
    """A text stream that lets nothing through but text; a terminal also gets colours. It never fails for a letter."""

    def __init__(self, stream: TextIO) -> None:
        # An ASCII stream is one that nobody set up: click would write UTF-8 past it.
        encoding = "utf-8" if stream.encoding.lower() in _ASCII else stream.encoding
        stream.flush()
        super().__init__(stream.buffer, encoding, "backslashreplace", line_buffering=bool(stream.line_buffering))

    def write(self, text: str) -> int:
        pieces = _STYLE.split(masked(text)) if self.isatty() else [masked(text)]
        # Every second piece is what the pattern found.
        super().write("".join(_style(piece) if index % 2 else _plain(piece) for index, piece in enumerate(pieces)))
        return len(text)


def through_outlets() -> None:
    """Let all that this process prints from now on pass; for the entry point alone."""
    # A stream that was closed before is None.
    sys.stdout = sys.stdout and Outlet(sys.stdout)
    sys.stderr = sys.stderr and Outlet(sys.stderr)


def json_text(data: object) -> str:
    """JSON in which every character that fools a reader is an escape, so that it is the same for programs."""
    lines = masked(json.dumps(data, indent=2, ensure_ascii=False)).split("\n")
    return "\n".join(line if printable(line) == line else _escaped(line) for line in lines)


def _escaped(line: str) -> str:
    return "".join(char if printable(char) == char else _escape(char) for char in line)


def _escape(char: str) -> str:
    """JSON has no escapes beyond U+FFFF but those of two halves."""
    halves = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{halves[at]:02x}{halves[at + 1]:02x}" for at in range(0, len(halves), 2))


def _plain(text: str) -> str:
    return "".join(piece if index % 2 else printable(piece) for index, piece in enumerate(_KEPT.split(text)))


def _style(code: str) -> str:
    """Colours and weights are let through to a terminal, but not what hides the text that follows."""
    return printable(code) if _HIDDEN in re.split("[;:]", code[2:-1]) else code
