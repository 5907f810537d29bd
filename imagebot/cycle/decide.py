"""From policies to decisions: each question goes to the room that can answer it, each failure becomes `Unknown`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from imagebot.cycle.checkout import Checkout
from imagebot.cycle.gather import Place, Question, gather
from imagebot.cycle.histories import Histories
from imagebot.cycle.lists import Listed, Lists, creation_times
from imagebot.cycle.world import World
from imagebot.errors import CannotEdit, ImagebotError
from imagebot.fields.field import Field
from imagebot.observe.events import VerdictReached
from imagebot.plan.change import Change
from imagebot.plan.claims import Claims, claims, left_alone
from imagebot.plan.decision import Decision, WatchDecision, deployed
from imagebot.plan.propose import Due, branch_of, propose
from imagebot.policy.model import Policy, Watch
from imagebot.policy.read import PolicySet
from imagebot.selection.facts import Case, Elsewhere, Facts, Needs
from imagebot.selection.judge import judge
from imagebot.selection.rank import Ranking, rank
from imagebot.selection.survey import better
from imagebot.selection.verdict import Held, Hold, Unknown, Update, Verdict, Version
from imagebot.versions.known import Known

_MOST_QUESTIONS = 500  # a few for each candidate, of which those that are only remembered may be many

Checkouts = Mapping[str, Checkout | ImagebotError]


@dataclass(frozen=True, slots=True)
class Sights:
    """What the registries list, and what the source repositories' branches were at."""

    lists: Lists
    histories: Histories


@dataclass(frozen=True, slots=True)
class _Pass:
    """What every policy of this pass is decided by; `owned` are the fields of each watch, by repository."""

    policies: Mapping[str, Policy]
    checkouts: Checkouts
    owned: Mapping[str, Claims]
    sights: Sights


def decide(world: World, policies: PolicySet, checkouts: Checkouts, sights: Sights) -> tuple[Decision, ...]:
    """A decision for every policy, in their order."""
    known = (*policies.policies, *policies.beside)
    owned = {
        name: claims([policy for policy in known if policy.repository == name], checkout.files)
        for name, checkout in checkouts.items()
        if isinstance(checkout, Checkout)
    }
    this = _Pass({str(policy): policy for policy in known}, checkouts, owned, sights)
    decisions = []
    for policy in policies.policies:
        world.go_on()
        checkout = checkouts[policy.repository]
        if isinstance(checkout, Checkout):
            decision = _decide(this, checkout, policy)
            seen = (replace(line, left=left_alone(policy, line.watch, checkout.files)) for line in decision.watches)
            decision = replace(decision, watches=tuple(seen))
        else:
            lines = tuple(WatchDecision(watch, (), None, Unknown(str(checkout))) for watch in policy.watches)
            decision = Decision(policy, lines)
        _tell(world, decision)
        decisions.append(decision)
    return tuple(decisions)


def _decide(this: _Pass, checkout: Checkout, policy: Policy) -> Decision:
    watches = tuple(_watch(this, checkout, policy, index) for index in range(len(policy.watches)))
    decision = Decision(policy, watches)
    dues = [_due(line, line.verdict) for line in watches if isinstance(line.verdict, Update)]
    if not dues or decision.unknown:
        return decision
    frozen = checkout.frozen(branch_of(checkout.world.settings.branch_prefix, policy))
    if frozen is not None:
        return Decision(policy, tuple(_hold(line, frozen) for line in watches))
    try:
        return Decision(policy, watches, _change(checkout, policy, dues))
    except CannotEdit as error:
        return Decision(policy, tuple(_refuse(line, error) for line in watches))


def _due(line: WatchDecision, update: Update) -> Due:
    skipped = () if line.ranking is None else better(line.ranking, update.to.tag)
    return Due(line.watch, line.fields, update, skipped)


def _watch(this: _Pass, checkout: Checkout, policy: Policy, index: int) -> WatchDecision:
    watch = policy.watches[index]
    fields = this.owned[policy.repository][str(policy), index]
    listed = this.sights.lists[watch.image]
    if isinstance(fields, Unknown):
        return WatchDecision(watch, (), None, fields)
    if isinstance(listed, ImagebotError):
        return WatchDecision(watch, fields, None, Unknown(str(listed)))
    try:
        ranking = _ranking(this, checkout, watch, fields, listed)
    except ImagebotError as error:
        return WatchDecision(watch, fields, None, Unknown(str(error)))
    if not listed.tags.complete:
        many = len(listed.tags.tags)
        because = f"the tag list of {watch.image.familiar} may be cut short: the registry stopped at {many} tags"
        return WatchDecision(watch, fields, ranking, Unknown(because))
    source = _source(this, policy, index)
    if isinstance(source, Unknown):
        return WatchDecision(watch, fields, ranking, source)
    branch = branch_of(checkout.world.settings.branch_prefix, policy)
    gates = policy.gates.for_image(watch.minimum_age)
    case = Case(watch, gates, ranking, deployed(fields), _elsewhere(policy, source), listed.shrunk)
    verdict, facts = _verdict(Question(policy, branch, case, Place(checkout, watch, fields), source))
    return WatchDecision(watch, fields, ranking, verdict, case, facts)


