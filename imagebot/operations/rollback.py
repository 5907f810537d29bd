"""An app put back to what its fields said before: the change planned, held and proposed, beside all passes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from imagebot.cycle.checkout import Checkout, check_out
from imagebot.cycle.commit import made
from imagebot.cycle.job import outcome
from imagebot.cycle.pass_store import PassStore
from imagebot.cycle.proposal import reviewers
from imagebot.cycle.registry_cache import RegistryCache
from imagebot.cycle.report import Action, Outcome
from imagebot.cycle.signatures import signature_state
from imagebot.cycle.world import World
from imagebot.errors import CannotEdit, NotFound, Problem, WorldError
from imagebot.fields.edit import wanted
from imagebot.fields.field import Field, Value
from imagebot.forge.ensure import announce, ensure, says
from imagebot.forge.protocol import Proposal
from imagebot.gitrepo.push import PushUpdate, Rejected
from imagebot.history.undo import AlreadyBack, Back, NoWayBack, RollbackTarget, undo_last, undo_to
from imagebot.images.reference import ImageName
from imagebot.observe.events import BranchPushed, ChangeCommitted, ForgeWarned, PullRequestSettled
from imagebot.operations.base_history import past_of
from imagebot.plan.change import Change
from imagebot.plan.claims import Claims, Key, claims
from imagebot.plan.rollback import PutBack, RollbackBranch, RollbackWish, roll_back, rollback_branch
from imagebot.policy.model import Policy, Watch
from imagebot.policy.required import required
from imagebot.review.rollback import body, worded
from imagebot.selection.hand_holds import HandHold
from imagebot.selection.verdict import Unknown
from imagebot.trust.state import CheckFailed, Verified, words


@dataclass(frozen=True, slots=True)
class RollbackOrder:
    """What is to be rolled back, by whom and why; without `to` it is the newest version that goes."""

    policy: Policy
    wish: RollbackWish
    to: RollbackTarget | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """What would be done: a change, the versions to hold, and what a reviewer should be warned of."""

    checkout: Checkout
    change: Change
    wish: RollbackWish
    holds: tuple[HandHold, ...]
    cautions: tuple[str, ...]


def plan_rollback(
    world: World, policies: Sequence[Policy], order: RollbackOrder, now: datetime
) -> Planned | AlreadyBack | NoWayBack:
    """What putting one policy back takes; `policies` are all of its environment repository. Raises `ImagebotError`."""
    policy = order.policy
    memory = PassStore(world.store(), now)
    asked = RegistryCache(world.registries, memory)
    checkout = check_out(world, asked, memory, world.settings.repositories[policy.repository], tuple(policies))
    owned = _fields(policy, claims(policies, checkout.files))
    if isinstance(owned, Unknown):
        return NoWayBack(owned.because)
    past = past_of(checkout.mirror, checkout.heads.base, (policy,), world.settings.author.email, now)
    tracks = past.ledger.tracks
    last = undo_last(policy, tracks, past.arrived) if order.to is None else undo_to(policy, tracks, order.to)
    if isinstance(last, AlreadyBack | NoWayBack):
        return last
    branch = rollback_branch(world.settings.branch_prefix, policy)
    if kept := checkout.kept(branch):
        return NoWayBack(kept.because)
    backs = [_put_back(back, policy, owned, asked) for back in last]
    files = {file: checkout.mirror.read(checkout.heads.base, file) for file in {back.file for back in last}}
    bare = roll_back(policy, backs, order.wish, RollbackBranch(checkout.settings.branch, branch), files)
    change = worded(bare, order.wish, world.settings.author.signed_off)
    images = {(back.watch.image, back.value): back.watch for back in backs}
    holds = _holds(world, order, [back.field for back in backs], now)
    return Planned(checkout, change, order.wish, holds, tuple(_cautions(checkout, images)))


def carry_out(world: World, planned: Planned) -> Outcome:
    """Hold, push, propose, in that order: no pass in between brings back what goes. Raises `ImagebotError`.

    Where one is open already its words come before its branch.
    """
    checkout, change = planned.checkout, planned.change
    _hold(world, planned.holds)
    tip, pull = checkout.heads.branches.get(change.branch), checkout.pull_requests.open.get(change.branch)
    moved = (
        tip is None
        or checkout.lies_on_the_past(change.branch)
        or not checkout.mirror.brings(checkout.heads.base, tip, change.files)
    )
    if moved:
        (commit,) = made(world, checkout, [change])
        if not isinstance(commit, str):
            raise commit
        world.tell(ChangeCommitted(change.repository, change.branch, commit))
        if pull is not None and not says(pull, change.fingerprint):
            announce(checkout.pull_requests.forge, pull, "")
        result = checkout.mirror.push([PushUpdate(change.branch, commit, tip)])[change.branch]
        if isinstance(result, Rejected):
            because = f"{change.branch} was not pushed: {result.because}; run it again"
            return outcome(change, Action.FAILED, because)
        world.tell(BranchPushed(change.repository, change.branch, commit))
    text = body(change, planned.wish, planned.holds, planned.cautions)
    proposal = Proposal(
        change.branch, change.base, change.title, text, change.labels, reviewers(checkout, change), change.assignees
    )
    ensured = ensure(checkout.pull_requests.forge, proposal, pull)
    for warning in ensured.warnings:
        world.tell(ForgeWarned(change.repository, warning))
    action = {"opened": Action.OPENED, "rewritten": Action.UPDATED, "kept": Action.UPDATED if moved else Action.KEPT}
    done = outcome(change, action[ensured.action], planned.wish.because, ensured.pull.url)
    world.tell(PullRequestSettled(change.name, change.environment, done.action, done.url, done.because))
    return done


def _fields(policy: Policy, owned: Claims) -> Mapping[Key, tuple[Field, ...]] | Unknown:
    """The fields of each watch today; none if another policy claims one, or one is in doubt."""
    found: dict[Key, tuple[Field, ...]] = {}
    for key in ((str(policy), index) for index in range(len(policy.watches))):
        fields = owned[key]
        if isinstance(fields, Unknown):
            return fields
        found[key] = fields
    return found


def _put_back(back: Back, policy: Policy, owned: Mapping[Key, tuple[Field, ...]], asked: RegistryCache) -> PutBack:
    """The field as it is today, and what to write into it: exactly what it said, or nothing at all."""
    field = next(field for field in owned[back.key] if (field.file, field.path) == (back.file, back.path))
    then = back.then
    if field.digest is not None and then.digest is None and then.tag is not None:
        then = Value(then.tag, asked.digest(field.name, then.tag))
    value = wanted(field, then, "digest" if then.digest else "keep")
    if value.tag != then.tag and value.digest is None:
        raise CannotEdit(Problem(field.file, field.line, 1, f"`{back.then}` cannot be written here; do it by hand"))
    return PutBack(policy.watches[back.key[1]], field, value)


def _holds(world: World, order: RollbackOrder, fields: Sequence[Field], now: datetime) -> tuple[HandHold, ...]:
    """What is to be held; where it is held already, that hold."""
    places = [
        (order.policy.app, order.policy.environment, tag) for tag in dict.fromkeys(field.tag for field in fields) if tag
    ]
    known = {hold.place: hold for hold in world.store().holds() if not hold.lifts}
    return tuple(known.get(place) or HandHold(*place, order.wish.by, now, order.wish.because) for place in places)


def _hold(world: World, holds: Sequence[HandHold]) -> None:
    store = world.store()
    lifted = {hold.place for hold in store.holds() if hold.lifts}
    for hold in holds:
        if hold.place in lifted:
            store.unhold(hold.place)
        store.hold(hold)
    store.save()


def _cautions(checkout: Checkout, images: Mapping[tuple[ImageName, Value], Watch]) -> Iterator[str]:
    """What the registry says of the versions that come back, and whether they are signed as they must be."""
    for (image, value), watch in images.items():
        try:
            yield from _caution(checkout.registries, image, value)
            yield from _unsigned(checkout, watch, value)
        except WorldError as error:
            yield f"Not asked whether {image.familiar} {value} is still there: {error}"


def _unsigned(checkout: Checkout, watch: Watch, value: Value) -> Iterator[str]:
    """A person may go back to what is not signed, and is told so; what is gone nobody is told of twice."""
    image, requirements = watch.image, required(watch.verify, checkout.world.settings.verify, watch.image)
    if not requirements:
        return
    try:
        digest = value.digest or checkout.registries.digest(image, value.tag or "")
        state = signature_state(checkout, image, digest, requirements, fresh=True)
    except NotFound:
        return
    except WorldError as error:
        state = CheckFailed(str(error))
    if isinstance(state, CheckFailed):
        yield f"Not known whether {value} of {image.familiar} is signed as it must be: {state.because}"
    elif not isinstance(state, Verified):
        yield f"{value} of {image.familiar} is not signed as it must be: {words(state)}"


def _caution(asked: RegistryCache, image: ImageName, value: Value) -> Iterator[str]:
    if value.digest is not None:
        try:
            asked.verify(image, value.digest)
        except NotFound:
            yield f"The registry no longer has {value.digest} of {image.familiar}: it cannot be pulled any more"
            return
    if value.tag is None:
        return
    try:
        stands_for = asked.digest(image, value.tag)
    except NotFound:
        there = "its digest is still there" if value.digest else "it cannot be pulled any more"
        yield f"The registry no longer has the tag {value.tag} of {image.familiar}: {there}"
        return
    if value.digest not in (None, stands_for):
        yield f"{value.tag} of {image.familiar} stands for {stands_for} now, not for what comes back"
