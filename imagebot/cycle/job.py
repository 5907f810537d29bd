"""One change to carry out, and what becomes of all of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from imagebot.bans import ToldToWait
from imagebot.cycle.checkout import Checkout
from imagebot.cycle.report import Action, Outcome
from imagebot.errors import ImagebotError
from imagebot.forge.ensure import says
from imagebot.forge.protocol import PullRequest
from imagebot.plan.change import Change
from imagebot.plan.groups import BranchPlace, BranchTarget
from imagebot.pulls.commands import Command

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
        return self.checkout.wishes.get(self.change.branch, frozenset())

    @property
    def said(self) -> bool:
        """Whether the pull request says all this already, and nobody asks for it to be written again."""
        same = self.pull is not None and says(self.pull, self.change.fingerprint)
        return same and not self.wishes.intersection(DONE_ONCE)


@dataclass
class Delivery:
    """What became of every branch. `raced` are those that somebody else moved while this pass looked elsewhere.

    `in_vain` is what a forge would not put on a pull request in this pass: it need not be asked for another.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    raced: set[BranchPlace] = field(default_factory=set)
    in_vain: set[str] = field(default_factory=set)

    def fail(self, change: Change, because: ImagebotError | str) -> None:
        """A change was not carried out."""
        self.outcomes.append(outcome(change, undone(because), str(because)))


def undone(because: ImagebotError | str) -> Action:
    """What to call it that something was not carried out: where a forge told us to wait, nothing has failed."""
    return Action.WAITING if isinstance(because, ToldToWait) else Action.FAILED


def outcome(change: Change, deed: Action, because: str, url: str = "") -> Outcome:
    """What became of a change."""
    return Outcome(change.repository, change.branch, change.name, change.environment, deed, change.title, url, because)
