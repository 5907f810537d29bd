"""One change to carry out, and what becomes of all of them."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import TypeVar

from imagebot.bans import ToldToWait
from imagebot.cycle.checkout import Checkout
from imagebot.cycle.report import Action, Outcome
from imagebot.errors import ImagebotError
from imagebot.forge.ensure import says
from imagebot.forge.protocol import PullRequest
from imagebot.plan.change import Change
from imagebot.plan.groups import BranchPlace, BranchTarget
from imagebot.pulls.commands import Command

T = TypeVar("T")
Outcomes = Generator[Outcome, None, T]
"""A step of a delivery: it yields what became of the changes that end in it, and returns what goes on."""
DONE_ONCE = (Command.REBUILD, Command.RETRY)
"""What people ask for once: when it is done the box is empty again."""


@dataclass(frozen=True, slots=True)
class Job:
    """A change to carry out, beside what is there already: the branch's tip and its open pull request."""

    checkout: Checkout
    target: BranchTarget
    change: Change
    tip: str | None
    pull: PullRequest | None

    @property
    def place(self) -> BranchPlace:
        return (self.change.repository, self.change.branch)

    @property
    def wishes(self) -> frozenset[Command]:
        return self.checkout.pull_requests.commands.get(self.change.branch, frozenset())

    @property
    def said(self) -> bool:
        """Whether the pull request says all this already, and nobody asks for it to be written again."""
        same = self.pull is not None and says(self.pull, self.change.fingerprint)
        return same and not self.wishes.intersection(DONE_ONCE)


def undone(because: ImagebotError | str) -> Action:
    """What to call it that something was not carried out: where a forge told us to wait, nothing has failed."""
    return Action.WAITING if isinstance(because, ToldToWait) else Action.FAILED


def failed(change: Change, because: ImagebotError | str, *, raced: bool = False) -> Outcome:
    """A change that was not carried out."""
    return replace(outcome(change, undone(because), str(because)), raced=raced)


def outcome(change: Change, action: Action, because: str, url: str = "") -> Outcome:
    """What became of a change."""
    return Outcome(
        change.repository, change.branch, change.name, change.environment, action, change.title, url, because
    )
