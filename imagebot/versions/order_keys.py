"""The keys of a policy file that an order brings along: each order has one `OrderKeys`, in a file beside its own."""

from __future__ import annotations

from typing import ClassVar

from imagebot.documents.model import Model
from imagebot.versions.known import OrderInputs
from imagebot.versions.order import Order
from imagebot.versions.order_facts import OrderFacts


class OrderKeys(Model):
    """An order's key in a policy file, named like the order, and keys that mean something beside it alone."""

    facts: ClassVar[OrderFacts]

    def build(self, known: OrderInputs) -> Order:
        """The order that its key, which is there, describes."""
        raise NotImplementedError
