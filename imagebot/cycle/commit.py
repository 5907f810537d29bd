"""The commits of a pass: none where a branch has what it should, and all others made together."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from imagebot.cycle.checkout import Checkout
from imagebot.cycle.job import Job, Outcomes, failed
from imagebot.cycle.world import World
from imagebot.errors import ImagebotError
from imagebot.forge.protocol import Blob, Signs
from imagebot.gitrepo.commits import Draft, ForgeSignature
from imagebot.gitrepo.merge_check import Bringing
from imagebot.observe.events import ChangeCommitted, ForgeWarned
from imagebot.plan.change import Change
from imagebot.plan.groups import BranchPlace
from imagebot.pulls.commands import Command


def commits(world: World, checkout: Checkout, jobs: Sequence[Job]) -> Outcomes[dict[BranchPlace, str]]:
    """What each branch should point at: its present tip wherever that already brings exactly this change."""
    base, mirror = checkout.heads.base, checkout.mirror
    there = [(job, job.tip) for job in jobs if job.tip is not None and _may_stay(job)]
    stays = mirror.brings_each(base, [Bringing(tip, job.change.files) for job, tip in there])
    found = {job.place: tip for (job, tip), stay in zip(there, stays, strict=True) if stay}
    new = yield from _there(world, [job for job in jobs if job.place not in found])
    for job, commit in zip(new, made(world, checkout, [job.change for job in new]), strict=True):
        if not isinstance(commit, str):
            yield failed(job.change, commit)
            continue
        found[job.place] = commit
        if commit != job.tip:
            world.tell(ChangeCommitted(job.change.repository, job.change.branch, commit))
    return found


def _may_stay(job: Job) -> bool:
    """Whether a branch is worth a look: people may have asked for it anew, or its base have been written anew."""
    return Command.REBUILD not in job.wishes and not job.checkout.lies_on_the_past(job.change.branch)


def made(world: World, checkout: Checkout, changes: Sequence[Change]) -> Sequence[str | ImagebotError]:
    """A commit for each change, or why there is none; by the forge where it is to sign them."""
    if checkout.settings.verified_commits:
        return [
            checkout.pull_requests.ask(
                f"have {change.branch} committed by the forge", partial(_verified, world, checkout, change)
            )
            for change in changes
        ]
    drafts = [Draft(change.files, change.message) for change in changes]
    question = partial(checkout.mirror.commits, checkout.heads.base, drafts, world.settings.author)
    answer = world.ask(f"commit to {checkout.settings.name}", question)
    if not isinstance(answer, ImagebotError):
        return answer
    # What is wrong with one of them is no reason to make none.
    return [answer] if len(changes) == 1 else [one for change in changes for one in made(world, checkout, [change])]


def _verified(world: World, checkout: Checkout, change: Change) -> str:
    """A commit that the forge makes and signs, and that git has byte for byte, so that it is pushed like any other.

    One that it did not sign after all is worth no more than our own. Raises `ImagebotError`.
    """
    forge, base = checkout.pull_requests.forge, checkout.heads.base
    assert isinstance(forge, Signs), "the settings let no other forge"
    tree = checkout.mirror.tree(base, change.files)
    entries = checkout.entries(sorted(change.files))
    files = {path: Blob(entries[path].mode, data) for path, data in change.files.items()}
    made = forge.sign(base, files, change.message)
    for warning in made.warnings:
        world.tell(ForgeWarned(change.repository, warning))
    if not made.signature:
        return checkout.mirror.commit(base, change.files, change.message, world.settings.author)
    return checkout.mirror.adopt(base, tree, ForgeSignature(made.id, made.payload, made.signature))


def _there(world: World, jobs: Sequence[Job]) -> Outcomes[list[Job]]:
    """Those jobs of which the registry really has what is to be written, and its tags still stand for that."""
    ready = []
    for job in jobs:
        task = f"make sure that the registry has what {job.change.branch} brings"
        there = world.ask(task, partial(_verify, job))
        if isinstance(there, ImagebotError):
            yield failed(job.change, there)
        else:
            ready.append(job)
    return ready


def _verify(job: Job) -> None:
    registries = job.checkout.registries
    for update in job.change.updates:
        if update.new.digest is not None:
            registries.verify(update.image, update.new.digest)
        registries.unmoved(update.image, update.new.tag)
