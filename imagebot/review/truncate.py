"""A body that a forge takes: what matters least is left out first, and the body says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum


class Worth(IntEnum):
    """What a part is, from what is never left out to what goes first."""

    NEEDED = 0
    WARNINGS = 1
    ADVICE = 2
    OVERVIEW = 3
    REASONS = 4
    FIELDS = 5
    FACTS = 6
    SKIPPED = 7
    DETAILS = 8


_SAYS = {
    Worth.WARNINGS: ("warning", "warnings"),
    Worth.ADVICE: ("piece of advice", "pieces of advice"),
    Worth.OVERVIEW: ("line of the overview", "lines of the overview"),
    Worth.REASONS: ("reason", "reasons"),
    Worth.FIELDS: ("list of fields", "lists of fields"),
    Worth.FACTS: ("table of facts", "tables of facts"),
    Worth.SKIPPED: ("list of tags that were not taken", "lists of tags that were not taken"),
    Worth.DETAILS: ("section of details", "sections of details"),
}
_ROOM_TO_SAY_SO = 300


@dataclass(frozen=True, slots=True)
class BodyPart:
    """Markdown that ends its last line itself; `instead` is worth more, and shorter."""

    text: str
    worth: Worth = Worth.NEEDED
    instead: BodyPart | None = None


def fit(parts: Sequence[BodyPart], room: int) -> str:
    """All parts if they have at most `room` characters; else without some, of the same worth the last ones first."""
    kept: list[BodyPart | None] = list(parts)
    excess = sum(len(part.text) for part in parts) - room
    if excess > 0:
        excess += _ROOM_TO_SAY_SO
    left_out = Counter[Worth]()
    for worth in sorted(_SAYS, reverse=True):
        for index in reversed(range(len(kept))):
            part = kept[index]
            if excess > 0 and part is not None and part.worth is worth:
                kept[index] = part.instead
                excess -= len(part.text) - (len(part.instead.text) if part.instead else 0)
                left_out[worth] += 1
    return "".join(part.text for part in kept if part is not None) + _apology(left_out)


def _apology(left_out: Counter[Worth]) -> str:
    if not left_out:
        return ""
    said = [f"{left_out[worth]} {_SAYS[worth][left_out[worth] > 1]}" for worth in sorted(left_out)]
    return f"\n_Left out, as a pull request has only so much room: {', '.join(said)}._\n"
