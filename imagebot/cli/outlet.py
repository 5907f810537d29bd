"""Standard output and standard error, through which everything leaves: known secrets masked, controls written out.

Whoever prints (click, rich, the log, a warning, a stack trace) prints through these, whether it knows or not. What is
laid out in columns is made safe before, cell by cell: a secret that a table wraps could not be found here.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
from pathlib import Path
from typing import Literal, TextIO

from imagebot.errors import printable
from imagebot.outgoing import masked

_STYLE = re.compile(r"(\x1b\[[0-9;:]*m)", re.ASCII)
_HIDDEN = "8"
_STANDARD_ERROR = 2
_ASCII = ("ascii", "us-ascii", "ansi_x3.4-1968")
_KEPT = re.compile(r"([\n\t\N{NO-BREAK SPACE}]+)")


class Outlet(io.TextIOWrapper):
    """A text stream that lets nothing through but text; a terminal also gets colours. It never fails for a letter.

    Nor does it fail whoever prints: no pass ends, and no verb, because the disk below the log is full or nobody reads
    any more. `lost` is why not all of it could be written.
    """

    lost: OSError | None = None

    def __init__(self, stream: TextIO) -> None:
        # An ASCII stream is one that nobody set up: click would write UTF-8 past it.
        encoding = "utf-8" if stream.encoding.lower() in _ASCII else stream.encoding
        stream.flush()
        self._stream = stream  # which would close what is below it, once nobody has it any more
        super().__init__(stream.buffer, encoding, "backslashreplace", line_buffering=bool(stream.line_buffering))

    def write(self, text: str) -> int:
        pieces = _STYLE.split(masked(text)) if self.isatty() else [masked(text)]
        # Every second piece is what the pattern found.
        safe = "".join(_style(piece) if index % 2 else _plain(piece) for index, piece in enumerate(pieces))
        try:
            super().write(safe)
        except OSError as error:
            self.lost = error
        return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            self.lost = error


def through_outlets() -> None:
    """Let all that this process prints from now on pass; for the entry point alone."""
    _open_what_is_closed()
    sys.stdin = sys.stdin or _nothing("r")
    sys.stdout = Outlet(sys.stdout or _nothing("w"))
    sys.stderr = Outlet(sys.stderr or _nothing("w"))


def _open_what_is_closed() -> None:
    """A database that is opened next would else have the number of standard error, and what git says written to it."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= _STANDARD_ERROR:
        pass
    os.close(number)


def _nothing(mode: Literal["r", "w"]) -> TextIO:
    """In place of a stream that was closed before, which Python has as None."""
    return Path(os.devnull).open(mode, encoding="utf-8")


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
