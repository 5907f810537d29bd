"""Commits of a branch in the order in which the branch was at them: its history along first parents.

A branch was never at the commits that a merge brought in: an image of one lacks what the branch had besides. So only
the line of first parents is chosen from. What merges brought in still has a place, right below its merge, so that
going from there to an older state of the branch is seen as the step down that it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, WithJsonSchema

from imagebot import gitnames
from imagebot.documents.model import TEXT_SCHEMA, Model, Visible
from imagebot.versions.branch import History
from imagebot.versions.known import OrderInputs
from imagebot.versions.order import Key, Order, Out
from imagebot.versions.order_keys import OrderFacts, OrderFlag, OrderKeys

__all__ = ["CommitKeys", "CommitOrder", "CommitRule", "History"]

SHORTEST_ID = 7
_SHOWN = 7
_LONGER = 12
_MOST_NAMED = 3
_ID = re.compile(rf"[0-9a-f]{{{SHORTEST_ID},64}}", re.ASCII)
_WORDS = re.compile(rf"(?<![0-9A-Za-z])g?([0-9a-f]{{{SHORTEST_ID},64}})(?![0-9A-Za-z])", re.ASCII)


@dataclass(frozen=True, slots=True)
class CommitOrder(Order):
    """By the history of a branch; `inside`: the id is somewhere in the text, which need not be one as a whole.

    `branch` is the one that a person named, if they did.
    """

    name: ClassVar[str] = "commit"
    source: str
    history: History | None = None
    inside: bool = False
    branch: str | None = None

    def __str__(self) -> str:
        branch = self.branch or (self.history.branch if self.history else None)
        return f"{branch} of {self.source}" if branch else self.source

    def place(self, text: str) -> Key | Out:
        commits = self._commits(text)
        if self.history is None or len(commits) != 1:
            return Out.UNREAD
        return self.history.place(commits[0]) if self.history.may_be_chosen(commits[0]) else Out.UNREAD

    def loosely(self, text: str) -> Key | None:
        commits = self._commits(text)
        return self.history.place(commits[0]) if self.history is not None and len(commits) == 1 else None

    def _ids(self, text: str) -> list[str]:
        if self.inside:
            return [found[1] for found in _WORDS.finditer(text)]
        return [text] if _ID.fullmatch(text) else []

    def _commits(self, text: str) -> tuple[str, ...]:
        if self.history is None:
            return ()
        return tuple(commit for part in self._ids(text) for commit in self.history.named(part))

    def why(self, key: Key) -> str:
        return f"is a commit of {self._branch}"

    @property
    def _branch(self) -> str:
        return self.history.branch if self.history else "a branch that is not known yet"

    def why_not(self, text: str, out: Out) -> str:
        ids, commits = self._ids(text), self._commits(text)
        if not ids:
            return f"holds no commit id of {SHORTEST_ID} digits or more" if self.inside else "is no commit id"
        if not commits:
            return f"is no commit of {self._branch}"
        if len(commits) > 1:
            return f"may be {listed([commit[:_LONGER] for commit in commits])}: write longer ids into tags"
        return self._left_out(commits[0])

    def _left_out(self, commit: str) -> str:
        assert self.history is not None, "it named the commit"
        if commit in self.history.merged:
            merge = self.history.at(self.history.place(commit))
            return f"came to {self._branch} by the merge {short(merge)}, and the branch itself was never at it"
        return "changes nothing in the paths of this image"

    def praise(self, admitted: int, best: Key) -> str:
        what = "the only commit" if admitted == 1 else f"the newest of {admitted} commits"
        assert self.history is not None, "it placed the best"
        newer = self.history.newer(best)
        if not newer:
            return f"{what} of {self._branch} with an image"
        have = "newer commit has" if len(newer) == 1 else "newer commits have"
        named = listed([short(commit) for commit in newer])
        return f"{what} of {self._branch} with an image; {len(newer)} {have} none yet: {named}"

    def step(self, old: Key | None, new: Key | None) -> str:
        return "commit"

    def around(self, tag: str) -> tuple[str, str] | None:
        found = [found for found in _WORDS.finditer(tag) if self.history is None or self.history.named(found[1])]
        return (tag[: found[0].start(1)], tag[found[0].end(1) :]) if len(found) == 1 else None


def short(commit: str) -> str:
    """An id as people read it."""
    return commit[:_SHOWN]


def listed(names: Sequence[str]) -> str:
    """`a, b, c and 4 more`."""
    shown = ", ".join(names[:_MOST_NAMED])
    return f"{shown} and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else shown


class CommitRule(Model):
    """Commits of a branch of a source repository."""

    source: Visible
    """The repository: a name from `sources` in `imagebot.yaml`."""
    branch: Annotated[str, AfterValidator(gitnames.branch_name), WithJsonSchema(TEXT_SCHEMA)] | None = None
    """The branch, if it is not the one in `imagebot.yaml`."""
    paths: tuple[Annotated[str, AfterValidator(gitnames.repository_path), WithJsonSchema(TEXT_SCHEMA)], ...] = ()
    """Files and folders of which a commit changes at least one: only such commits are candidates. Default: any."""


def _from_flags(flags: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"commit": {"source": str(flags["commit"])}}


class CommitKeys(OrderKeys):
    """The newest commit of a branch that has an image: for tags that are commit ids, or hold one.

    The branch's own line counts, along first parents: it was never at the commits that a merge brought in, so they are
    no candidates. Only ids that name one commit of the source repository do; a longer id in the tag helps.
    """

    commit: CommitRule | None = None
    """Tags that are commit ids of 7 digits or more: the newest commit of a branch that has an image. With `match` and
    without `extract` the id may be anywhere in the tag."""

    facts: ClassVar = OrderFacts(
        order=CommitOrder,
        example="commit: {source: api}",
        steps=("commit",),
        flags=(
            OrderFlag(
                "commit",
                metavar="FILE",
                commits=True,
                help="Commit ids, in the order of FILE: what 'git rev-list --first-parent BRANCH' prints.",
            ),
        ),
        keys_from=_from_flags,
        needs=frozenset({"history"}),
        finds_inside=True,
    )

    def build(self, known: OrderInputs) -> Order:
        assert self.commit is not None, "it is asked for only if it is there"
        return CommitOrder(self.commit.source, known.history, known.inside, self.commit.branch)
