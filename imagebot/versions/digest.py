"""One tag that moves, such as `latest` or `main`, followed by what it stands for: its digest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import AfterValidator, WithJsonSchema

from imagebot.documents.model import TEXT_SCHEMA
from imagebot.images.reference import check_tag
from imagebot.versions.known import OrderInputs
from imagebot.versions.order import Key, Order, Out
from imagebot.versions.order_keys import OrderFacts, OrderKeys, Settled

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


class DigestKeys(OrderKeys):
    """A tag that moves, followed by its digest: an update is what that tag stands for now.

    The digest is written beside the tag whatever the fields had before. There are no other tags to choose among, so
    `tags` means nothing here.
    """

    digest: Annotated[str, AfterValidator(check_tag), WithJsonSchema(TEXT_SCHEMA)] | None = None
    """A tag that moves, such as `latest`: followed by its digest."""

    facts: ClassVar = OrderFacts(
        order=Digest,
        example="digest: latest",
        steps=("digest",),
        settles={
            "pin": Settled("digest", "a tag that moves is followed by its digest: leave pin out, or write digest"),
        },
        excludes={("tags",): "digest follows one tag: there are no others to choose among"},
        moves=True,
    )

    def build(self, known: OrderInputs) -> Order:
        assert self.digest is not None, "it is asked for only if it is there"
        return Digest(self.digest)
