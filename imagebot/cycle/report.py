"""What a pass did, as data: printed on a terminal, as JSON, and turned into the exit code."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from imagebot.cycle.deployed_signatures import DeployedSignature
from imagebot.errors import BUG, FINE, NOT_ALL_DONE, WRONG_INPUT, Bug, ImagebotError, worst
from imagebot.plan.change import Change
from imagebot.plan.decision import Decision


class Action(StrEnum):
    """What became of one change."""

    OPENED = "opened"
    UPDATED = "updated"
    KEPT = "kept"
    CLOSED = "closed"
    WAITING = "waiting"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one branch and its pull request. `name` is the app's or the group's.

    `raced`: somebody else moved the branch while this pass looked elsewhere.
    """

    repository: str
    branch: str
    name: str
    environment: str
    action: Action
    title: str
    url: str
    because: str
    raced: bool = False

    @property
    def place(self) -> tuple[str, str]:
        """What tells the branch from all others."""
        return (self.repository, self.branch)


@dataclass(frozen=True, slots=True)
class OpenPullRequest:
    """One of the bot's that was open when the pass looked. `policies` go there, as `app@environment`; `since` is an ISO
    8601 time, empty where the forge does not tell.
    """

    repository: str
    policies: tuple[str, ...]
    number: int
    title: str
    url: str
    since: str


@dataclass(frozen=True, slots=True)
class Costs:
    """What the pass asked of the world."""

    registry_requests: int = 0
    git_fetches: int = 0
    git_pushes: int = 0
    forge_writes: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """The whole of a pass. `changes` is what was planned.

    `problems` are those of policy files, each with its place, and of settings; `bugs` those of our own, of which each
    cost only what it was met in. `open` is what was open when the pass began. `unsaved` is what could not be
    remembered, or carried out for that, and why. `signed` tells of what is deployed, where that was asked for.
    """

    decisions: tuple[Decision, ...]
    changes: tuple[Change, ...]
    outcomes: tuple[Outcome, ...]
    problems: tuple[str, ...]
    costs: Costs
    bugs: tuple[Bug, ...] = ()
    unsaved: ImagebotError | None = None
    signed: tuple[DeployedSignature, ...] = ()
    open: tuple[OpenPullRequest, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 fine, 1 something unknown or not carried out, 2 a policy is wrong, 3 a bug: the worst wins."""
        return worst(
            [
                *(NOT_ALL_DONE for decision in self.decisions if decision.failed),
                *(NOT_ALL_DONE for outcome in self.outcomes if outcome.action is Action.FAILED),
                *(NOT_ALL_DONE for one in self.signed if not one.holds),
                *(WRONG_INPUT for _ in self.problems),
                *(BUG for _ in self.bugs),
                FINE if self.unsaved is None else self.unsaved.exit_code,
                FINE,
            ]
        )
