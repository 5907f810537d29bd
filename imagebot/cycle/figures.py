"""What a pass found and cost, in numbers: of each repository, of each registry, and who wants to be left alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import get_args

from imagebot.cycle.checkout import Checkout
from imagebot.cycle.pull_requests import party_of
from imagebot.cycle.rate_limits import moment
from imagebot.cycle.registry_cache import RegistryCache
from imagebot.cycle.report import Action, Report
from imagebot.cycle.waves import Waves
from imagebot.cycle.world import World
from imagebot.observe.events import Event
from imagebot.observe.figures import PolicyState, RegistryAsked, RepositoryPassed, WaitOrdered
from imagebot.plan.decision import Decision
from imagebot.selection.verdict import Held, Hold, NoCandidate, Update

_HELD: Mapping[Hold, PolicyState] = {Hold.SIGNATURE: "unsigned", Hold.SUSPENDED: "suspended"}


def figures(
    world: World,
    registries: RegistryCache,
    looks: Sequence[Waves],
    report: Report,
    unknown_since: Mapping[str, datetime],
) -> Iterator[Event]:
    """What is to be told at the end of a pass; `unknown_since` is by `app@environment`."""
    checkouts: dict[str, list[Checkout]] = defaultdict(list)
    for waves in looks:
        for checkout in waves.look.checkouts:
            checkouts[checkout.settings.name].append(checkout)
    mine: dict[str, list[Decision]] = defaultdict(list)
    for decision in report.decisions:
        mine[decision.policy.repository].append(decision)
    now = looks[0].look.memory.now
    for name, decisions in sorted(mine.items()):
        words = Counter(state_of(decision, now) for decision in decisions)
        yield _repository(name, words, checkouts[name], report, _unknown_since(decisions, unknown_since))
    answers: dict[str, dict[str, int]] = defaultdict(dict)
    for (registry, outcome), count in sorted(registries.answers.items()):
        answers[registry][outcome] = count
    yield from (RegistryAsked(registry, counts) for registry, counts in answers.items())
    yield from _waits(world, [each[0] for each in checkouts.values() if each], now)


def _unknown_since(decisions: Sequence[Decision], since: Mapping[str, datetime]) -> str:
    """Since when the policy is unknown that has been for longest; empty if none is."""
    found = [str(each.policy) for each in decisions if each.failed and not each.suspended]
    oldest = min((since[name] for name in found if name in since), default=None)
    return "" if oldest is None else oldest.isoformat()


def _repository(
    name: str, states: Counter[PolicyState], checkouts: Sequence[Checkout], report: Report, unknown_since: str
) -> RepositoryPassed:
    outcomes = [outcome for outcome in report.outcomes if outcome.repository == name]
    done = Counter(outcome.action for outcome in outcomes)
    closed = {outcome.branch for outcome in outcomes if outcome.action is Action.CLOSED}
    open_since = _open_since(checkouts[0]) if checkouts else None
    left = {} if open_since is None else {branch: at for branch, at in open_since.items() if branch not in closed}
    oldest = min((at for at in left.values() if at is not None), default=None)
    if oldest is None and done[Action.OPENED]:
        oldest = checkouts[0].memory.now
    fine = not (states["unknown"] or done[Action.FAILED] or open_since is None or report.unsaved)
    return RepositoryPassed(
        repository=name,
        ok=fine,
        policies={state: states[state] for state in get_args(PolicyState)},
        unknown_since=unknown_since,
        listed=None if open_since is None else len(open_since),
        open=None if open_since is None else len(left) + done[Action.OPENED],
        oldest_open_since="" if oldest is None else oldest.isoformat(),
        opened=done[Action.OPENED],
        updated=done[Action.UPDATED],
        closed=done[Action.CLOSED],
        waiting=done[Action.WAITING],
        failed=done[Action.FAILED],
        forge_writes=sum(checkout.pull_requests.writes for checkout in checkouts),
    )


def state_of(decision: Decision, now: datetime) -> PolicyState:
    """One word for a policy."""
    verdicts = [line.verdict for line in decision.watches]
    frozen = any(freeze.holds(now) for freeze in decision.policy.gates.freezes)
    found: set[PolicyState] = {_HELD.get(one.hold, "held") for one in verdicts if isinstance(one, Held)}
    if frozen and any(isinstance(one, Held) and one.hold is Hold.WINDOW for one in verdicts):
        found.add("frozen")
    if decision.suspended:
        found.add("suspended")
    if decision.failed:
        found.add("unknown")
    if decision.waiting:
        found.add("waiting")
    if any(isinstance(one, NoCandidate) for one in verdicts):
        found.add("no_candidate")
    if any(isinstance(one, Update) for one in verdicts):
        found.add("outdated")
    states: tuple[PolicyState, ...] = get_args(PolicyState)
    return next((state for state in states if state in found), "current")


def _open_since(checkout: Checkout) -> Mapping[str, datetime | None] | None:
    """Since when pull requests are open that the forge listed, by branch; None where it did not."""
    pulls = checkout.pull_requests
    if not pulls.are_known:
        return None
    return {branch: moment(pull.opened_at) for branch, pull in pulls.open.items()}


def _waits(world: World, checkouts: Sequence[Checkout], now: datetime) -> Iterator[WaitOrdered]:
    for registry, ban in sorted(world.registries.bans.items()):
        if ban.until > now:
            yield WaitOrdered("registry", registry, ban.until.isoformat())
    until: dict[str, datetime] = {}
    for checkout in checkouts:
        told, host = checkout.pull_requests.ban, party_of(checkout.settings)
        if told is not None:
            until[host] = max(told.until, until.get(host, told.until))
    yield from (WaitOrdered("forge", host, at.isoformat()) for host, at in sorted(until.items()))
