"""Every field of hundreds of public files: to another version and back, and what nobody could place."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from imagebot.errors import CannotEdit, Problem
from imagebot.fields.edit import edit, wanted
from imagebot.fields.field import Field, Found, Value
from imagebot.fields.find import find
from imagebot.images.reference import Reference
from imagebot.yamledit.parse import parse
from imagebot.yamledit.tree import Document, Mapping, Node, Scalar, Sequence
from tests.support.shared import corpus

_HOST_AND_PORT = re.compile(r"[^/]*:[0-9]{2,5}", re.ASCII)


@dataclass
class Report:
    """What the corpus holds. `broken` is where a field did not come back as it was: there must be none."""

    files: int = 0
    shapes: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[str, Problem]] = field(default_factory=list)
    unreadable: list[Problem] = field(default_factory=list)
    unclaimed: list[tuple[Path, Scalar]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


def report() -> Report:
    """Try every field of every file."""
    result = Report()
    for path in corpus():
        data = path.read_bytes()
        found = find(str(path), data)
        result.files += 1
        result.unreadable += [found.unreadable] if found.unreadable else []
        result.refused += [("names an image without a version", item.problem) for item in found.refusals]
        result.unclaimed += [] if found.unreadable else [(path, scalar) for scalar in _unclaimed(data, found)]
        for item in found.fields:
            result.shapes[item.shape] += 1
            try:
                _there_and_back(str(path), data, item)
            except CannotEdit as error:
                result.refused.append(("a field that cannot be edited", error.problem))
            except AssertionError as error:
                result.broken.append(f"{path}:{item.line} {item.path}: {error}")
    return result


def elsewhere(item: Field) -> Value:
    """Another version of the same form: a number that had no quotes stays one."""
    old = item.tag or "latest"
    return wanted(item, Value(old[:-1] + ("1" if old[-1] != "1" else "2"), "sha256:" + "e" * 64))


def _there_and_back(file: str, data: bytes, item: Field) -> None:
    """Raises `AssertionError` where more than the value changed, or the way back does not lead home."""
    to = elsewhere(item)
    there = edit(file, data, [(item, to)])
    moved = [other for other in find(file, there).fields if other.path == item.path]
    assert [other.value for other in moved] == [to], "it does not say what it should"
    pairs = list(zip(data.split(b"\n"), there.split(b"\n"), strict=True))
    lines = {spot.scalar.line for spot in item.spots}
    changed = {number for number, (before, after) in enumerate(pairs, start=1) if before != after}
    assert changed, "nothing changed"
    assert len(changed) <= len(lines), f"lines {changed} changed instead of {lines}"
    assert edit(file, there, [(moved[0], item.value)]) == data, "it does not come back"


def _unclaimed(data: bytes, found: Found) -> Iterator[Scalar]:
    """The scalars that are a reference with tag or digest from end to end, and part of no field."""
    claimed = {spot.scalar.start for item in found.fields for spot in item.spots if not spot.scalar.within}
    for document in parse(data):
        if isinstance(document, Document):
            yield from (scalar for scalar in _values(document.root) if _is_like(scalar) and scalar.start not in claimed)


def _values(node: Node) -> Iterator[Scalar]:
    """Every scalar that is no key."""
    match node:
        case Scalar():
            yield node
        case Sequence():
            for item in node.items:
                yield from _values(item)
        case Mapping():
            for _, value in node.pairs:
                yield from _values(value)


def _is_like(scalar: Scalar) -> bool:
    try:
        read = Reference.parse(scalar.value)
    except ValueError:
        return False
    return bool(read.digest or (read.tag and not _HOST_AND_PORT.fullmatch(scalar.value)))
