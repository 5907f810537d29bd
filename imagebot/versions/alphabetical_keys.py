"""What a policy file says of the order `alphabetical`."""

from __future__ import annotations

from typing import ClassVar

from imagebot.versions.alphabetical import FACTS, Alphabetical, Direction
from imagebot.versions.known import OrderInputs
from imagebot.versions.order import Order
from imagebot.versions.order_keys import OrderKeys


class AlphabeticalKeys(OrderKeys):
    """The last text in the alphabet, or the first: for time stamps of one width, such as RFC 3339, and code names.

    Wrong for numbers of several widths: `2026-1-30` comes behind `2026-09-01`. Those want `calver` or `numeric`.
    """

    alphabetical: Direction | None = None
    """Texts: `asc` chooses the last in the alphabet, `desc` the first."""

    facts: ClassVar = FACTS

    def build(self, known: OrderInputs) -> Order:
        assert self.alphabetical is not None, "it is asked for only if it is there"
        return Alphabetical(self.alphabetical)
