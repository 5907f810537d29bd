"""From policies to decisions: each question goes to the room that can answer it, each failure becomes `Unknown`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

from imagebot.cycle.asked import Asked
from imagebot.cycle.checkout import Checkout
from imagebot.cycle.world import World
from imagebot.errors import CannotEdit, ImagebotError, WorldError
from imagebot.fields.field import Field
from imagebot.images.reference import ImageName
from imagebot.observe.events import TagsListed, VerdictReached
from imagebot.plan.change import Change
from imagebot.plan.claims import Claims, claims, left_alone
from imagebot.plan.decision import Decision, WatchDecision, deployed
from imagebot.plan.propose import Due, branch_of, propose
from imagebot.policy.model import Policy, Watch
from imagebot.registry.client import TagList
from imagebot.selection.judge import judge
from imagebot.selection.rank import Ranking, rank
from imagebot.selection.verdict import Fact, Facts, Held, Hold, Needs, Unknown, Update, Verdict

_WORKERS = 8
_MOST_QUESTIONS = 4

Tags = Mapping[ImageName, TagList | ImagebotError]


def list_tags(world: World, registries: Asked, policies: Sequence[Policy]) -> Tags:
    """All tags of every watched image, each image asked for once; what failed is kept as its error."""
    names = sorted({watch.image for policy in policies for watch in policy.watches})

    def ask(name: ImageName) -> TagList | ImagebotError:
        try:
            world.go_on()
            return registries.tags(name)
        except WorldError as error:
            return error

    with ThreadPoolExecutor(_WORKERS) as pool:
        answers = dict(zip(names, pool.map(ask, names), strict=True))
    for name, answer in answers.items():
        if isinstance(answer, TagList):
            world.tell(TagsListed(str(name), len(answer.tags), answer.dropped, answer.complete))
    return answers


def decide(
    world: World,
    policies: Sequence[Policy],
    checkouts: Mapping[str, Checkout | ImagebotError],
    tags: Tags,
    now: datetime,
) -> tuple[Decision, ...]:
    """A decision for every policy, in their order."""
    owned: dict[str, Claims] = {
        name: claims([policy for policy in policies if policy.repository == name], checkout.files)
        for name, checkout in checkouts.items()
        if isinstance(checkout, Checkout)
    }
    decisions = []
    for policy in policies:
        world.go_on()
        checkout = checkouts[policy.repository]
        if isinstance(checkout, Checkout):
            decision = _decide(checkout, policy, owned[policy.repository], tags, now)
            seen = (replace(line, left=left_alone(policy, line.watch, checkout.files)) for line in decision.watches)
            decision = replace(decision, watches=tuple(seen))
        else:
            lines = tuple(WatchDecision(watch, (), None, Unknown(str(checkout))) for watch in policy.watches)
            decision = Decision(policy, lines)
        _tell(world, decision)
        decisions.append(decision)
    return tuple(decisions)


def _decide(checkout: Checkout, policy: Policy, owned: Claims, tags: Tags, now: datetime) -> Decision:
    branch = branch_of(checkout.world.settings.branch_prefix, policy)
    watches = tuple(
        _watch(checkout, branch, watch, owned[str(policy), index], tags[watch.image], now)
        for index, watch in enumerate(policy.watches)
    )
    decision = Decision(policy, watches)
    dues = [Due(line.watch, line.fields, line.verdict) for line in watches if isinstance(line.verdict, Update)]
    if not dues or decision.unknown:
        return decision
    frozen = checkout.frozen(branch)
    if frozen is not None:
        return Decision(policy, tuple(_hold(line, frozen) for line in watches))
    try:
        return Decision(policy, watches, _change(checkout, policy, dues))
    except CannotEdit as error:
        return Decision(policy, tuple(_refuse(line, error) for line in watches))


def _watch(
    checkout: Checkout,
    branch: str,
    watch: Watch,
    fields: tuple[Field, ...] | Unknown,
    tags: TagList | ImagebotError,
    now: datetime,
) -> WatchDecision:
    if isinstance(fields, Unknown):
        return WatchDecision(watch, (), None, fields)
    if isinstance(tags, ImagebotError):
        return WatchDecision(watch, fields, None, Unknown(str(tags)))
    ranking = rank(watch, tags.tags, {field.tag for field in fields if field.tag is not None})
    if not tags.complete:
        because = (
            f"the tag list of {watch.image.familiar} may be cut short: the registry stopped at {len(tags.tags)} tags"
        )
        return WatchDecision(watch, fields, ranking, Unknown(because))
    return WatchDecision(watch, fields, ranking, _verdict(checkout, branch, watch, ranking, fields, now))


def _verdict(
    checkout: Checkout, branch: str, watch: Watch, ranking: Ranking, fields: tuple[Field, ...], now: datetime
) -> Verdict:
    facts = Facts()
    for _ in range(_MOST_QUESTIONS):
        answer = judge(watch, ranking, deployed(fields), facts, now)
        if not isinstance(answer, Needs):
            return answer
        try:
            facts = _gather(checkout, branch, watch.image, answer, facts)
        except ImagebotError as error:
            return Unknown(str(error))
    raise AssertionError(f"judging {watch.image} never ends")


def _gather(checkout: Checkout, branch: str, image: ImageName, needs: Needs, facts: Facts) -> Facts:
    if Fact.CLOSED in needs.facts:
        facts = replace(facts, closed=checkout.closed(branch, image, needs.tag))
    if Fact.DIGEST in needs.facts:
        facts = replace(facts, digest=checkout.registries.digest(image, needs.tag))
    return facts


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
