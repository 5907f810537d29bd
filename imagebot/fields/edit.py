"""Say what a field should hold, and write it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, assert_never

from imagebot.errors import CannotEdit, Problem
from imagebot.fields.field import Field, Part, Spot, Value
from imagebot.yamledit.prove import Proved
from imagebot.yamledit.replace import Patch, problem, replace
from imagebot.yamledit.tree import WORD, Scalar
from imagebot.yamledit.words import replace_words

_SHA256 = "sha256:"
_CHARTS = frozenset({"version", "targetRevision"})
_STALE = "is pinned to a digest, and no new one is given: give the tag with its digest"

Pin = Literal["keep", "digest", "none"]


def wanted(field: Field, to: Value, pin: Pin = "keep") -> Value:
    """What this field should say when its image moves to `to`.

    `keep` leaves a field as it is: a tag stays a tag, a digest beside it moves along. `digest` writes one into every
    field, after the tag where there is no key for it. A `to` without a tag keeps the tag. Raises `CannotEdit` where a
    digest is needed and not known, or where `none` meets a field that has one: nothing is left stale or removed.
    """
    if pin == "none" and field.digest:
        raise _refusal(field, "is pinned to a digest, and `pin: none` would have to remove it: do that by hand")
    pinned = field.digest is not None or pin == "digest"
    if pinned and to.digest is None:
        raise _refusal(field, _STALE if field.digest else "is to be pinned, and no digest is given")
    if pinned and all(spot.part is Part.VERSION for spot in field.spots):
        raise _refusal(field, "takes no digest here: leave it out, or `pin: keep`")
    keeps_no_tag = field.tag is None and field.digest is not None
    value = Value(field.tag if keeps_no_tag or to.tag is None else to.tag, to.digest if pinned else None)
    if field.fixed and value != field.value:
        raise CannotEdit(field.fixed)
    return value


def edit(file: str, data: bytes, changes: Sequence[tuple[Field, Value]]) -> Proved:
    """The file with each field saying exactly its value, proved. Raises `CannotEdit`; then nothing is to be written."""
    texts: dict[tuple[Scalar, int, int], str] = {}
    for field, value in changes:
        if field.fixed:
            raise CannotEdit(field.fixed)
        if field.digest and not value.digest:
            raise _refusal(field, _STALE)
        if value.digest and not value.digest.startswith(_SHA256) and any(spot.part is Part.HEX for spot in field.spots):
            raise _refusal(field, "can only be pinned to a sha256 digest here")
        for spot, text in written(field, value):
            other = texts.setdefault((spot.scalar, spot.start, spot.end), text)
            if other != text:
                raise CannotEdit(problem(file, data, spot.scalar, f"two changes want {other} and {text} here"))
    patches = [(scalar, Patch(start, end, text)) for (scalar, start, end), text in texts.items()]
    in_words = any(scalar.style == WORD for scalar, _ in patches)
    return replace_words(file, data, patches) if in_words else replace(file, data, patches)


def written(field: Field, value: Value) -> list[tuple[Spot, str]]:
    """The new text at each spot of a field. A digest goes where one is, else under its key, else after the tag."""
    keys = [spot for spot in field.spots if spot.part in (Part.DIGEST, Part.HEX)]
    carried = not keys
    return [(spot, _text(spot, value, carried or bool(spot.says.digest))) for spot in field.spots]


def _text(spot: Spot, value: Value, carries: bool) -> str:
    after = f"@{value.digest}" if value.digest and carries else ""
    match spot.part:
        case Part.REFERENCE:
            return (f":{value.tag}" if value.tag else "") + after
        case Part.VERSION:
            return spot.text if not value.tag else _version(spot, value.tag)
        case Part.TAG:
            return f"{value.tag or spot.says.tag}{after}"
        case Part.DIGEST:
            return value.digest or spot.text
        case Part.HEX:
            return (value.digest or spot.text).removeprefix(_SHA256)
        case _:
            assert_never(spot.part)


def _version(spot: Spot, tag: str) -> str:
    """A tag as the version that it is: with the `+` that a chart's tag has a `_` for, unless the file says `_`, too."""
    return tag.replace("_", "+", 1) if spot.key in _CHARTS and "_" not in spot.text else tag


def _refusal(field: Field, message: str) -> CannotEdit:
    scalar = field.spots[0].scalar
    column = scalar.column if scalar.line == field.line else 1
    return CannotEdit(Problem(field.file, field.line, column, f"{field.name.familiar} {message}"))
