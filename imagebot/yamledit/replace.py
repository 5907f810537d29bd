"""Write new values over scalars: locate, splice, prove."""

from __future__ import annotations

import re
from collections.abc import Iterable

from imagebot.errors import CannotEdit, Problem
from imagebot.yamledit.prove import prove
from imagebot.yamledit.resolver import is_text, same_number
from imagebot.yamledit.splice import Edit, splice
from imagebot.yamledit.tree import Scalar

_PLAIN = re.compile(r"[A-Za-z0-9_./~$+=<](?:[A-Za-z0-9_./~$+=<@^*()%!-]|:(?=[^\s,\[\]{}]))*", re.ASCII)
_PRINTABLE = re.compile(r"[ -~]*", re.ASCII)
_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
_LONG_LINE = 300
_BLOCK = {"|": "a literal block", ">": "a folded block"}


def replace(file: str, data: bytes, values: Iterable[tuple[Scalar, str]]) -> bytes:
    """`data` with each scalar's value changed and no other byte, proved by parsing it again.

    `file` only stands in messages. Raises `CannotEdit` where a scalar cannot be mapped to bytes, or the proof fails.
    """
    wanted = {scalar: value for scalar, value in values if scalar.value != value}
    edits = [_edit(file, data, scalar, value) for scalar, value in wanted.items()]
    if not edits:
        return data
    after = splice(data, edits)
    prove(file, data, after, dict(zip(edits, wanted.values(), strict=True)))
    return after


def why_fixed(data: bytes, scalar: Scalar) -> str | None:
    """Why the bytes of this scalar cannot take another value; None if they can."""
    if scalar.tag not in (None, "tag:yaml.org,2002:str", "!"):
        return f"the value has the tag {scalar.tag}; write it without"
    if scalar.style in _BLOCK:
        return f"the value is {_BLOCK[scalar.style]}; write it on the line of its key"
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
    return Problem(file, scalar.line, scalar.column, message, source, max(scalar.end - scalar.start, 1))


def _spellings(scalar: Scalar) -> tuple[str, ...]:
    match scalar.style:
        case "":
            return (scalar.value,) if scalar.value else ()
        case "'":
            return ("'" + scalar.value.replace("'", "''") + "'",)
        case _:
            return (f'"{scalar.value}"',) if "\\" not in scalar.value else ()


def _edit(file: str, data: bytes, scalar: Scalar, value: str) -> Edit:
    reason = why_fixed(data, scalar) or (None if _PRINTABLE.fullmatch(value) else f"{value!r} needs escapes")
    if reason:
        raise CannotEdit(problem(file, data, scalar, reason))
    return Edit(scalar.start, data[scalar.start : scalar.end], _written(scalar, value).encode())


def _written(scalar: Scalar, value: str) -> str:
    """The new value in the old one's quotes; a plain one gets quotes where some loader would read more than text."""
    single = "'" + value.replace("'", "''") + "'"
    double = f'"{value}"' if not re.search(r'["\\]', value) else single
    match scalar.style:
        case "'":
            return single
        case '"':
            return double
        case _:
            # Braces are safe where they were: outside of flow maps.
            bare = re.sub(r"[{}]", "", value) if "{" in scalar.value else value
            plain = _PLAIN.fullmatch(bare) and (is_text(value) or same_number(scalar.value, value))
            return value if plain else double
