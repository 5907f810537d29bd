"""Places in an order, for tests that know that there is one."""

from __future__ import annotations

from imagebot.versions.order import Key, Order, Out


def placed(order: Order, text: str) -> Key:
    """Where `text` stands; fails where it may not be chosen."""
    key = order.place(text)
    assert not isinstance(key, Out), f"{text} {order.why_not(text, key)}"
    return key
