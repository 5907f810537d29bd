"""One image, one version, one file: what `imagebot set` does."""

from __future__ import annotations

from dataclasses import dataclass

from imagebot.errors import CannotEdit, Problem
from imagebot.fields.edit import Pin, edit, wanted
from imagebot.fields.field import Field, Value
from imagebot.fields.find import find
from imagebot.fields.screen import mentions, screen
from imagebot.images.reference import ImageName


@dataclass(frozen=True, slots=True)
class Assigned:
    """The file as it should be, each field of the image with its new value, and what stood in the way.

    With a problem in a field's way `data` is the file as it was: a file is changed whole or not at all.
    """

    data: bytes
    changes: tuple[tuple[Field, Value], ...] = ()
    problems: tuple[Problem, ...] = ()


def assign(file: str, data: bytes, name: ImageName, to: Value) -> Assigned:
    """Every field of the image in this file set to `to`; a digest is written where one is given."""
    if not screen(data, [name]):
        return Assigned(data)
    found = find(file, data)
    if found.unreadable:
        return Assigned(data, problems=(found.unreadable,) if mentions(data, name) else ())
    fields = [field for field in found.fields if field.name == name]
    problems = [refusal.problem for refusal in found.refusals if refusal.name == name and not fields]
    changes = []
    pin: Pin = "digest" if to.digest else "keep"
    for field in fields:
        try:
            changes.append((field, wanted(field, to, pin)))
        except CannotEdit as error:
            problems.append(error.problem)
    try:
        return Assigned(data if problems else edit(file, data, changes), tuple(changes), tuple(problems))
    except CannotEdit as error:
        return Assigned(data, tuple(changes), (error.problem,))
