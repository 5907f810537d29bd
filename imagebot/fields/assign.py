"""One image, one version, one file: what `imagebot set` does."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from imagebot.errors import CannotEdit, Problem
from imagebot.fields.edit import Pin, edit, wanted
from imagebot.fields.embedded import find_embedded
from imagebot.fields.field import Field, Value
from imagebot.fields.find import find
from imagebot.fields.screen import screen
from imagebot.fields.unclear import unclear
from imagebot.images.reference import ImageName
from imagebot.yamledit.prove import Proved


@dataclass(frozen=True, slots=True)
class Assigned:
    """The file as it should be, each field of the image with its new value, and what stood in the way.

    With a problem in a field's way `data` is the file as it was: a file is changed whole or not at all. `left` are the
    places of the image in longer text that were not asked for and say something else.
    """

    data: Proved
    changes: tuple[tuple[Field, Value], ...] = ()
    problems: tuple[Problem, ...] = ()
    left: tuple[Field, ...] = ()


def assign(file: str, data: bytes, name: ImageName, to: Value, *, embedded: bool = False) -> Assigned:
    """Every field of the image in this file set to `to`, those inside longer text if `embedded`.

    A digest is written where one is given.
    """
    if not screen(data, name):
        return Assigned(edit(file, data, []))
    found = find(file, data, wanted=partial(screen, name=name))
    doubt = unclear(data, found, name)
    inside = find_embedded(file, data, found, [name])
    every = [*(field for field in found.fields if field.name == name), *(inside if embedded else ())]
    fields = sorted(every, key=lambda field: field.line)
    problems = [item.problem for item in found.refusals if item.name == name and (item.blocks or not fields)]
    problems += [doubt] if doubt and not problems else []
    changes = []
    pin: Pin = "digest" if to.digest else "keep"
    for field in fields:
        try:
            changes.append((field, wanted(field, to, pin)))
        except CannotEdit as error:
            problems.append(error.problem)
    left = () if embedded else tuple(field for field in inside if _differs(field, to))
    try:
        return Assigned(edit(file, data, [] if problems else changes), tuple(changes), tuple(problems), left)
    except CannotEdit as error:
        return Assigned(edit(file, data, []), tuple(changes), (error.problem,), left)


def _differs(field: Field, to: Value) -> bool:
    return (to.tag or field.tag) != field.tag or (to.digest or field.digest) != field.digest
