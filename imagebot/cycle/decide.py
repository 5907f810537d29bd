"""From policies to decisions: each question goes to the room that can answer it, each failure becomes `Unknown`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from imagebot.cycle.checkout import Checkout
from imagebot.cycle.closing_evidence import believed, proposed
from imagebot.cycle.creation_times import creation_times, remembered_times
from imagebot.cycle.digest_versions import named
from imagebot.cycle.fetch_facts import FactQuestion, FieldPlace, gather, witnesses
from imagebot.cycle.tag_lists import Listed, lister
from imagebot.cycle.unanswered import unanswered
from imagebot.cycle.world import World
from imagebot.errors import ImagebotError, Unavailable
from imagebot.fields.field import Field, Part
from imagebot.images.reference import ImageName
from imagebot.plan.claims import Claims, FileFields, Key, claims, left_alone
from imagebot.plan.decision import WatchDecision, deployed
from imagebot.plan.groups import branch_of
from imagebot.policy.model import Policy, Watch
from imagebot.policy.required import required
from imagebot.selection.doubts import Cut, Doubt, cut_short
from imagebot.selection.facts import Case, Elsewhere, Facts, Needs
from imagebot.selection.judge import judge
from imagebot.selection.rank import MOST_KEPT, Ranking, rank
from imagebot.selection.verdict import Unknown, Verdict, Version, tag_of
from imagebot.versions.commit import CommitRule, History
from imagebot.versions.known import OrderInputs
from imagebot.versions.order import Key as VersionKey

_MOST_QUESTIONS = 500  # a few for each candidate, of which those that are only remembered may be many


@dataclass(frozen=True, slots=True)
class Owned:
    """The fields of one environment repository: those of each watch, and what it leaves alone."""

    claims: Claims
    left: Mapping[Key, tuple[Field, ...]]

    @classmethod
    def of(cls, policies: Sequence[Policy], files: Mapping[str, FileFields]) -> Owned:
        """The fields in `files`, of all policies of one repository."""
        return cls(claims(policies, files), left_alone(policies, files))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the parties of a pass have answered so far: what each repository holds, and what registries list."""

    world: World
    policies: Mapping[str, Policy]
    checkouts: dict[str, Checkout | ImagebotError] = field(default_factory=dict)
    owned: dict[str, Owned | ImagebotError] = field(default_factory=dict)
    lists: dict[ImageName, Listed | ImagebotError] = field(default_factory=dict)
    histories: dict[CommitRule, History | ImagebotError] = field(default_factory=dict)

    def fields(self, policy: Policy, index: int) -> tuple[Field, ...] | Unknown:
        """The fields of one watch, or why they are not known."""
        owned = self.owned[policy.repository]
        return unanswered(owned) if isinstance(owned, ImagebotError) else owned.claims[str(policy), index]

    def listed(self, watch: Watch) -> Listed | ImagebotError:
        """What the registry lists that is asked for the tags of a watch, or why it is not known."""
        return self.lists[lister(self.world, watch)]

    def left(self, policy: Policy, index: int) -> tuple[Field, ...]:
        """What one watch leaves alone."""
        owned = self.owned[policy.repository]
        return () if isinstance(owned, ImagebotError) else owned.left.get((str(policy), index), ())

    def elsewhere(self, policy: Policy) -> Policy | None:
        """The policy of the environment that versions come from, if there is one."""
        source = policy.gates.source
        return None if source is None else self.policies.get(f"{policy.app}@{source.environment}")

    def asks(self, policy: Policy, index: int) -> bool:
        """Whether to judge one watch may take a question to its registry: not if something else is in the way."""
        is_there = isinstance(self.checkouts[policy.repository], Checkout)
        listed = self.listed(policy.watches[index])
        return is_there and isinstance(listed, Listed) and not isinstance(self.fields(policy, index), Unknown)

    def unknown(self, policy: Policy, index: int, because: ImagebotError) -> WatchDecision:
        """What can be told of one watch if nothing can be decided."""
        fields = self.fields(policy, index) if policy.repository in self.owned else ()
        return WatchDecision(
            policy.watches[index], () if isinstance(fields, Unknown) else fields, None, unanswered(because)
        )


def judge_watch(this: Snapshot, policy: Policy, index: int) -> Sequence[WatchDecision]:
    """What is decided about one watch, of which all is in sight. Raises `ImagebotError`."""
    this.world.go_on()
    checkout = this.checkouts[policy.repository]
    if isinstance(checkout, ImagebotError):
        raise checkout
    left = this.left(policy, index)
    asked = _asked(this, policy.watches[index])
    return [replace(line, left=left, asked=asked) for line in _lines(this, checkout, policy, index)]


def _asked(this: Snapshot, watch: Watch) -> ImageName | None:
    """As what the tags of a watch were asked for, where that is not the image itself."""
    listed = this.listed(watch)
    asked = listed.tags.asked if isinstance(listed, Listed) else None
    return None if asked == watch.image else asked


def _lines(this: Snapshot, checkout: Checkout, policy: Policy, index: int) -> Sequence[WatchDecision]:
    watch = policy.watches[index]
    fields = this.fields(policy, index)
    listed = this.listed(watch)
    if isinstance(fields, Unknown):
        return [WatchDecision(watch, (), None, fields)]
    if isinstance(listed, ImagebotError):
        return [WatchDecision(watch, fields, None, unanswered(listed))]
    try:
        ranking = _ranking(this, checkout, watch, fields, listed)
    except ImagebotError as error:
        return [WatchDecision(watch, fields, None, unanswered(error))]
    if not listed.tags.complete:
        many = len(listed.tags.tags)
        image = lister(this.world, watch).familiar
        because = f"the tag list of {image}{listed.whose} may be cut short: it stopped at {many} tags"
        return [WatchDecision(watch, fields, ranking, Unknown(because))]
    source = _source(this, policy, index)
    if isinstance(source, Unknown):
        return [WatchDecision(watch, fields, ranking, source)]
    here = FieldPlace(checkout, watch, fields)
    try:
        odd = _odd(here, policy, listed, source)
    except ImagebotError as error:
        return [WatchDecision(watch, fields, ranking, unanswered(error))]
    if isinstance(odd, Cut):
        return [WatchDecision(watch, fields, ranking, Unknown(cut_short(lister(this.world, watch).familiar, odd)))]
    return _judged(here, policy, ranking, replace(listed, doubt=odd), source)


