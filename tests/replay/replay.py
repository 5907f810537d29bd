"""Edit a public repository's real image bumps again, and compare the bytes with what its people merged."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from imagebot.fields.assign import Assigned, assign
from imagebot.fields.field import Value
from imagebot.images.reference import Reference
from tests.support.shared import Bump, Bumped


@dataclass(frozen=True, slots=True)
class Replayed:
    """How one bump went: `misses` is empty where every file came out byte for byte."""

    bump: Bump
    shapes: frozenset[str]
    misses: tuple[str, ...]


def replay(bump: Bump, *, embedded: bool = False) -> Replayed:
    """Do what `imagebot set IMAGE:TAG[@DIGEST] FILES` does, with or without `--embedded`."""
    to = Reference.parse(bump.image + bump.to)
    shapes = set()
    misses = []
    for file in bump.files:
        assigned = assign(file.path, file.before, to.name, Value(to.tag, to.digest), embedded=embedded)
        shapes |= {field.shape for field, _ in assigned.changes}
        if assigned.data != file.after:
            misses.append(_reason(file, assigned))
    return Replayed(bump, frozenset(shapes), tuple(misses))


def _reason(file: Bumped, assigned: Assigned) -> str:
    """The keys or words of the lines that should have changed, or why they were refused."""
    if assigned.problems:
        return f"refused: {assigned.problems[0].message}"
    pairs = zip(assigned.data.splitlines(), file.after.splitlines(), strict=False)
    keys = Counter(after.split(b":")[0].strip(b" -").decode() for before, after in pairs if before != after)
    what = "changed otherwise" if assigned.changes else "no field"
    return f"{what}: {', '.join(f'`{key}:`' for key in sorted(keys))}"
