"""Branches of the bot that nothing needs any more: deleted, also those that an earlier pass, or a merge, left."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial

from imagebot.cycle.build_changes import Arranged
from imagebot.cycle.checkout import Checkout
from imagebot.cycle.job import Outcomes
from imagebot.cycle.report import Action, Outcome
from imagebot.cycle.world import World
from imagebot.errors import ImagebotError
from imagebot.gitrepo.merge_check import Bringing
from imagebot.gitrepo.push import PushUpdate, Rejected
from imagebot.observe.events import BranchDeleted, ForgeWarned
from imagebot.plan.groups import ROLLBACK, BranchTarget
from imagebot.plan.obsolete import Stands, Why, moot
from imagebot.review.comments import closed_because


def orphans(
    checkout: Checkout, mine: Sequence[Arranged], standing: Stands, unknown: Collection[str], *, whole: bool
) -> Mapping[str, str]:
    """The branches without a pull request that may go, and why: the bot made them and nobody else, and either the base
    has what is on them or what would be on them is not wanted. Raises `WorldError`.

    One that a change is about to use stays, and one of which people closed the pull request: they may open it again.
    """
    used = {one.target.branch for one in mine if one.change is not None}
    unused = [
        branch for branch in checkout.heads.branches if branch not in used and branch not in checkout.pull_requests.open
    ]
    left = [branch for branch in unused if not checkout.pull_requests.doubt(branch) and _is_ours(checkout, branch)]
    if not left:
        return {}
    tips = [Bringing(checkout.heads.branches[branch], {}) for branch in left]
    there = dict(zip(left, checkout.mirror.brings_each(checkout.heads.base, tips), strict=True))
    targets = {one.target.branch: one.target for one in mine}
    # What an unknown policy has is not known, and one of another base is not looked at.
    shared, doubtful = _is_shared(checkout), {policy.rpartition("@")[2] for policy in unknown}
    found = {}
    for branch in left:
        target = targets.get(branch)
        is_known = target is not None or (whole and not shared and _environment(checkout, branch) not in doubtful)
        because = _why(checkout, branch, target, standing) if is_known else ""
        if there[branch] and (target is not None or not shared):
            found[branch] = because or f"{checkout.settings.branch} has what is on it"
        elif because and (doubt := checkout.pull_requests.unlisted(branch)):
            checkout.world.tell(ForgeWarned(checkout.settings.name, f"{branch} is not deleted: {doubt}"))
        elif because:
            found[branch] = because
    return found


def delete(world: World, checkout: Checkout, branches: Mapping[str, str]) -> Outcomes[None]:
    """Delete these branches, where nobody moved them meanwhile; what the remote does not let us is told."""
    tips = checkout.heads.branches
    updates = [PushUpdate(branch, None, tips[branch]) for branch in branches if branch in tips]
    if not updates:
        return
    world.go_on()
    results = world.ask(f"delete branches of {checkout.settings.name}", partial(checkout.mirror.push, updates))
    for branch in (update.branch for update in updates):
        result = results if isinstance(results, ImagebotError) else results[branch]
        if isinstance(result, ImagebotError):
            yield _failed(checkout, branch, str(result))
        elif not isinstance(result, Rejected):
            world.tell(BranchDeleted(checkout.settings.name, branch, branches[branch]))
        elif not result.moved:
            yield _failed(checkout, branch, result.because)


def _is_ours(checkout: Checkout, branch: str) -> bool:
    """Nobody else's work is on it, nor what the base has lost."""
    alone = checkout.frozen(branch) is None and not checkout.lies_on_the_past(branch)
    return alone and checkout.branches.made(branch)


def _why(checkout: Checkout, branch: str, target: BranchTarget | None, standing: Stands) -> str:
    """Why nothing is to be on a branch; empty if something may be. Without a target no policy has it.

    What only has to wait, and was shown meanwhile, people may have closed: they can open it again.
    """
    if target is None:
        return "" if branch.endswith(ROLLBACK) else "no policy has such a branch any more"
    reason = moot(branch, dict.fromkeys((member.item for member in target.members), ""), standing, whole=False)
    if reason is None:
        return ""
    pulls = checkout.pull_requests
    if reason.why is Why.TAKEN_BACK and not pulls.unlisted(branch) and pulls.was_refused(branch):
        return ""
    return closed_because(reason, checkout.settings.branch)


def _environment(checkout: Checkout, branch: str) -> str:
    return branch.removeprefix(checkout.world.settings.branch_prefix).partition("/")[0]


def _is_shared(checkout: Checkout) -> bool:
    """Whether the same repository is in the settings with another base: its branches are here too."""
    others = checkout.world.settings.repositories.values()
    own = _plain(checkout.settings.url)
    return any(one.name != checkout.settings.name and _plain(one.url) == own for one in others)


def _plain(url: str) -> str:
    return url.rstrip("/").removesuffix(".git").lower()


def _failed(checkout: Checkout, branch: str, because: str) -> Outcome:
    words = f"{branch} is not needed any more and could not be deleted: {because}"
    return Outcome(checkout.settings.name, branch, branch, "", Action.FAILED, "", "", words)
