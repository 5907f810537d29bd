"""What a policy file says of the order `commit`."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AfterValidator, WithJsonSchema

from imagebot import gitnames
from imagebot.documents.model import TEXT_SCHEMA, Model, Visible
from imagebot.versions.commit import FACTS, CommitOrder
from imagebot.versions.known import OrderInputs
from imagebot.versions.order import Order
from imagebot.versions.order_keys import OrderKeys


class CommitRule(Model):
    """Commits of a branch of a source repository."""

    source: Visible
    """The repository: a name from `sources` in `imagebot.yaml`."""
    branch: Annotated[str, AfterValidator(gitnames.branch_name), WithJsonSchema(TEXT_SCHEMA)] | None = None
    """The branch, if it is not the one in `imagebot.yaml`."""
    paths: tuple[Annotated[str, AfterValidator(gitnames.repository_path), WithJsonSchema(TEXT_SCHEMA)], ...] = ()
    """Files and folders of which a commit changes at least one: only such commits are candidates. Default: any."""


class CommitKeys(OrderKeys):
    """The newest commit of a branch that has an image: for tags that are commit ids, or hold one.

    The branch's own line counts, along first parents: it was never at the commits that a merge brought in, so they are
    no candidates. Only ids that name one commit of the source repository do; a longer id in the tag helps.
    """

    commit: CommitRule | None = None
    """Tags that are commit ids of 7 digits or more: the newest commit of a branch that has an image. With `match` and
    without `extract` the id may be anywhere in the tag."""

    facts: ClassVar = FACTS

    def build(self, known: OrderInputs) -> Order:
        assert self.commit is not None, "it is asked for only if it is there"
        return CommitOrder(self.commit.source, known.history, known.inside, self.commit.branch)
