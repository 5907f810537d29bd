"""Texts in the order of their characters (ASCII): for time stamps of one width, such as RFC 3339, and code names.

Wrong for numbers of several widths: `2026-1-30` comes behind `2026-09-01`. Those want `calver` or `numeric`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from imagebot.versions.known import OrderInputs
from imagebot.versions.order import Key, Order, Out, counted
from imagebot.versions.order_keys import OrderFacts, OrderFlag, OrderKeys

Direction = Literal["asc", "desc"]
_AFTER_EVERY_CHARACTER = 1


@dataclass(frozen=True, slots=True)
class Alphabetical(Order):
    """By text: `asc` chooses the last, `desc` the first."""

    name: ClassVar[str] = "alphabetical"
    direction: Direction

    def __str__(self) -> str:
        return self.direction

    def place(self, text: str) -> Key | Out:
        return self.loosely(text)

    def loosely(self, text: str) -> Key:
        if self.direction == "asc":
            return (text,)
        return (*(-ord(char) for char in text), _AFTER_EVERY_CHARACTER)

    def why(self, key: Key) -> str:
        return "has a place in the alphabet"

    def why_not(self, text: str, out: Out) -> str:
        raise AssertionError("every text has a place")

    def praise(self, admitted: int, best: Key) -> str:
        what = counted(admitted, "tag", "the last" if self.direction == "asc" else "the first")
        return f"{what} in alphabetical order"

    def step(self, old: Key | None, new: Key | None) -> str:
        return "other" if old is None or old == new else "name"


class AlphabeticalKeys(OrderKeys):
    """The last text in the alphabet, or the first: for time stamps of one width, such as RFC 3339, and code names.

    Wrong for numbers of several widths: `2026-1-30` comes behind `2026-09-01`. Those want `calver` or `numeric`.
    """

    alphabetical: Direction | None = None
    """Texts: `asc` chooses the last in the alphabet, `desc` the first."""

    facts: ClassVar = OrderFacts(
        order=Alphabetical,
        example="alphabetical: asc",
        steps=("name",),
        flags=(OrderFlag("alphabetical", choices=("asc", "desc"), help="Texts: asc takes the last, desc the first."),),
        excludes={("tags", "variant"): "alphabetical cannot tell where a version ends: write match"},
    )

    def build(self, known: OrderInputs) -> Order:
        assert self.alphabetical is not None, "it is asked for only if it is there"
        return Alphabetical(self.alphabetical)
