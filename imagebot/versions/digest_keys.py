"""What a policy file says of the order `digest`."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AfterValidator, WithJsonSchema

from imagebot.documents.model import TEXT_SCHEMA
from imagebot.images.reference import check_tag
from imagebot.versions.digest import FACTS, Digest
from imagebot.versions.known import OrderInputs
from imagebot.versions.order import Order
from imagebot.versions.order_keys import OrderKeys


class DigestKeys(OrderKeys):
    """A tag that moves, followed by its digest: an update is what that tag stands for now.

    The digest is written beside the tag whatever the fields had before. There are no other tags to choose among, so
    `tags` means nothing here.
    """

    digest: Annotated[str, AfterValidator(check_tag), WithJsonSchema(TEXT_SCHEMA)] | None = None
    """A tag that moves, such as `latest`: followed by its digest."""

    facts: ClassVar = FACTS

    def build(self, known: OrderInputs) -> Order:
        assert self.digest is not None, "it is asked for only if it is there"
        return Digest(self.digest)
