"""The commits of a pass: none where a branch has what it should, and all others made together."""

from __future__ import annotations

from collections.abc import Sequence

from imagebot.cycle.checkout import Checkout
from imagebot.cycle.job import Delivery, Job
from imagebot.cycle.world import World
from imagebot.errors import ImagebotError, WorldError
from imagebot.forge.protocol import Blob, Signs
from imagebot.gitrepo.bring import Bringing
from imagebot.gitrepo.commits import Draft, SignedCommit
from imagebot.observe.events import ChangeCommitted, ForgeWarned
from imagebot.plan.change import Change
from imagebot.plan.groups import Place
from imagebot.plan.wish import Wish


def commits(world: World, checkout: Checkout, jobs: Sequence[Job], delivery: Delivery) -> dict[Place, str]:
    """What each branch should point at: its present tip wherever that already brings exactly this change."""
    base, mirror = checkout.heads.base, checkout.mirror
    there = [(job, job.tip) for job in jobs if job.tip is not None and Wish.REBUILD not in job.wishes]
    stays = mirror.brings_each(base, [Bringing(tip, job.change.files) for job, tip in there])
    found = {job.place: tip for (job, tip), stay in zip(there, stays, strict=True) if stay}
    new = [job for job in jobs if job.place not in found and _is_there(job, delivery)]
    for job, commit in zip(new, made(world, checkout, [job.change for job in new]), strict=True):
        if not isinstance(commit, str):
            delivery.fail(job.change, str(commit))
            continue
        found[job.place] = commit
        if commit != job.tip:
            world.tell(ChangeCommitted(job.change.repository, job.change.branch, commit))
    return found


def made(world: World, checkout: Checkout, changes: Sequence[Change]) -> Sequence[str | ImagebotError]:
    """A commit for each change, or why there is none; by the forge where it is to sign them."""
    if checkout.settings.verified_commits:
        return [_verified(world, checkout, change) for change in changes]
    drafts = [Draft(change.files, change.message) for change in changes]
    try:
        return checkout.mirror.commits(checkout.heads.base, drafts, world.settings.author)
    except ImagebotError as error:
        return [error] * len(changes)


def _verified(world: World, checkout: Checkout, change: Change) -> str | ImagebotError:
    """A commit that the forge makes and signs, and that git has byte for byte, so that it is pushed like any other.

    One that it did not sign after all is worth no more than our own.
    """
    forge, base = checkout.forge, checkout.heads.base
    assert isinstance(forge, Signs), "the settings let no other forge"
    try:
        tree = checkout.mirror.tree(base, change.files)
        files = {path: Blob(checkout.entries[path].mode, data) for path, data in change.files.items()}
        made = forge.sign(base, files, change.message)
        for warning in made.warnings:
            world.tell(ForgeWarned(change.repository, warning))
        if not made.signature:
            return checkout.mirror.commit(base, change.files, change.message, world.settings.author)
        return checkout.mirror.adopt(base, tree, SignedCommit(made.id, made.payload, made.signature))
    except ImagebotError as error:
        return error


def _is_there(job: Job, delivery: Delivery) -> bool:
    """Whether the registry really has what is to be written, and its tags still stand for that."""
    registries = job.checkout.registries
    try:
        for update in job.change.updates:
            if update.new.digest is not None:
                registries.verify(update.image, update.new.digest)
            registries.unmoved(update.image, update.new.tag)
    except WorldError as error:
        delivery.fail(job.change, str(error))
        return False
    return True
