"""All fields of one file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from imagebot.errors import Problem
from imagebot.fields.all_shapes import Shape, shape_for
from imagebot.fields.claim import Claim, Lack
from imagebot.fields.explicit import Explicit, resolve
from imagebot.fields.field import Field, Found, NoField, Spot
from imagebot.fields.place import Place, path, places
from imagebot.yamledit.parse import parse
from imagebot.yamledit.replace import problem, why_fixed
from imagebot.yamledit.tree import Document, NotYaml


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A claim with what is known of where it was made. `document` is None in a file with only one."""

    claim: Claim
    shape: str
    path: str
    twice: frozenset[str]


def find(file: str, data: bytes, explicit: Sequence[Explicit] = ()) -> Found:
    """Every field of a file, whatever is watched; `explicit` are those that policies name by their path."""
    documents = parse(data)
    if isinstance(documents, NotYaml):
        return Found(unreadable=Problem(file, documents.line, documents.column, documents.message))
    fields: list[Field] = []
    refusals: list[NoField] = []
    for index, document in enumerate(documents):
        claimed: list[_Claimed] = []
        for item in _look(document, index if len(documents) > 1 else None):
            if isinstance(item, Lack):
                refusals.append(NoField(item.name, problem(file, data, item.scalar, item.message)))
            else:
                claimed.append(item)
        fields += _fields(file, data, document, claimed)
    named, wrong = resolve(file, data, documents, explicit)
    taken = {spot.scalar.start for field in fields for spot in field.spots}
    fields += [field for field in named if not any(spot.scalar.start in taken for spot in field.spots)]
    return Found(tuple(fields), (*refusals, *wrong))


def _look(document: Document, index: int | None) -> Iterator[_Claimed | Lack]:
    for place in places(document):
        for key in place.entries:
            known = shape_for(key)
            if known is None:
                continue
            name, shape = known
            for item in shape.look(place, key):
                yield item if isinstance(item, Lack) else _claimed(item, place, name, shape, index)


def _claimed(claim: Claim, place: Place, name: str, shape: Shape, index: int | None) -> _Claimed:
    twice = (place.twice | claim.at.twice) & shape.KEYS
    return _Claimed(claim, name, path(index, place.trail, *claim.key.split(".")), twice)


def _fields(file: str, data: bytes, document: Document, claimed: list[_Claimed]) -> Iterator[Field]:
    """Fields out of claims: several on the same scalars are one field, and none may move another image."""
    by_scalar: dict[int, list[tuple[Claim, Spot]]] = defaultdict(list)
    for item in claimed:
        for spot in item.claim.spots:
            by_scalar[spot.scalar.start].append((item.claim, spot))
    users = _users(document)
    seen = set()
    for item in claimed:
        spots = tuple(spot.scalar.start for spot in item.claim.spots)
        if (spots, item.claim.name) in seen:
            continue
        seen.add((spots, item.claim.name))
        fixed = None
        for spot in item.claim.spots:
            message = _shared(spot, item.claim, by_scalar, users) or why_fixed(data, spot.scalar)
            if message and not fixed:
                fixed = problem(file, data, spot.scalar, message)
        if item.twice:
            names = ", ".join(f"`{key}`" for key in sorted(item.twice))
            fixed = problem(file, data, item.claim.spots[0].scalar, f"the key {names} occurs twice here; keep one")
        yield Field(
            file, item.claim.spots[0].scalar.line, item.path, item.shape, item.claim.name, item.claim.spots, fixed
        )


def _users(document: Document) -> dict[int, dict[int, int]]:
    """For each anchored node the aliases to it: where they begin, and their lines."""
    users: dict[int, dict[int, int]] = defaultdict(dict)
    for alias in document.aliases:
        if alias.target is not None:
            users[alias.target.start][alias.start] = alias.line
    return users


def _shared(
    spot: Spot, claim: Claim, by_scalar: dict[int, list[tuple[Claim, Spot]]], users: dict[int, dict[int, int]]
) -> str | None:
    """Why an edit here would move something else: another image, or a value that is no image."""
    claims = by_scalar[spot.scalar.start]
    others = sorted({str(other.name.familiar) for other, _ in claims if other.name != claim.name})
    if others:
        return f"the value is shared with {', '.join(others)}: write it out for each"
    known = {other.via.start for _, other in claims if other.via}
    rest = [line for start, line in users.get(spot.scalar.start, {}).items() if start not in known]
    if rest:
        lines = ", ".join(map(str, rest))
        return f"the anchor &{spot.scalar.anchor} is also used on line {lines}, which is not this image: write the value out there"
    return None
