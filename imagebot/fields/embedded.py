"""References inside longer text: scripts, arguments, expressions, files within a ConfigMap.

Which text is a reference cannot be told without the image's name, so these places depend on what is asked for, and they
are edited only where a person says so.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from imagebot.errors import Problem
from imagebot.fields.field import Field, Found, Part, Spot, Value
from imagebot.fields.files import is_words
from imagebot.fields.find import LONGEST_PATH, numbered
from imagebot.fields.place import Trail, path
from imagebot.fields.screen import Screen
from imagebot.fields.texts import references, texts
from imagebot.images.reference import ImageName
from imagebot.yamledit.lines import line_numbers
from imagebot.yamledit.parse import parse
from imagebot.yamledit.replace import problem, why_fixed
from imagebot.yamledit.tree import Document, Scalar

SHAPE = "embedded"
_JOINT = re.compile(rb":[A-Za-z0-9_]", re.ASCII)


def find_embedded(file: str, data: bytes, found: Found, names: Collection[ImageName]) -> tuple[Field, ...]:
    """Where these images stand in full, with tag or digest, in a text that is no field of `found`.

    Each is a field of its own; where a value holds several, the path of all but the first ends in `~2` and so on.
    A file that cannot be parsed has none.
    """
    if found.unreadable or is_words(file) or not _candidates(data, found, names):
        return ()
    fields: list[Field] = []
    seen = Screen(names)
    for index, document in numbered(parse(data, wanted=lambda piece: bool(seen.held(piece)))):
        if isinstance(document, Document):
            for scalar, trail in texts(document):
                fields += _fields(_Text(file, data, scalar, index, trail), names)
    taken = _Taken.by(found)
    return tuple(field for field in fields if not taken.has(field))


def _candidates(data: bytes, found: Found, names: Collection[ImageName]) -> bool:
    """Whether more references of these images stand in the bytes than are fields: if not, nothing need be parsed."""
    standing: Counter[tuple[int, ImageName]] = Counter()
    line, done = 1, 0
    for begin, end in _joined_lines(data):
        line += data.count(b"\n", done, begin)
        done = begin
        for item in references(data[begin:end].decode(errors="replace")):
            if item.reference.name in names:
                standing[line, item.reference.name] += 1
    known = Counter((field.line, field.name) for field in found.fields if field.spots[0].part is Part.REFERENCE)
    return bool(standing - known)


def _joined_lines(data: bytes) -> Iterator[tuple[int, int]]:
    """Where the lines begin and end in which a tag or a digest may follow a name."""
    end = -1
    for joint in _JOINT.finditer(data):
        if joint.start() > end:
            begin, end = data.rfind(b"\n", 0, joint.start()) + 1, data.find(b"\n", joint.end())
            end = end if end >= 0 else len(data)
            yield begin, end


@dataclass(frozen=True, slots=True)
class _Text:
    """A scalar and the way to it."""

    file: str
    data: bytes
    scalar: Scalar
    document: int | None
    trail: Trail | None

    def fixed(self) -> Problem | None:
        reason = why_fixed(self.data, self.scalar)
        if self.trail and self.trail.doubtful:
            reason = f"the key {', '.join(f'`{key}`' for key in sorted(self.trail.doubtful))} occurs twice; keep one"
        return problem(self.file, self.data, self.scalar, reason) if reason else None


def _fields(text: _Text, names: Collection[ImageName]) -> Iterator[Field]:
    scalar = text.scalar
    standing = [item for item in references(scalar.value) if item.reference.name in names]
    if not standing or (text.trail and text.trail.length > LONGEST_PATH):
        return
    where, fixed, line_at = path(text.document, text.trail), text.fixed(), line_numbers(text.data, scalar)
    for number, item in enumerate(standing, start=1):
        reference = item.reference
        start, end = item.at + len(reference.written), item.at + len(str(reference))
        spot = Spot(scalar, Part.REFERENCE, Value(reference.tag, reference.digest), start, end)
        name = where if number == 1 else f"{where}~{number}"
        yield Field(text.file, line_at(item.at), name, SHAPE, reference.name, (spot,), fixed)


@dataclass(frozen=True, slots=True)
class _Taken:
    """What is a field already: parts of scalars, and lines of a text that was read as YAML of its own."""

    parts: Mapping[tuple[int, int], Sequence[Spot]]
    lines: frozenset[tuple[int, int]]

    @classmethod
    def by(cls, found: Found) -> _Taken:
        parts = defaultdict(list)
        inner = set()
        for spot in (spot for field in found.fields for spot in field.spots):
            parts[spot.scalar.place].append(spot)
            if spot.scalar.within:
                inner.add((spot.scalar.within.start, spot.scalar.line))
        return cls(parts, frozenset(inner))

    def has(self, field: Field) -> bool:
        [spot] = field.spots
        others = self.parts.get(spot.scalar.place, ())
        return (spot.scalar.start, field.line) in self.lines or any(
            other.start < spot.end and spot.start < other.end for other in others
        )
