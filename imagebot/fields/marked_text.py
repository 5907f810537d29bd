"""Markers in files that are no YAML: which word of its line, or of the line below, each is beside.

That word is the one reference of the line to the marker's image, or else the value of the one key on the line. Where
neither is so, nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from imagebot.fields.claim import Lack
from imagebot.fields.marked import Beside, astray
from imagebot.fields.marker import Comment, Holds, comments
from imagebot.fields.texts import references
from imagebot.images.reference import ImageName
from imagebot.yamledit.tree import WORD, Scalar

_ASTRAY = "no one value of the image can be told on this line: write one reference, or `key: tag`, and nothing else"
_TWICE = "the line below has a marker of its own; keep one"
_RUNS = re.compile(r"(?:\{\{[^{}]*\}\}|\$\{[^{}]*\}|[A-Za-z0-9_.:/@+-])+", re.ASCII)
_KEY = re.compile(
    r"""[ \t]*(?:-[ \t]+|(?:-[ \t]+)?(?:\w+[ \t]+)?["']?[\w./-]+["']?[ \t]*[:?]?[:=][ \t]*)["']?""", re.ASCII
)
_LONGEST_LINE = 4096


@dataclass(frozen=True, slots=True)
class _Line:
    """A line, or what stands before the marker on it; `text` has one character for each byte."""

    number: int
    start: int
    text: str

    def word(self, start: int, end: int) -> Scalar:
        """The characters from `start` to `end` of it."""
        column = len(self.text[:start].encode("latin-1").decode(errors="replace")) + 1
        return Scalar(self.text[start:end], WORD, self.start + start, self.start + end, self.number, column)


def beside(data: bytes, *, behind: bool = True) -> Iterator[Beside | Lack]:
    """The marked words of a file; not `behind` values where a comment must have its own line, as in a Dockerfile."""
    found = [comment for comment in comments(data) if behind or comment.alone]
    behind_values = {comment.line for comment in found if not comment.alone}
    for comment in found:
        if comment.alone and comment.line + 1 in behind_values:
            yield from astray(comment, _TWICE)
            continue
        line = _below(data, comment) if comment.alone else _before(comment)
        word = _word(line, comment) if len(line.text) <= _LONGEST_LINE else None
        if word:
            yield Beside(comment.marker, word, 0, line.text[: word.start - line.start])
        else:
            yield from astray(comment, _ASTRAY)


def _before(comment: Comment) -> _Line:
    return _Line(comment.line, comment.start - len(comment.before), comment.before.decode("latin-1"))


def _below(data: bytes, comment: Comment) -> _Line:
    start = data.find(b"\n", comment.start) + 1 or len(data)
    end = data.find(b"\n", start, start + _LONGEST_LINE + 2)
    end = end if end >= 0 else min(len(data), start + _LONGEST_LINE + 2)
    return _Line(comment.line + 1, start, data[start:end].decode("latin-1"))


def _word(line: _Line, comment: Comment) -> Scalar | None:
    marker = comment.marker
    if marker.holds in (Holds.ANY, Holds.REFERENCE):
        standing = list(_references(line, marker.name))
        if standing:
            return standing[0] if len(standing) == 1 else None
    text = line.text.rstrip(" \t\r")
    end = len(text) - (text[-1:] in ("'", '"', ","))
    end -= text[:end][-1:] in ("'", '"')
    runs = [run for run in _RUNS.finditer(text) if run.end() == end]
    if runs and _KEY.fullmatch(text, 0, runs[0].start()):
        return line.word(runs[0].start(), end)
    return None


def _references(line: _Line, name: ImageName | None) -> Iterator[Scalar]:
    """The references of a line that carry a version; those of one image, if its name is known."""
    for item in references(line.text):
        if name in (None, item.reference.name):
            yield line.word(item.at, item.at + len(str(item.reference)))
