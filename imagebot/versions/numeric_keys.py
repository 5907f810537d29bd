"""What a policy file says of the order `numeric`."""

from __future__ import annotations

from typing import ClassVar

from imagebot.versions.known import OrderInputs
from imagebot.versions.numeric import FACTS, Direction, Numeric
from imagebot.versions.order import Order
from imagebot.versions.order_keys import OrderKeys


class NumericKeys(OrderKeys):
    """The highest number, or the lowest: build counters and time stamps of any length, whole or with decimals.

    They are compared exactly. What only a program would write is no number here: `1e3`, `inf`.
    """

    numeric: Direction | None = None
    """Numbers: `asc` chooses the highest, `desc` the lowest."""

    facts: ClassVar = FACTS

    def build(self, known: OrderInputs) -> Order:
        assert self.numeric is not None, "it is asked for only if it is there"
        return Numeric(self.numeric)
