"""The moment when an image was made, as the image itself says: for tags that say nothing.

Whoever publishes an image writes that moment: it can be forged, and builds that are reproducible put a fixed one there.
A moment before Docker's first release is such a one, and is no place in this order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

from imagebot.versions.known import OrderInputs
from imagebot.versions.order import Key, Order, Out, counted
from imagebot.versions.order_keys import OrderFacts, OrderFlag, OrderKeys

FIRST_IMAGES = datetime(2013, 3, 20, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Created(Order):
    """By creation time; `times` holds those of tags that were asked for, `None` where the image does not say."""

    name: ClassVar[str] = "created"
    times: Mapping[str, datetime | None] = field(default_factory=dict)

    def __str__(self) -> str:
        return "newest"

    def place(self, text: str) -> Key | Out:
        if text not in self.times:
            return Out.UNASKED
        at = self.times[text]
        return Out.UNREAD if at is None or at < FIRST_IMAGES else (at,)

    def loosely(self, text: str) -> Key | None:
        key = self.place(text)
        return None if isinstance(key, Out) else key

    def why(self, key: Key) -> str:
        return f"was made on {_shown(key[0])}"

    def why_not(self, text: str, out: Out) -> str:
        at = self.times.get(text)
        if out is Out.UNASKED:
            return "was not asked yet when it was made"
        if at is None:
            return "does not say when it was made"
        return f"says that it was made on {_shown(at)}, which is no real time: a build that can be repeated writes one"

    def praise(self, admitted: int, best: Key) -> str:
        what = counted(admitted, "image", "the newest")
        return f"{what}, made on {_shown(best[0])}"

    def step(self, old: Key | None, new: Key | None) -> str:
        return "build"


def _shown(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _from_flags(flags: Mapping[str, Any]) -> Mapping[str, Any]:
    return dict.fromkeys(flags, "newest")


class CreatedKeys(OrderKeys):
    """The image that was made last, as it says itself: for tags that say nothing.

    Whoever publishes an image writes that moment. It can be forged, and builds that can be repeated put a fixed one
    there: a moment before Docker's first release has no place in this order. It costs a request for each new tag.
    """

    created: Literal["newest"] | None = None
    """`newest`: the image that was made last, as it says itself. Costs a request for each tag that is new."""

    facts: ClassVar = OrderFacts(
        order=Created,
        example="created: newest",
        steps=("build",),
        flags=(OrderFlag("created", help="The newest image; each line is a tag, a tab and a time."),),
        keys_from=_from_flags,
        needs=frozenset({"created"}),
        excludes={
            ("tags", "extract"): "created looks at the image, not at a part of its tag",
            ("tags", "variant"): "created cannot tell where a version ends: write match",
        },
    )

    def build(self, known: OrderInputs) -> Order:
        return Created(known.created)
