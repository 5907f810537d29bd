"""One tag that moves, such as `latest` or `main`, followed by what it stands for: its digest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from imagebot.versions.order import Key, Order, Out
from imagebot.versions.order_facts import OrderFacts, Settled

_ONLY_PLACE = ("followed",)


@dataclass(frozen=True, slots=True)
class Digest(Order):
    """A single tag; there is nothing above or below it."""

    name: ClassVar[str] = "digest"
    tag: str

    def __str__(self) -> str:
        return self.tag

    def place(self, text: str) -> Key | Out:
        return _ONLY_PLACE if text == self.tag else Out.UNREAD

    def loosely(self, text: str) -> Key | None:
        return _ONLY_PLACE if text == self.tag else None

    def why(self, key: Key) -> str:
        return "is the tag to follow"

    def why_not(self, text: str, out: Out) -> str:
        return f"is not {self.tag}, the tag to follow"

    def praise(self, admitted: int, best: Key) -> str:
        return "the tag to follow"

    def step(self, old: Key | None, new: Key | None) -> str:
        return "digest"


FACTS = OrderFacts(
    order=Digest,
    example="digest: latest",
    steps=("digest",),
    settles={
        "pin": Settled("digest", "a tag that moves is followed by its digest: leave pin out, or write digest"),
    },
    excludes={("tags",): "digest follows one tag: there are no others to choose among"},
    moves=True,
)