def _odd(here: FieldPlace, policy: Policy, listed: Listed, source: FieldPlace | None) -> Cut | Doubt | None:
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
    here: FieldPlace, policy: Policy, ranking: Ranking, listed: Listed, source: FieldPlace | None
) -> Sequence[WatchDecision]:
    """What is decided; where the policy wants new major versions apart, about them and about all others."""

    def judged(ranking: Ranking, *, major: bool = False) -> WatchDecision:
        shut_by = policy.gates.for_image(here.watch.minimum_age)
        doubt = None if major and ranking.best is None else listed.doubt
        let_in = here.checkout.memory.let_in(policy, here.watch.image)
        case = Case(
            here.watch,
            shut_by,
            ranking,
            deployed(here.fields),
            _elsewhere(policy, source),
            doubt,
            let_in,
            required(here.watch.verify, here.checkout.world.settings.verify, here.watch.image),
        )
        branch = branch_of(here.checkout.world.settings.branch_prefix, policy, here.watch.image, major=major)
        question = FactQuestion(policy, branch, case, here, source)
        verdict, facts = _verdict(question)
        line = WatchDecision(here.watch, here.fields, ranking, verdict, case, facts, major=major)
        return believed(question, listed, line)

    if not policy.pull_request.group.separate_major:
        return [judged(ranking)]
    try:
        majors = _majors(ranking, here)
    except ImagebotError as error:
        return [WatchDecision(here.watch, here.fields, ranking, unanswered(error))]
    if source is not None:
        line = judged(ranking)
        return [replace(line, major=tag_of(line.verdict) in majors)]
    within = judged(ranking.among(tag for tag in ranking.tags if tag not in majors))
    return [within, judged(ranking.among(majors), major=True)]


def _majors(ranking: Ranking, here: FieldPlace) -> frozenset[str]:
    """The tags of a major version above all that these fields say. Raises `ImagebotError`."""
    places = [place for field in here.fields if (place := _place(ranking, here, field)) is not None]
    if not places:
        return frozenset()
    now, step = max(places), ranking.rules.order.step
    tags = ((tag, ranking.place(tag)) for tag in ranking.tags)
    return frozenset(tag for tag, at in tags if at is not None and at > now and step(now, at) == "major")


def _place(ranking: Ranking, here: FieldPlace, field: Field) -> VersionKey | None:
    """Where a field stands: by its tag, or else by the tag that its digest is known by."""
    place = None if field.tag is None else ranking.place(field.tag)
    if place is not None or field.digest is None:
        return place
    name = named(witnesses(here), ranking, field.digest)
    return None if name is None else ranking.place(name)


def _ranking(this: Snapshot, checkout: Checkout, watch: Watch, fields: Sequence[Field], listed: Listed) -> Ranking:
    """The tags in order, with what the order needs besides. Raises `ImagebotError`."""
    history = this.histories[watch.commit] if watch.commit is not None else None
    if isinstance(history, ImagebotError):
        raise history
    running = {field.tag for field in fields if field.tag is not None}
    charts = any(spot.part is Part.VERSION and spot.key for field in fields for spot in field.spots)
    ranking = rank(watch, listed.tags.tags, running, OrderInputs(history=history, charts=charts))
    if not ranking.needs:
        return ranking
    if len(ranking.needs) > MOST_KEPT:
        raise Unavailable(
            f"more than {MOST_KEPT} tags of {watch.image.familiar} would have to be asked when they were made: write a"
            " `match` that lets in fewer"
        )
    here = witnesses(FieldPlace(checkout, watch, tuple(fields)))
    created = creation_times(here, ranking.needs)
    unlisted = remembered_times(here, [tag for tag in sorted(running) if tag not in created])
    return rank(watch, listed.tags.tags, running, OrderInputs({**unlisted, **created}, history))


def _source(this: Snapshot, policy: Policy, index: int) -> FieldPlace | Unknown | None:
    """Where versions come from, if not from the registry: the same watch in another environment."""
    if policy.gates.source is None:
        return None
    other = this.elsewhere(policy)
    if other is None:
        return Unknown(f"{policy.gates.source.environment}, which versions come from, is not there")
    checkout = this.checkouts[other.repository]
    if not isinstance(checkout, Checkout):
        return unanswered(checkout, f"versions come from {other}: ")
    fields = this.fields(other, index)
    if isinstance(fields, Unknown):
        return replace(fields, because=f"versions come from {other}: {fields.because}")
    return FieldPlace(checkout, other.watches[index], fields)


def _elsewhere(policy: Policy, source: FieldPlace | None) -> Elsewhere | None:
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


def _verdict(question: FactQuestion) -> tuple[Verdict, Facts]:
    facts = Facts()
    for _ in range(_MOST_QUESTIONS):
        answer = judge(question.case, facts, question.here.checkout.memory.now)
        if not isinstance(answer, Needs):
            return answer, facts
        try:
            facts = gather(question, answer, facts)
        except ImagebotError as error:
            return unanswered(error), facts
    raise AssertionError(f"judging {question.case.watch.image} never ends")
