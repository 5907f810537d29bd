"""What a pass decided about one policy, before anything is written."""

from __future__ import annotations

from dataclasses import dataclass, field

from imagebot.fields.field import Field
from imagebot.plan.change import Change
from imagebot.policy.model import Policy, Watch
from imagebot.selection.facts import Case, Facts
from imagebot.selection.rank import Ranking
from imagebot.selection.verdict import Deployed, Held, Hold, Unknown, Update, UpToDate, Verdict

_TAKE_BACK = frozenset({Hold.SOAK, Hold.SOURCE, Hold.BY_HAND, Hold.ROLLED_BACK, Hold.DOWNGRADE})


@dataclass(frozen=True, slots=True)
class WatchDecision:
    """One watched image: where it stands, which tags there are, what should run. No ranking: the tags are not known.

    `case` and `facts` are what the verdict was reached by, as far as it came to that.
    `left` are its places inside longer text that are not edited.
    """

    watch: Watch
    fields: tuple[Field, ...]
    ranking: Ranking | None
    verdict: Verdict
    case: Case | None = None
    facts: Facts = field(default_factory=Facts)
    left: tuple[Field, ...] = ()

    @property
    def deployed(self) -> tuple[Deployed, ...]:
        return deployed(self.fields)


@dataclass(frozen=True, slots=True)
class Decision:
    """One policy: its watches, and the change to make if there is one."""

    policy: Policy
    watches: tuple[WatchDecision, ...]
    change: Change | None = None

    @property
    def unknown(self) -> bool:
        return any(isinstance(watch.verdict, Unknown) for watch in self.watches)

    @property
    def settled(self) -> bool:
        """Whether the base branch already says all that is wanted, for sure."""
        return all(isinstance(watch.verdict, UpToDate) for watch in self.watches)

    @property
    def taken_back(self) -> frozenset[str]:
        """The images of which no version at all may be proposed now, for sure; none while anything may be.

        A closed window changes nothing about what is open, nor does a branch that people work on.
        """
        verdicts = [watch.verdict for watch in self.watches]
        if any(isinstance(verdict, Update | Unknown) for verdict in verdicts):
            return frozenset()
        return frozenset(str(watch.watch.image) for watch in self.watches if _takes_back(watch.verdict))


def _takes_back(verdict: Verdict) -> bool:
    return isinstance(verdict, Held) and verdict.hold in _TAKE_BACK


def deployed(fields: tuple[Field, ...]) -> tuple[Deployed, ...]:
    """What the fields of a watch say now."""
    return tuple(Deployed(field.tag, field.digest, f"{field.file}:{field.line}") for field in fields)