def _ranking(this: _Pass, checkout: Checkout, watch: Watch, fields: Sequence[Field], listed: Listed) -> Ranking:
    """The tags in order, with what the order needs besides. Raises `ImagebotError`."""
    history = this.sights.histories[watch.commit] if watch.commit is not None else None
    if isinstance(history, ImagebotError):
        raise history
    running = {field.tag for field in fields if field.tag is not None}
    ranking = rank(watch, listed.tags.tags, running, Known(history=history))
    if not ranking.needs:
        return ranking
    created = creation_times(checkout.registries, checkout.memory, watch.image, ranking.needs)
    return rank(watch, listed.tags.tags, running, Known(created, history))


def _source(this: _Pass, policy: Policy, index: int) -> Place | Unknown | None:
    """Where versions come from, if not from the registry: the same watch in another environment."""
    if policy.gates.source is None:
        return None
    other = this.policies.get(f"{policy.app}@{policy.gates.source.environment}")
    if other is None:
        return Unknown(f"{policy.gates.source.environment}, which versions come from, is not there")
    checkout = this.checkouts[other.repository]
    if not isinstance(checkout, Checkout):
        return Unknown(f"versions come from {other}: {checkout}")
    fields = this.owned[other.repository][str(other), index]
    if isinstance(fields, Unknown):
        return Unknown(f"versions come from {other}: {fields.because}")
    return Place(checkout, other.watches[index], fields)


def _elsewhere(policy: Policy, source: Place | None) -> Elsewhere | None:
    """What the other environment has, if its fields agree about it."""
    if source is None or policy.gates.source is None:
        return None
    name = policy.gates.source.environment
    versions = {(field.tag, field.digest) for field in source.fields}
    tags = {tag for tag, _ in versions if tag}
    if not source.fields:
        return Elsewhere(name, None, f"{name}, which versions come from, has no field of this image")
    if len(tags) != 1 or len({tag for tag, _ in versions}) != 1:
        says = ", ".join(sorted(f"{field.file}:{field.line} {field.value}" for field in source.fields))
        return Elsewhere(name, None, f"{name}, which versions come from, is not of one mind: {says}")
    digests = {digest for _, digest in versions}
    return Elsewhere(name, Version(tags.pop(), digests.pop() if len(digests) == 1 else None))


def _verdict(question: Question) -> tuple[Verdict, Facts]:
    facts = Facts()
    for _ in range(_MOST_QUESTIONS):
        answer = judge(question.case, facts, question.here.checkout.memory.now)
        if not isinstance(answer, Needs):
            return answer, facts
        try:
            facts = gather(question, answer, facts)
        except ImagebotError as error:
            return Unknown(str(error)), facts
    raise AssertionError(f"judging {question.case.watch.image} never ends")


def _change(checkout: Checkout, policy: Policy, dues: Sequence[Due]) -> Change:
    paths = {field.file for due in dues for field in due.fields}
    files = {path: checkout.mirror.read(checkout.heads.base, path) for path in sorted(paths)}
    return propose(policy, dues, checkout.settings.branch, checkout.world.settings.branch_prefix, files)


def _hold(line: WatchDecision, because: str) -> WatchDecision:
    if not isinstance(line.verdict, Update):
        return line
    return replace(line, verdict=Held(line.verdict.to, Hold.FROZEN, None, because))


def _refuse(line: WatchDecision, error: CannotEdit) -> WatchDecision:
    return replace(line, verdict=Unknown(error.problem.headline)) if isinstance(line.verdict, Update) else line


def _tell(world: World, decision: Decision) -> None:
    for line in decision.watches:
        world.tell(
            VerdictReached(
                app=decision.policy.app,
                environment=decision.policy.environment,
                image=str(line.watch.image),
                verdict=type(line.verdict).__name__,
                because=line.verdict.because,
            )
        )
