"""From policies to decisions: each question goes to the room that can answer it, each failure becomes `Unknown`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from imagebot.cycle.believe import believed, proposed
from imagebot.cycle.checkout import Checkout
from imagebot.cycle.creation_times import creation_times
from imagebot.cycle.gather import Place, Question, gather, witnesses
from imagebot.cycle.histories import Histories
from imagebot.cycle.lists import Listed, Lists
from imagebot.cycle.world import World
from imagebot.errors import ImagebotError
from imagebot.fields.field import Field
from imagebot.plan.claims import Claims, FileFields, Key, claims, left_alone
from imagebot.plan.decision import Decision, WatchDecision, deployed
from imagebot.plan.groups import branch_of
from imagebot.policy.model import Policy, Watch
from imagebot.policy.read import PolicySet
from imagebot.selection.doubts import Cut, Doubt, cut_short
from imagebot.selection.facts import Case, Elsewhere, Facts, Needs
from imagebot.selection.judge import judge
from imagebot.selection.rank import Ranking, rank
from imagebot.selection.verdict import Unknown, Verdict, Version, tag_of
from imagebot.versions.known import Known

_MOST_QUESTIONS = 500  # a few for each candidate, of which those that are only remembered may be many

Checkouts = Mapping[str, Checkout | ImagebotError]


@dataclass(frozen=True, slots=True)
class Sights:
    """What the registries list, and what the source repositories' branches were at."""

    lists: Lists
    histories: Histories


@dataclass(frozen=True, slots=True)
class _Owned:
    """The fields of one environment repository: those of each watch, and what it leaves alone."""

    claims: Claims
    left: Mapping[Key, tuple[Field, ...]]

    @classmethod
    def of(cls, policies: Sequence[Policy], files: Mapping[str, FileFields]) -> _Owned:
        return cls(claims(policies, files), left_alone(policies, files))


@dataclass(frozen=True, slots=True)
class _Pass:
    """What decides in this pass; `owned` is what each repository holds."""

    world: World
    policies: Mapping[str, Policy]
    checkouts: Checkouts
    owned: Mapping[str, _Owned | ImagebotError]
    sights: Sights

    def fields(self, policy: Policy, index: int) -> tuple[Field, ...] | Unknown:
        """The fields of one watch, or why they are not known."""
        owned = self.owned[policy.repository]
        return Unknown(str(owned)) if isinstance(owned, ImagebotError) else owned.claims[str(policy), index]

    def left(self, policy: Policy, index: int) -> tuple[Field, ...]:
        """What one watch leaves alone."""
        owned = self.owned[policy.repository]
        return () if isinstance(owned, ImagebotError) else owned.left.get((str(policy), index), ())


def decide(world: World, policies: PolicySet, checkouts: Checkouts, sights: Sights) -> tuple[Decision, ...]:
    """A decision for every policy, in their order."""
    known = (*policies.policies, *policies.beside)
    of: dict[str, list[Policy]] = defaultdict(list)
    for policy in known:
        of[policy.repository].append(policy)
    owned = {
        name: world.ask(f"find whose fields are whose in {name}", partial(_Owned.of, of[name], checkout.files))
        for name, checkout in checkouts.items()
        if isinstance(checkout, Checkout)
    }
    this = _Pass(world, {str(policy): policy for policy in known}, checkouts, owned, sights)
    return tuple(_decide(this, policy) for policy in policies.policies)


def _decide(this: _Pass, policy: Policy) -> Decision:
    this.world.go_on()
    return Decision(policy, tuple(line for at in range(len(policy.watches)) for line in _asked(this, policy, at)))


def _asked(this: _Pass, policy: Policy, index: int) -> Sequence[WatchDecision]:
    """What is decided about one watch, whatever goes wrong in deciding it."""
    watch, checkout = policy.watches[index], this.checkouts[policy.repository]
    if not isinstance(checkout, Checkout):
        return [WatchDecision(watch, (), None, Unknown(str(checkout)))]
    deed = f"judge {watch.image.familiar} for {policy}"
    lines = this.world.ask(deed, partial(_watch, this, checkout, policy, index))
    if not isinstance(lines, ImagebotError):
        return lines
    fields = this.fields(policy, index)
    return [WatchDecision(watch, () if isinstance(fields, Unknown) else fields, None, Unknown(str(lines)))]


def _watch(this: _Pass, checkout: Checkout, policy: Policy, index: int) -> Sequence[WatchDecision]:
    left = this.left(policy, index)
    return [replace(line, left=left) for line in _lines(this, checkout, policy, index)]


