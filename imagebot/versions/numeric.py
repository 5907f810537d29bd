"""Numbers of any length, whole or with decimals, compared exactly: build counters and time stamps.

No floats, in which two stamps of 17 digits may be one, and nothing that only a program would write: `1e3`, `inf`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Literal

from imagebot.versions.bounds import Bound, Bounds
from imagebot.versions.known import OrderInputs
from imagebot.versions.order import Key, Order, Out, counted
from imagebot.versions.order_keys import OrderFacts, OrderFlag, OrderKeys

Direction = Literal["asc", "desc"]

_NUMBER = re.compile(r"-?[0-9]{1,256}(?:\.[0-9]{1,256})?", re.ASCII)
_LEADING = re.compile(r"[0-9]+(?:\.[0-9]+)?(?![0-9.])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Numeric(Order):
    """By number: `asc` chooses the highest, `desc` the lowest."""

    name: ClassVar[str] = "numeric"
    direction: Direction

    def __str__(self) -> str:
        return self.direction

    def place(self, text: str) -> Key | Out:
        return Out.UNREAD if (key := self.loosely(text)) is None else key

    def loosely(self, text: str) -> Key | None:
        if not _NUMBER.fullmatch(text):
            return None
        number = Decimal(text)
        return (number,) if self.direction == "asc" else (number.copy_negate(),)

    def why(self, key: Key) -> str:
        return "is a number"

    def why_not(self, text: str, out: Out) -> str:
        return "is no number in plain digits"

    def praise(self, admitted: int, best: Key) -> str:
        return counted(admitted, "number", "the highest" if self.direction == "asc" else "the lowest")

    def step(self, old: Key | None, new: Key | None) -> str:
        return "other" if old is None or old == new else "number"

    def around(self, tag: str) -> tuple[str, str] | None:
        found = _LEADING.match(tag)
        return ("", tag[found.end() :]) if found else None

    def region(self, text: str) -> Numbers:
        return Numbers(Bounds.parse(text, _bound, example=">=100 <200"), upside_down=self.direction == "desc")


@dataclass(frozen=True, slots=True)
class Numbers:
    """A range of numbers, which means the same whichever end is chosen."""

    bounds: Bounds
    upside_down: bool

    def __str__(self) -> str:
        return str(self.bounds)

    def holds(self, key: Key) -> bool:
        """Whether the number at `key` is in the range."""
        (number,) = key
        return self.bounds.holds((number.copy_negate() if self.upside_down else number,))


def _bound(text: str) -> Bound | None:
    return Bound((Decimal(text),), (Decimal(text),)) if _NUMBER.fullmatch(text) else None


class NumericKeys(OrderKeys):
    """The highest number, or the lowest: build counters and time stamps of any length, whole or with decimals.

    They are compared exactly. What only a program would write is no number here: `1e3`, `inf`.
    """

    numeric: Direction | None = None
    """Numbers: `asc` chooses the highest, `desc` the lowest."""

    facts: ClassVar = OrderFacts(
        order=Numeric,
        example="numeric: asc",
        steps=("number",),
        flags=(OrderFlag("numeric", choices=("asc", "desc"), help="Numbers: asc takes the highest, desc the lowest."),),
    )

    def build(self, known: OrderInputs) -> Order:
        assert self.numeric is not None, "it is asked for only if it is there"
        return Numeric(self.numeric)
