"""What a policy file says of the order `created`."""

from __future__ import annotations

from typing import ClassVar, Literal

from imagebot.versions.created import FACTS, Created
from imagebot.versions.known import OrderInputs
from imagebot.versions.order import Order
from imagebot.versions.order_keys import OrderKeys


class CreatedKeys(OrderKeys):
    """The image that was made last, as it says itself: for tags that say nothing.

    Whoever publishes an image writes that moment. It can be forged, and builds that can be repeated put a fixed one
    there: a moment before Docker's first release has no place in this order. It costs a request for each new tag.
    """

    created: Literal["newest"] | None = None
    """`newest`: the image that was made last, as it says itself. Costs a request for each tag that is new."""

    facts: ClassVar = FACTS

    def build(self, known: OrderInputs) -> Order:
        return Created(known.created)