def _lines(this: _Pass, checkout: Checkout, policy: Policy, index: int) -> Sequence[WatchDecision]:
    watch = policy.watches[index]
    fields = this.fields(policy, index)
    listed = this.sights.lists[watch.image]
    if isinstance(fields, Unknown):
        return [WatchDecision(watch, (), None, fields)]
    if isinstance(listed, ImagebotError):
        return [WatchDecision(watch, fields, None, Unknown(str(listed)))]
    try:
        ranking = _ranking(this, checkout, watch, fields, listed)
    except ImagebotError as error:
        return [WatchDecision(watch, fields, None, Unknown(str(error)))]
    if not listed.tags.complete:
        many = len(listed.tags.tags)
        because = f"the tag list of {watch.image.familiar} may be cut short: the registry stopped at {many} tags"
        return [WatchDecision(watch, fields, ranking, Unknown(because))]
    source = _source(this, policy, index)
    if isinstance(source, Unknown):
        return [WatchDecision(watch, fields, ranking, source)]
    here = Place(checkout, watch, fields)
    try:
        odd = _odd(here, policy, listed, source)
    except ImagebotError as error:
        return [WatchDecision(watch, fields, ranking, Unknown(str(error)))]
    if isinstance(odd, Cut):
        return [WatchDecision(watch, fields, ranking, Unknown(cut_short(watch.image.familiar, odd)))]
    return _judged(here, policy, ranking, replace(listed, doubt=odd), source)


def _odd(here: Place, policy: Policy, listed: Listed, source: Place | None) -> Cut | Doubt | None:
    """What is odd about a list of tags: one that is whole has what fields say, and what is proposed if it shrank.

    Raises `ImagebotError`.
    """
    said = [field.tag for place in (here, source) if place is not None for field in place.fields if field.tag]
    if listed.shrunk is not None:
        prefix, image = here.checkout.world.settings.branch_prefix, here.watch.image
        branches = [branch_of(prefix, policy, image, major=major) for major in (False, True)]
        said += proposed(here.checkout, policy, image, branches)
    return witnesses(here).listing(listed, said, [field.digest for field in here.fields if field.digest])


def _judged(
    here: Place, policy: Policy, ranking: Ranking, listed: Listed, source: Place | None
) -> Sequence[WatchDecision]:
    """What is decided; where the policy wants new major versions apart, about them and about all others."""

    def judged(ranking: Ranking, *, major: bool = False) -> WatchDecision:
        shut_by = policy.gates.for_image(here.watch.minimum_age)
        doubt = None if major and ranking.best is None else listed.doubt
        case = Case(here.watch, shut_by, ranking, deployed(here.fields), _elsewhere(policy, source), doubt)
        branch = branch_of(here.checkout.world.settings.branch_prefix, policy, here.watch.image, major=major)
        question = Question(policy, branch, case, here, source)
        verdict, facts = _verdict(question)
        line = WatchDecision(here.watch, here.fields, ranking, verdict, case, facts, major=major)
        return believed(question, listed, line)

    if not policy.pull_request.group.separate_major:
        return [judged(ranking)]
    majors = _majors(ranking, here.fields)
    if source is not None:
        line = judged(ranking)
        return [replace(line, major=tag_of(line.verdict) in majors)]
    within = judged(ranking.among(tag for tag in ranking.tags if tag not in majors))
    return [within, judged(ranking.among(majors), major=True)]


def _majors(ranking: Ranking, fields: Sequence[Field]) -> frozenset[str]:
    """The tags of a major version above all that these fields say."""
    places = [place for field in fields if field.tag and (place := ranking.place(field.tag)) is not None]
    if not places:
        return frozenset()
    now, step = max(places), ranking.rules.order.step
    tags = ((tag, ranking.place(tag)) for tag in set(ranking.tags))
    return frozenset(tag for tag, at in tags if at is not None and at > now and step(now, at) == "major")


def _ranking(this: _Pass, checkout: Checkout, watch: Watch, fields: Sequence[Field], listed: Listed) -> Ranking:
    """The tags in order, with what the order needs besides. Raises `ImagebotError`."""
    history = this.sights.histories[watch.commit] if watch.commit is not None else None
    if isinstance(history, ImagebotError):
        raise history
    running = {field.tag for field in fields if field.tag is not None}
    ranking = rank(watch, listed.tags.tags, running, Known(history=history))
    if not ranking.needs:
        return ranking
    created = creation_times(witnesses(Place(checkout, watch, tuple(fields))), ranking.needs)
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
    fields = this.fields(other, index)
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
