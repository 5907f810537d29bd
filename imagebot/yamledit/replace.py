"""Write new text over scalars, or over parts of them: locate, splice, prove."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from imagebot.errors import CannotEdit, Problem
from imagebot.yamledit.lines import BLOCK, line_of, lines
from imagebot.yamledit.prove import Proved, prove
from imagebot.yamledit.resolver import is_text, same_number
from imagebot.yamledit.splice import Edit, splice
from imagebot.yamledit.tree import Scalar

_PLAIN = re.compile(r"[A-Za-z0-9_./~$+=<](?:[A-Za-z0-9_./~$+=<@^*()%!-]|:(?=[^\s,\[\]{}]))*", re.ASCII)
_INSIDE = re.compile(r"(?:[A-Za-z0-9_.:@-]*[A-Za-z0-9_.-])?", re.ASCII)
_GAP = re.compile(r" #|:(?: |$)| $", re.ASCII)
_PRINTABLE = re.compile(r"[ -~]*", re.ASCII)
_ESCAPED = re.compile(r'["\\]', re.ASCII)
_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
_LONG_LINE = 300


class Patch(NamedTuple):
    """The characters from `start` to `end` of a scalar's value become `text`."""

    start: int
    end: int
    text: str


Patches = Mapping[Scalar, Sequence[Patch]]


def replace(file: str, data: bytes, patches: Iterable[tuple[Scalar, Patch]]) -> Proved:
    """`data` with these parts of scalars changed and no other byte, proved by parsing it again.

    `file` only stands in messages. Raises `CannotEdit` where a scalar cannot be mapped to bytes, where two patches
    overlap, or where the proof fails.
    """
    return _proved(file, data, _outward(file, patches))[0]


def whole(scalar: Scalar, value: str) -> tuple[Scalar, Patch]:
    """The patch that makes `value` all that a scalar says."""
    return scalar, Patch(0, len(scalar.value), value)


def why_fixed(data: bytes, scalar: Scalar) -> str | None:
    """Why the bytes of this scalar cannot take another value; None if they can. `data` is what its offsets count in."""
    if scalar.tag not in (None, "tag:yaml.org,2002:str", "!"):
        return f"the value has the tag {scalar.tag}; write it without"
    if scalar.style in BLOCK:
        return None if lines(data, scalar) else "the value cannot be told from its block of lines; write it plainly"
    written = data[scalar.start : scalar.end].decode()
    if written in _spellings(scalar):
        return None
    if "\n" in written or "\r" in written:
        return "the value runs over several lines; write it on one"
    if scalar.style == '"':
        return "the value is written with escapes; write it without"
    return "the value cannot be told from what stands around it; write it plainly"


def problem(file: str, data: bytes, scalar: Scalar, message: str) -> Problem:
    """`message` at this scalar, with its line if it is not too long to be read."""
    begin = data.rfind(b"\n", max(scalar.start - _LONG_LINE, 0), scalar.start) + 1
    end = data.find(b"\n", scalar.start, scalar.start + _LONG_LINE)
    end = end if end >= 0 else len(data)
    short = end - begin < 2 * _LONG_LINE and (begin > 0 or scalar.start < _LONG_LINE)
    source = data[begin:end].decode(errors="replace").removeprefix(_BOM).rstrip("\r") if short else ""
    if scalar.within and source:
        # The text's own line stands further in where the text is a block.
        source = " " * (scalar.column - 1 - len(data[begin : scalar.start].decode(errors="replace"))) + source
    return Problem(file, scalar.line, scalar.column, message, source, max(scalar.end - scalar.start, 1))


def _outward(file: str, patches: Iterable[tuple[Scalar, Patch]]) -> Patches:
    """The patches by scalar of the file: those in YAML within a scalar's text become patches of that text, proved."""
    outer: dict[Scalar, list[Patch]] = defaultdict(list)
    inner: dict[Scalar, dict[Scalar, list[Patch]]] = defaultdict(lambda: defaultdict(list))
    for scalar, patch in patches:
        (inner[scalar.within] if scalar.within else outer)[scalar].append(patch)
    for scalar, within in inner.items():
        text = scalar.value.encode()
        at = done = 0
        for edit in sorted(_proved(file, text, within)[1]):
            at += len(text[done : edit.start].decode())
            done = edit.start
            outer[scalar].append(Patch(at, at + len(edit.old.decode()), edit.new.decode()))
    return outer


