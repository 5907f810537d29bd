"""A body that a forge takes: what matters least is left out first, and the body says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum


class Worth(IntEnum):
    """What a part is, from what is never left out to what goes first."""

    NEEDED = 0
    OVERVIEW = 1
    REASONS = 2
    FILES = 3
    FACTS = 4
    SKIPPED = 5
    DETAILS = 6


_SAYS = {
    Worth.OVERVIEW: ("image", "images"),
    Worth.REASONS: ("reason", "reasons"),
    Worth.FILES: ("list of files", "lists of files"),
    Worth.FACTS: ("table of facts", "tables of facts"),
    Worth.SKIPPED: ("list of tags that were not taken", "lists of tags that were not taken"),
    Worth.DETAILS: ("section of details", "sections of details"),
}
_ROOM_TO_SAY_SO = 300


@dataclass(frozen=True, slots=True)
class Part:
    """Markdown that ends its last line itself."""

    text: str
    worth: Worth = Worth.NEEDED


def fit(parts: Sequence[Part], room: int) -> str:
    """All parts if they have at most `room` characters; else without some, of the same worth the last ones first."""
    kept = dict(enumerate(parts))
    left_out: list[Part] = []
    excess = sum(len(part.text) for part in parts) - room
    if excess > 0:
        excess += _ROOM_TO_SAY_SO
    for index in sorted(kept, key=lambda index: (parts[index].worth, index), reverse=True):
        if excess <= 0 or parts[index].worth is Worth.NEEDED:
            break
        left_out.append(kept.pop(index))
        excess -= len(left_out[-1].text)
    return "".join(part.text for part in kept.values()) + _apology(left_out)


def _apology(left_out: Sequence[Part]) -> str:
    if not left_out:
        return ""
    counts = Counter(part.worth for part in left_out)
    said = [f"{counts[worth]} {_SAYS[worth][counts[worth] > 1]}" for worth in sorted(counts)]
    return f"\n_Left out, as a pull request has only so much room: {', '.join(said)}. The diff has all of it._\n"
