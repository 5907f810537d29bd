"""From decisions to changes: what goes on each branch, and what keeps a branch from being touched."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from imagebot.cycle.checkout import Checkout
from imagebot.cycle.unanswered import unanswered
from imagebot.cycle.world import World
from imagebot.errors import CannotEdit, ImagebotError
from imagebot.plan.change import Change
from imagebot.plan.decision import Decision, WatchDecision
from imagebot.plan.groups import BranchTarget, Member
from imagebot.plan.propose import Due, propose
from imagebot.review.commit_message import worded
from imagebot.selection import gates
from imagebot.selection.gate_report import better
from imagebot.selection.verdict import Held, Hold, Unknown, Update, Verdict


@dataclass(frozen=True, slots=True)
class Arranged:
    """One branch, and the change that should be on it if there is one."""

    checkout: Checkout
    target: BranchTarget
    change: Change | None = None


Key = tuple[str, str, bool]
News = Mapping[Key, Verdict]


def arrange(
    world: World, checkout: Checkout, targets: Sequence[BranchTarget], unknown: Collection[str], *, unread: bool
) -> tuple[tuple[Arranged, ...], News]:
    """What these branches of one repository should hold, and what that tells of their members: some may not be touched.

    `unknown` are the policies of which not enough is known, as `app@environment`; `unread`: some policy cannot be read,
    and nobody knows whose it is.
    """
    # What fails here fails once more for each branch that needs it: there it is told.
    world.ask(f"read files of {checkout.settings.name}", partial(checkout.read_ahead, _edited(targets)))
    arranged = []
    news: dict[Key, Verdict] = {}
    for target in targets:
        world.go_on()
        found = world.ask(f"arrange {target.branch}", partial(_arrange, checkout, target, unknown, unread=unread))
        if isinstance(found, ImagebotError):
            found = Arranged(checkout, target), all_unknown([target], found)
        one, changed = found
        arranged.append(one)
        news |= changed
    return tuple(arranged), news


def told(decision: Decision, news: News) -> Decision:
    """A decision as the news leave it."""

    def line(one: WatchDecision) -> WatchDecision:
        verdict = news.get(_key(Member(decision.policy, one)))
        return one if verdict is None else replace(one, verdict=verdict)

    return replace(decision, watches=tuple(line(one) for one in decision.watches))


def _edited(targets: Iterable[BranchTarget]) -> set[str]:
    """The files that may be edited for these branches."""
    due = (each.line for target in targets for each in target.members if isinstance(each.line.verdict, Update))
    return {field.file for line in due for field in line.fields}


def _arrange(
    checkout: Checkout, target: BranchTarget, unknown: Collection[str], *, unread: bool
) -> tuple[Arranged, News]:
    certain = [member for member in target.members if str(member.policy) not in unknown]
    ready = [member for member in certain if isinstance(member.line.verdict, Update)]
    due = ready or list(_soaking(checkout, target.branch, certain))
    if not due or _carries(checkout, target, unknown, unread=unread):
        return Arranged(checkout, target), {}
    kept = checkout.kept(target.branch)
    if kept is not None:
        held = {_key(one): Held(one.line.verdict.to, Hold.FROZEN, None, kept.because) for one in ready}  # type: ignore[union-attr]
        return Arranged(checkout, target), held
    return _proposed(checkout, target, due, draft=not ready)


def all_unknown(targets: Iterable[BranchTarget], because: ImagebotError) -> News:
    """The news of branches that nothing could be made of: of those that wanted something on them."""
    members = (member for target in targets for member in target.members)
    wanting = (member for member in members if isinstance(member.line.verdict, Update) or _soaks(member))
    return {_key(member): unanswered(because) for member in wanting}


def _carries(checkout: Checkout, target: BranchTarget, unknown: Collection[str], *, unread: bool = False) -> bool:
    """Whether the open pull request proposes something of a policy that is unknown now, or `unread`, it may be: then it
    stays as it is.
    """
    here = {member.policy.app for member in target.members if str(member.policy) in unknown}
    apps = {member.policy.app for member in target.members}
    found = checkout.pull_requests.told(target.branch) if here or unread else None
    return found is not None and any(item.app in here or (unread and item.app not in apps) for item in found.proposed)


def _soaking(checkout: Checkout, branch: str, members: Iterable[Member]) -> Iterator[Member]:
    """Those whose version only has to grow older, where people want to see that before."""
    for member in members:
        verdict, policy = member.line.verdict, member.policy
        if not (_soaks(member) and isinstance(verdict, Held)):
            continue
        to, image = verdict.version, member.line.watch.image
        shut = gates.closed(policy.gates, to, checkout.memory.now)
        if (
            to.digest is None
            or shut is not None
            or gates.kept_back(to, checkout.pull_requests.refused(branch, policy, image, to.tag))
        ):
            continue
        yield Member(policy, replace(member.line, verdict=Update(to, verdict.because)))


def _soaks(member: Member) -> bool:
    verdict = member.line.verdict
    is_soaking = isinstance(verdict, Held) and verdict.hold is Hold.SOAK
    return is_soaking and member.policy.pull_request.draft_while_soaking


def _proposed(checkout: Checkout, target: BranchTarget, due: Sequence[Member], *, draft: bool) -> tuple[Arranged, News]:
    """The change; a policy of which a field cannot be edited is left out, and unknown."""
    files = checkout.contents({field.file for member in due for field in member.line.fields})
    base, signed_off = checkout.settings.branch, checkout.world.settings.author.signed_off

    def change(members: Iterable[Member]) -> Change:
        dues = [_due(member) for member in members]
        return worded(propose(target, dues, base, files, draft=draft), signed_off)

    try:
        return Arranged(checkout, target, change(due)), {}
    except CannotEdit as error:
        whole = error
    news: dict[Key, Verdict] = {}
    for policy in {str(member.policy) for member in due}:
        mine = [member for member in due if str(member.policy) == policy]
        try:
            change(mine)
        except CannotEdit as error:
            news |= {_key(member): Unknown(error.problem.headline) for member in mine}
    rest = [member for member in due if _key(member) not in news]
    if not news or not rest or _carries(checkout, target, {policy for policy, _, _ in news}):
        return Arranged(checkout, target), news or {_key(member): Unknown(whole.problem.headline) for member in due}
    return Arranged(checkout, target, change(rest)), news


def _due(member: Member) -> Due:
    line = member.line
    assert isinstance(line.verdict, Update), "only updates are due"
    skipped = () if line.ranking is None else better(line.ranking, line.verdict.to.tag)
    return Due(member.policy, line.watch, line.fields, line.verdict, skipped)


def _key(member: Member) -> Key:
    return (str(member.policy), str(member.line.watch.image), member.line.major)