def _proved(file: str, data: bytes, patches: Patches) -> tuple[Proved, list[Edit]]:
    """`data` with these patches and nothing else, and the edits that make them."""
    edits: list[Edit] = []
    values: dict[int, str] = {}
    for scalar, some in patches.items():
        value = "".join(_patched(file, data, scalar, some))
        if value != scalar.value:
            edits += _edits(file, data, scalar, some, value)
            values[scalar.end] = value
    after = splice(data, edits) if edits else data
    return prove(file, data, after, edits, values), edits


def _patched(file: str, data: bytes, scalar: Scalar, patches: Sequence[Patch]) -> Iterator[str]:
    done = 0
    for patch in sorted(set(patches)):
        if patch.start < done:
            raise CannotEdit(problem(file, data, scalar, "two changes overlap in this value"))
        if not _PRINTABLE.fullmatch(patch.text):
            raise CannotEdit(problem(file, data, scalar, f"{patch.text!r} needs escapes"))
        yield scalar.value[done : patch.start] + patch.text
        done = patch.end
    yield scalar.value[done:]


def _spellings(scalar: Scalar) -> tuple[str, ...]:
    match scalar.style:
        case "":
            return (scalar.value,) if scalar.value else ()
        case "'":
            return ("'" + scalar.value.replace("'", "''") + "'",)
        case _:
            return (f'"{scalar.value}"',) if "\\" not in scalar.value else ()


def _edits(file: str, data: bytes, scalar: Scalar, patches: Sequence[Patch], value: str) -> Iterator[Edit]:
    escaped = f"{value!r} needs escapes" if scalar.style == '"' and _ESCAPED.search(value) else None
    reason = why_fixed(data, scalar) or escaped
    if reason:
        raise CannotEdit(problem(file, data, scalar, reason))
    if scalar.style in BLOCK:
        yield from _block_edits(file, data, scalar, patches)
    else:
        written = _written(scalar, value, patches).encode()
        yield Edit(scalar.start, data[scalar.start : scalar.end], written)


def _block_edits(file: str, data: bytes, scalar: Scalar, patches: Sequence[Patch]) -> Iterator[Edit]:
    found = lines(data, scalar) or ()
    at = done = 0
    for start, end, text in sorted(set(patches)):
        line = line_of(found, start, end)
        if line is None or start == end == line.at:
            raise CannotEdit(problem(file, data, scalar, "the text to change is not on one line; write it on one"))
        if text != text.strip() or (start == line.at and not text):
            raise CannotEdit(problem(file, data, scalar, f"{text!r} would change how the block stands in"))
        # What is only inserted takes the character before it along: an edit replaces something.
        first = start - (start == end)
        old, kept = scalar.value[first:end], scalar.value[first:start]
        if done <= line.at:
            at, done = line.start, line.at
        # Each character is counted once, however many patches one long line has.
        at += len(scalar.value[done:first].encode())
        done = first
        yield Edit(at, old.encode(), (kept + text).encode())


def _written(scalar: Scalar, value: str, patches: Sequence[Patch]) -> str:
    """The new value in the old one's quotes; a plain one gets quotes where some loader would read more than text."""
    single = "'" + value.replace("'", "''") + "'"
    double = f'"{value}"' if not _ESCAPED.search(value) else single
    match scalar.style:
        case "'":
            return single
        case '"':
            return double
        case _:
            return value if _may_be_plain(scalar, value, patches) else double


def _may_be_plain(scalar: Scalar, value: str, patches: Sequence[Patch]) -> bool:
    if value == "...":  # the end of the document, at the beginning of a line
        return False
    if all(patch.start and _INSIDE.fullmatch(patch.text) for patch in patches):
        # What stands around it was plain before; a gap may let a comment, a key or a blank at the end come about.
        return is_text(value) and not _GAP.search(value)
    # Braces are safe where they were: outside of flow maps.
    bare = re.sub(r"[{}]", "", value) if "{" in scalar.value else value
    return _PLAIN.fullmatch(bare) is not None and (is_text(value) or same_number(scalar.value, value))
