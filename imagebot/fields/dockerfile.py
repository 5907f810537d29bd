"""The images of a Dockerfile: `FROM`, `COPY --from=` and `RUN --mount=…,from=`.

https://docs.docker.com/reference/dockerfile/. A stage of the file is no image; what a build argument makes is no field.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from imagebot.fields.claim import Lack, name_of, read_reference
from imagebot.fields.field import Spot
from imagebot.images.reference import ImageName
from imagebot.yamledit.tree import WORD, Scalar

_BACKTICK = re.compile(rb"(?:#[ \t]*\w+[ \t]*=[^\n]*\n)*#[ \t]*escape[ \t]*=[ \t]*`", re.IGNORECASE)
# A line that goes on, with the comments and blank lines between it and the next; or a comment, which never goes on.
_GOES_ON = rb"(?m)^[ \t]*#[^\n]*%b[ \t]*\r?$|(?<!%b)%b[ \t]*\r?\n(?:[ \t]*(?:#[^\n]*)?\r?\n)*"
_WORD = re.compile(rb"[^ \t\r]+")
_COPY_FROM = re.compile(rb"--from=(.+)")
_MOUNT_FROM = re.compile(rb"(?<=[=,])from=([^,]+)")
_HEREDOC = re.compile(rb"<<-?[\"']?([A-Za-z_][A-Za-z0-9_]*)[\"']?")
_LONGEST_LINE = 4096
_VARIABLE = re.compile(r"[:@]?\$")


@dataclass(frozen=True, slots=True)
class Used:
    """An image that a build takes something from; `path` is unique in the file."""

    name: ImageName
    spot: Spot
    path: str


@dataclass(frozen=True, slots=True)
class _Word:
    text: bytes
    start: int

    def part(self, match: re.Match[bytes]) -> _Word:
        return _Word(match[1], self.start + match.start(1))


def look(data: bytes) -> Iterator[Used | Lack]:
    """Every image of a Dockerfile, in order."""
    counts = Counter[str]()
    stages: set[bytes] = set()
    line = counted = 0
    for keyword, words in _instructions(data):
        for what, word in _named(keyword, words):
            line, counted = line + data.count(b"\n", counted, word.start), word.start
            if word.text.lower() not in stages:
                yield from _used(_scalar(data, word, line + 1), f"{keyword}[{counts[keyword]}]{what}")
        if keyword == "FROM" and len(words) > 2 and words[-2].text.upper() == b"AS":
            stages.add(words[-1].text.lower())
        counts[keyword] += 1


def _instructions(data: bytes) -> Iterator[tuple[str, list[_Word]]]:
    """Each instruction and the words after it; the texts between `<<EOF` and `EOF` are left out."""
    escape = re.escape(b"`" if _BACKTICK.match(data) else b"\\")
    flat = re.sub(_GOES_ON % (escape, escape, escape), lambda match: _joined(data, match), data)
    at = 0
    while at < len(flat):
        end = flat.find(b"\n", at)
        end = len(flat) if end < 0 else end
        words = [_Word(match[0], match.start()) for match in _WORD.finditer(flat, at, end)]
        at = end + 1
        if words and words[0].text.upper() == b"ONBUILD":
            words = words[1:]
        if not words or words[0].text.startswith(b"#"):
            continue
        keyword = words[0].text.decode(errors="replace").upper()
        yield keyword, words[1:]
        if keyword in ("RUN", "COPY", "ADD"):
            at = _after_texts(data, at, words)


def _joined(data: bytes, match: re.Match[bytes]) -> bytes:
    """Blanks for the end of a line that goes on; where that would tear a word apart, what is part of no reference."""
    if match[0].lstrip(b" \t").startswith(b"#"):
        return match[0]
    torn = data[match.start() - 1 : match.start()].strip() and data[match.end() : match.end() + 1].strip()
    return (b"\\" if torn else b" ") * len(match[0])


def _after_texts(data: bytes, at: int, words: list[_Word]) -> int:
    for word in words:
        begun = _HEREDOC.fullmatch(word.text)
        ended = re.compile(rb"^\t*%b\r?$" % begun[1], re.MULTILINE).search(data, at) if begun else None
        if begun:
            at = ended.end() + 1 if ended else len(data)
    return at


def _named(keyword: str, words: list[_Word]) -> Iterator[tuple[str, _Word]]:
    """The words of an instruction that name an image or a stage, each with what a path says of it."""
    flags = list(takewhile(lambda word: word.text.startswith(b"--"), words))
    match keyword:
        case "FROM":
            yield from (("", word) for word in words[len(flags) : len(flags) + 1])
        case "COPY":
            for flag in flags:
                if named := _COPY_FROM.fullmatch(flag.text):
                    yield ".from", flag.part(named)
        case "RUN":
            for index, flag in enumerate(flags):
                if flag.text.startswith(b"--mount=") and (named := _MOUNT_FROM.search(flag.text)):
                    yield f".mount[{index}].from", flag.part(named)


def _used(scalar: Scalar, path: str) -> Iterator[Used | Lack]:
    if scalar.value == "scratch" or scalar.value.isdecimal():
        return
    read = read_reference(scalar)
    if read:
        yield Used(read[0], read[1], path)
        return
    before, *variable = _VARIABLE.split(scalar.value, maxsplit=1)
    name = name_of(before) if variable else None
    if name:
        what = f"a build argument makes its version: write `# imagebot: {name.familiar}` on the line above its `ARG`"
        yield Lack(name, scalar, what)


def _scalar(data: bytes, word: _Word, line: int) -> Scalar:
    near = max(word.start - _LONGEST_LINE, 0)
    begin = data.rfind(b"\n", near, word.start) + 1
    # So far out nobody counts columns, and counting them for each word would take the square of the line.
    far = begin == 0 and near > 0
    column = 1 if far else len(data[begin : word.start].decode(errors="replace")) + 1
    return Scalar(word.text.decode("latin-1"), WORD, word.start, word.start + len(word.text), line, column)
