"""What a pass tells the log: each trouble loudly when it is new, and in a lower voice while it only goes on.

A process tells a trouble at its full level when it meets it first, when its cause changes, and once an hour; in between
at `info`. So the log of any pass tells all that went wrong in it, and one of warnings alone is no flood. What another
process said stands in another log, which nobody may be reading: of that only since when it goes on is remembered.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from imagebot.cycle.pass_store import PassStore, Trouble
from imagebot.cycle.proposal import invalid
from imagebot.cycle.report import Action, Outcome, Report
from imagebot.cycle.world import World
from imagebot.errors import FINE
from imagebot.observe.events import (
    PassFinished,
    PassFinishedInPart,
    PassFinishedInVain,
    PassStarted,
    PolicyRefused,
    PolicyStillRefused,
    PullRequestDelayed,
    PullRequestFailed,
    PullRequestStillFailed,
    PullsCounted,
    PullsSuffice,
    VerdictReached,
    VerdictRepeated,
    VerdictUnknown,
)
from imagebot.observe.signatures import SignatureRefused, TrustUnrefreshed
from imagebot.plan.decision import Decision, WatchDecision
from imagebot.policy.read import PolicySet
from imagebot.selection.verdict import Held, Unknown, Update, Verdict, Waiting, tag_of
from imagebot.store.protocol import LastVerdict

_NUMBERS = re.compile("[0-9]+")


@dataclass(frozen=True, slots=True)
class _News:
    """One trouble: since when it is there, and whether to say it loudly."""

    since: datetime
    loud: bool


class Teller:
    """One pass's. With `quiet`, for a verb that prints all of it itself, verdicts are told at `debug`.

    `unknown_since` tells of each policy that was unknown in this pass, by `app@environment`, since when it has been.
    """

    def __init__(self, world: World, memory: PassStore, *, quiet: bool = False) -> None:
        self._world = world
        self._memory = memory
        self._quiet = quiet
        self._part = False
        self.unknown_since: dict[str, datetime] = {}

    def begins(self, policies: PolicySet) -> None:
        """A pass begins with these policies, and without those that nobody can follow."""
        self._part = policies.chosen
        self._world.tell(PassStarted(len(policies.policies), part=self._part))
        problems = [str(problem) for problem in policies.problems]
        self._world.said.are_over("policy", but=problems)
        for problem in problems:
            loud = self._world.said.is_due("policy", problem, problem, self._memory.now)
            self._world.tell((PolicyRefused if loud else PolicyStillRefused)(problem))

    def decided(self, decisions: Sequence[Decision]) -> None:
        """What was decided, and will not change any more in this pass."""
        lines = [(decision, line) for decision in decisions for line in decision.watches]
        causes = {_key(*each): each[1].verdict.because for each in lines if _is_trouble(each[1].verdict)}
        news = self._news("unknown", causes, [_key(*each) for each in lines])
        for decision, line in lines:
            trouble = news.get(_key(decision, line))
            self._world.tell(self._verdict(decision, line, trouble))
            self._signature(decision, line)
            if trouble is not None:
                name = str(decision.policy)
                self.unknown_since[name] = min(trouble.since, self.unknown_since.get(name, trouble.since))

    def _signature(self, decision: Decision, line: WatchDecision) -> None:
        """One that does not hold is told loudly once, and once an hour while that goes on."""
        because, key = invalid(line), _key(decision, line)
        if not because:
            self._world.said.is_over("signature", key)
        elif self._world.said.is_due("signature", key, because, self._memory.now):
            policy = decision.policy
            self._world.tell(SignatureRefused(policy.app, policy.environment, str(line.watch.image), because))

    def _trust(self) -> None:
        """A root that could not be asked for anew is told loudly once, and once an hour while that goes on."""
        root = None if self._world.roots is None else self._world.roots.known
        if root is None or not root.trouble:
            self._world.said.is_over("trust", "root")
        elif self._world.said.is_due("trust", "root", root.trouble, self._memory.now):
            self._world.tell(TrustUnrefreshed(root.trouble, root.until.isoformat()))

    def became(self, outcomes: Sequence[Outcome]) -> None:
        """What became of branches; of those that were carried out it was told when that was done."""
        failed = {_place(each): each.because for each in outcomes if each.action is Action.FAILED}
        news = self._news("failed", failed, [_place(each) for each in outcomes])
        for each in outcomes:
            facts = (each.name, each.environment, each.repository, each.branch, each.url, each.because)
            if each.action is Action.WAITING:
                self._world.tell(PullRequestDelayed(*facts))
            elif each.action is Action.FAILED:
                told = news[_place(each)]
                kind = PullRequestFailed if told.loud else PullRequestStillFailed
                self._world.tell(kind(*facts, told.since.isoformat()))

    def finished(self, report: Report, seconds: float) -> None:
        """How a pass ended, in figures."""
        for left in self._world.registries.pulls_left:
            counted = PullsCounted if left.are_few else PullsSuffice
            self._world.tell(counted(left.registry, left.left, left.limit, left.window_s))
        self._trust()
        actions = Counter(outcome.action for outcome in report.outcomes)
        unknown = sum(decision.failed for decision in report.decisions)
        kind = PassFinished if report.exit_code == FINE else PassFinishedInPart
        if unknown == len(report.decisions) and (unknown or report.problems):
            kind = PassFinishedInVain
        if kind is PassFinished:
            self._world.said.is_over("pass", "finished")
        elif not self._world.said.is_due("pass", "finished", kind.__name__, self._memory.now):
            kind = PassFinished
        self._world.tell(
            kind(
                exit_code=report.exit_code,
                seconds=round(seconds, 3),
                **asdict(report.costs),
                opened=actions[Action.OPENED],
                updated=actions[Action.UPDATED],
                closed=actions[Action.CLOSED],
                waiting=actions[Action.WAITING] + sum(decision.waiting for decision in report.decisions),
                failed=actions[Action.FAILED],
                unknown=unknown,
                refused=len(report.problems),
                part=self._part,
            )
        )

    def _verdict(self, decision: Decision, line: WatchDecision, trouble: _News | None) -> VerdictReached:
        policy, verdict = decision.policy, line.verdict
        last = self._memory.verdicts.get((policy.app, policy.environment, str(line.watch.image)))
        kind = VerdictReached if self._is_news(decision, line, last) else VerdictRepeated
        if trouble is not None:
            kind = VerdictUnknown if trouble.loud else VerdictReached
        return (VerdictRepeated if self._quiet else kind)(
            app=policy.app,
            environment=policy.environment,
            image=str(line.watch.image),
            verdict=type(verdict).__name__,
            because=verdict.because,
            since="" if trouble is None else trouble.since.isoformat(),
        )

    def _is_news(self, decision: Decision, line: WatchDecision, last: LastVerdict | None) -> bool:
        """What was decided the last time too is none. What waits is told by each process, as troubles are.

        Of new major versions that are proposed apart nothing is remembered.
        """
        verdict = line.verdict
        if isinstance(verdict, Held) or (line.major and isinstance(verdict, Update)):
            cause = f"{tag_of(verdict)} {_cause(verdict.because)}"
            return self._world.said.is_due("verdict", _key(decision, line), cause, self._memory.now)
        self._world.said.is_over("verdict", _key(decision, line))
        return not line.major and _is_other(last, line)

    def _news(self, kind: str, causes: Mapping[str, str], asked: Iterable[str]) -> Mapping[str, _News]:
        """What is new in these troubles; of all others that are `asked` about, none is left."""
        now = self._memory.now
        before = self._memory.troubles(kind, {*causes, *asked})
        after: dict[str, Trouble | None] = {key: None for key in before if key not in causes}
        for key in after:
            self._world.said.is_over(kind, key)
        found: dict[str, _News] = {}
        for key, because in causes.items():
            old = before.get(key)
            since = now if old is None else min(old.since, now)
            found[key] = _News(since, self._world.said.is_due(kind, key, _cause(because), now))
            if old is None or _cause(old.because) != _cause(because):
                after[key] = Trouble(because, since)
        if after and not self._quiet:
            self._memory.are_troubles(kind, after)
        return found


def last_verdicts(decisions: Sequence[Decision], now: datetime) -> list[LastVerdict]:
    """What is remembered of decisions."""
    return [
        LastVerdict(
            app=decision.policy.app,
            environment=decision.policy.environment,
            image=str(line.watch.image),
            state=type(line.verdict).__name__,
            tag=tag_of(line.verdict),
            until=line.verdict.until if isinstance(line.verdict, Held | Waiting) else None,
            because=line.verdict.because,
            at=now,
        )
        for decision in decisions
        for line in decision.watches
        if not line.major
    ]


def _is_trouble(verdict: Verdict) -> bool:
    return isinstance(verdict, Unknown) and not isinstance(verdict, Waiting)


def _is_other(last: LastVerdict | None, line: WatchDecision) -> bool:
    return last is None or (last.state, last.tag) != (type(line.verdict).__name__, tag_of(line.verdict))


def _cause(because: str) -> str:
    """A cause without what counts, measures and tells the time: those change from pass to pass while it stays."""
    return _NUMBERS.sub("", because)


def _key(decision: Decision, line: WatchDecision) -> str:
    return f"{decision.policy} {line.watch.image}{' major' if line.major else ''}"


def _place(outcome: Outcome) -> str:
    return " ".join(outcome.place)
