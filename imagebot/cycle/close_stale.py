"""The open pull requests to which a pass brings nothing: some are left to people, some have become moot."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import partial

from imagebot.cycle.build_changes import Arranged
from imagebot.cycle.checkout import Checkout
from imagebot.cycle.job import Outcomes, undone
from imagebot.cycle.orphans import delete, orphans
from imagebot.cycle.report import Action, Outcome
from imagebot.cycle.world import World
from imagebot.errors import ImagebotError
from imagebot.forge.protocol import PullRequest
from imagebot.knownforges import FACTS
from imagebot.observe.events import ForgeWarned, PullRequestSettled
from imagebot.plan.groups import ROLLBACK, Item
from imagebot.plan.obsolete import Moot, Stands, Why, moot, stands
from imagebot.pulls import block
from imagebot.pulls.body_frame import settled
from imagebot.pulls.commands import Command
from imagebot.pulls.freeze import Frozen
from imagebot.review.comments import closed_because, closing, doubled, frozen_comment


def look_after(
    world: World,
    checkout: Checkout,
    mine: Sequence[Arranged],
    unknown: Collection[str],
    *,
    whole: bool,
) -> Outcomes[None]:
    """Speak once about those that are frozen, close those that have become moot and the younger of two for one branch,
    and delete the branches that nothing needs any more.
    """
    changed = {one.target.branch for one in mine if one.change is not None}
    standing = stands((one.target for one in mine), unknown)
    closed: dict[str, str] = {}
    for branch, pull in checkout.pull_requests.open.items():
        world.go_on()
        if branch in changed:
            continue

        def look(pull: PullRequest) -> Outcome | None:
            kept = checkout.kept(pull.branch)
            if kept is not None:
                _say_frozen(checkout, pull, kept)
            elif (reason := _moot(checkout, pull, mine, standing, whole=whole)) is not None:
                return _retire(world, checkout, pull, reason)
            return None

        done = checkout.pull_requests.ask(f"look after the pull request of {branch}", partial(look, pull))
        if isinstance(done, ImagebotError):
            done = _failed(checkout, pull, done)
        if done is not None:
            yield done
            if done.action is Action.CLOSED:
                closed[branch] = done.because
    yield from _close_doubles(world, checkout)
    task = f"look for branches of {checkout.settings.name} that nothing needs"
    found = world.ask(task, partial(orphans, checkout, mine, standing, unknown, whole=whole))
    if isinstance(found, ImagebotError):
        world.tell(ForgeWarned(checkout.settings.name, f"branches that nothing needs are not looked for: {found}"))
        found = {}
    yield from delete(world, checkout, {**closed, **found})


def _close_doubles(world: World, checkout: Checkout) -> Outcomes[None]:
    for pull in checkout.pull_requests.doubles:
        world.go_on()
        done = checkout.pull_requests.ask(
            f"look after the second pull request of {pull.branch}", partial(_close_double, checkout, pull)
        )
        if isinstance(done, ImagebotError):
            yield _failed(checkout, pull, done)


def _close_double(checkout: Checkout, pull: PullRequest) -> None:
    """Close the younger of two, unless people hold one of them: then both are left to them. Raises `WorldError`."""
    if Command.HOLD not in checkout.pull_requests.commands[pull.branch]:
        comment = doubled(checkout.pull_requests.open[pull.branch].number)
        checkout.pull_requests.forge.close(pull, comment, block.stamped(pull.body, closed_by_bot=True))


def _moot(
    checkout: Checkout, pull: PullRequest, mine: Sequence[Arranged], standing: Stands, *, whole: bool
) -> Moot | None:
    if pull.branch.endswith(ROLLBACK):
        tip = checkout.heads.branches.get(pull.branch)
        settled = tip is not None and checkout.mirror.brings(checkout.heads.base, tip, {})
        return Moot(Why.SETTLED, "the fields say this already") if settled else None
    return moot(pull.branch, dict(_items(pull, mine)), standing, whole=whole)


def _items(pull: PullRequest, mine: Sequence[Arranged]) -> Iterator[tuple[Item, str]]:
    """What a pull request proposes, with the tags: as its block says, or else all that goes on its branch."""
    found = block.read(pull.body)
    if found is not None:
        yield from (((item.app, found.environment, item.image), item.tag) for item in found.proposed)
        return
    for target in (one.target for one in mine if one.target.branch == pull.branch):
        for member in target.members:
            yield member.item, ""


def _say_frozen(checkout: Checkout, pull: PullRequest, kept: Frozen) -> None:
    """Tell people once that their commit is safe. What they asked for themselves they know."""
    found = block.read(pull.body)
    if not kept.commit or (found is not None and found.frozen == kept.commit):
        return
    if found is not None and found.auto_merge:
        checkout.pull_requests.forge.stop_auto_merge(pull)
    labels = FACTS[checkout.settings.forge].labels
    checkout.pull_requests.forge.say(
        pull,
        frozen_comment(kept.who, kept.commit, pull.branch, labels=labels),
        block.stamped(settled(pull.body), frozen=kept.commit, auto_merge=False),
    )


def _retire(world: World, checkout: Checkout, pull: PullRequest, reason: Moot) -> Outcome:
    """Close a pull request that nobody works on."""
    comment = closing(reason, checkout.settings.branch)
    checkout.pull_requests.forge.close(pull, comment, block.stamped(pull.body, closed_by_bot=True))
    done = _outcome(checkout, pull, Action.CLOSED, closed_because(reason, checkout.settings.branch))
    world.tell(PullRequestSettled(done.name, done.environment, done.action, done.url, done.because))
    return done


def _outcome(checkout: Checkout, pull: PullRequest, action: Action, because: str) -> Outcome:
    found = block.read(pull.body)
    name, environment = (found.name, found.environment) if found else (pull.branch, "")
    return Outcome(checkout.settings.name, pull.branch, name, environment, action, pull.title, pull.url, because)


def _failed(checkout: Checkout, pull: PullRequest, because: ImagebotError) -> Outcome:
    """Told by the branch alone: what the pull request says may be what made it fail."""
    place = (checkout.settings.name, pull.branch)
    return Outcome(*place, pull.branch, "", undone(because), pull.title, pull.url, str(because))
