"""From changes to branches and pull requests: one push a repository, one pull request a branch, nothing twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from imagebot.cycle.build_changes import Arranged
from imagebot.cycle.checkout import Checkout
from imagebot.cycle.commit import commits as commits_of
from imagebot.cycle.job import DONE_ONCE, Job, Outcomes, failed, outcome, undone
from imagebot.cycle.missing_extras import supplied
from imagebot.cycle.missing_facts import is_known_now, outdated
from imagebot.cycle.proposal import described
from imagebot.cycle.rate_limits import turn, unpaid
from imagebot.cycle.report import Action, Outcome
from imagebot.cycle.world import World
from imagebot.errors import ImagebotError
from imagebot.forge.ensure import announce, ensure, says
from imagebot.forge.protocol import Proposal, PullRequest
from imagebot.gitrepo.push import PushUpdate, Rejected
from imagebot.observe.events import BranchPushed, ForgeWarned, PullRequestSettled
from imagebot.plan.change import Change
from imagebot.plan.groups import BranchPlace
from imagebot.pulls import block
from imagebot.review.comments import superseded

Proposals = dict[BranchPlace, Proposal]


def jobs_of(checkout: Checkout, mine: Sequence[Arranged]) -> list[Job]:
    """What is to be done, beside what is there. Raises what the forge does that tells what is open."""
    tips, pulls = checkout.heads.branches, checkout.pull_requests.open
    return [
        Job(checkout, one.target, one.change, tips.get(one.change.branch), pulls.get(one.change.branch))
        for one in mine
        if one.change is not None
    ]


def forge_failed(checkout: Checkout, mine: Sequence[Arranged], because: ImagebotError) -> list[Outcome]:
    """Whatever may be open on these branches: nobody can tell."""
    return [
        Outcome(*one.target.place, one.target.name, one.target.environment, undone(because), "", "", str(because))
        for one in mine
        if one.change is not None or one.target.branch in checkout.heads.branches
    ]


def deliver(world: World, present: Sequence[Checkout], jobs: Sequence[Job]) -> Outcomes[None]:
    """Bring the jobs of one repository to it and to its forge, the most urgent first.

    Nothing is pushed that the forge would take no words for yet: words come before the branches that they describe.
    `present` are all repositories whose forge has told what is open. Raises `ImagebotError`.
    """
    checkout = jobs[0].checkout
    unrefused = yield from _not_refused(sorted(jobs, key=turn))
    wanted = [_with_news(world, job) for job in unrefused]
    proposals = yield from _proposals(world, [job for job in wanted if not job.said])
    wanted = yield from _paid(present, [job for job in wanted if job.said or job.place in proposals], proposals)
    commits = yield from commits_of(world, checkout, wanted)
    wanted = [job for job in wanted if job.place in commits]
    wanted, proposals = yield from _told_anew(world, present, wanted, proposals, commits)
    announced = yield from _announced([job for job in wanted if commits[job.place] != job.tip], proposals)
    pushed = yield from _pushed(world, checkout, announced, commits)
    for job in wanted:
        if job.place in pushed or commits[job.place] == job.tip:
            yield _settled(world, job, proposals.get(job.place), commits[job.place])


def _not_refused(jobs: Sequence[Job]) -> Outcomes[list[Job]]:
    """Those that people did not close just now: what is remembered of that may be an hour old."""
    wanted = []
    for job in jobs:
        if job.pull is not None:
            wanted.append(job)
            continue
        question = partial(job.checkout.pull_requests.refused_meanwhile, job.change)
        because = job.checkout.pull_requests.ask(f"ask whether people refused {job.change.branch} meanwhile", question)
        if isinstance(because, ImagebotError):
            yield failed(job.change, because)
        elif because is not None:
            yield outcome(job.change, Action.WAITING, because)
        else:
            wanted.append(job)
    return wanted


def _proposals(world: World, jobs: Sequence[Job]) -> Outcomes[Proposals]:
    """What the pull request of each of these jobs is to say, of those where it can be told."""
    found = {}
    for job in jobs:
        world.go_on()
        question = partial(described, job.checkout, job.target, job.change)
        proposal = world.ask(f"describe the change on {job.change.branch}", question)
        if isinstance(proposal, ImagebotError):
            yield failed(job.change, proposal)
        else:
            found[job.place] = proposal
    return found


def _paid(
    present: Sequence[Checkout], jobs: Sequence[Job], proposals: Mapping[BranchPlace, Proposal]
) -> Outcomes[list[Job]]:
    """Those of one repository for which its forge takes enough writes yet; the others wait."""
    waits = unpaid(present, jobs, proposals)
    yield from (outcome(job.change, Action.WAITING, waits[job.place]) for job in jobs if job.place in waits)
    return [job for job in jobs if job.place not in waits]


def _with_news(world: World, job: Job) -> Job:
    """The job; where there is more to tell of its images by now, its pull request does not say all of it yet."""
    if job.pull is None or not job.said:
        return job
    world.go_on()
    question = partial(is_known_now, job)
    known = world.ask(f"look for what was not known about the change on {job.change.branch}", question)
    return replace(job, pull=outdated(job.pull)) if known is True else job


def _told_anew(
    world: World,
    present: Sequence[Checkout],
    jobs: Sequence[Job],
    proposals: Proposals,
    commits: Mapping[BranchPlace, str],
) -> Outcomes[tuple[list[Job], Proposals]]:
    """All of these that may go on, and proposals for those of them, too, that say it all and whose branch moves."""
    again = {job.place for job in jobs if job.said and _must_go_on(job, commits[job.place])}
    if not again:
        return list(jobs), proposals
    known = proposals | (yield from _proposals(world, [job for job in jobs if job.place in again]))
    told = [job for job in jobs if job.place in known or job.place not in again]
    ready = yield from _paid(present, sorted(told, key=lambda job: job.place in again), known)
    return ready, known


def _must_go_on(job: Job, commit: str) -> bool:
    """Whether the branch gets another commit, which ends auto-merge on some forges."""
    found = None if job.pull is None else block.read(job.pull.body)
    return found is not None and found.auto_merge and commit != job.tip


def _announced(jobs: Sequence[Job], proposals: Mapping[BranchPlace, Proposal]) -> Outcomes[list[Job]]:
    """Those whose branch may move: what is said of it comes first, or nothing moves at all."""
    ready = []
    for job in jobs:
        proposal, done = proposals.get(job.place), None
        if job.pull is not None and proposal is not None:
            question = partial(_announce, job, job.pull, proposal)
            done = job.checkout.pull_requests.ask(f"announce what comes to {job.change.branch}", question)
        if isinstance(done, ImagebotError):
            yield failed(job.change, done)
        else:
            ready.append(job)
    return ready


def _announce(job: Job, pull: PullRequest, proposal: Proposal) -> None:
    """What the forge may merge by itself must not turn into something that it may not. Raises `WorldError`."""
    found = block.read(pull.body)
    if found is not None and found.auto_merge and not proposal.auto_merge:
        job.checkout.pull_requests.forge.stop_auto_merge(pull)
    if not says(pull, job.change.fingerprint):
        announce(job.checkout.pull_requests.forge, pull, _superseding(pull, job.change))


def _pushed(
    world: World, checkout: Checkout, jobs: Sequence[Job], commits: Mapping[BranchPlace, str]
) -> Outcomes[frozenset[BranchPlace]]:
    """Push all of them at once; those that were moved."""
    if not jobs:
        return frozenset()
    world.go_on()
    updates = [PushUpdate(job.change.branch, commits[job.place], job.tip) for job in jobs]
    results = world.ask(f"push to {checkout.settings.name}", partial(checkout.mirror.push, updates))
    if isinstance(results, ImagebotError):
        yield from (failed(job.change, results) for job in jobs)
        return frozenset()
    moved = set()
    for job in jobs:
        result = results[job.change.branch]
        if isinstance(result, Rejected):
            because = f"{job.change.branch} was not pushed: {result.because}"
            yield failed(job.change, because, raced=result.moved)
        else:
            world.tell(BranchPushed(job.change.repository, job.change.branch, commits[job.place]))
            moved.add(job.place)
    return frozenset(moved)


def _settled(world: World, job: Job, proposal: Proposal | None, commit: str) -> Outcome:
    """The pull request, brought up to what its branch holds. Raises `Stopped`."""
    world.go_on()
    headed = None if proposal is None else replace(proposal, head=commit)
    settle = partial(_settle, world, job, headed, moved=commit != job.tip)
    done = job.checkout.pull_requests.ask(f"settle the pull request of {job.change.branch}", settle)
    return outcome(job.change, undone(done), str(done)) if isinstance(done, ImagebotError) else done


def _settle(world: World, job: Job, proposal: Proposal | None, *, moved: bool) -> Outcome:
    """Bring the pull request up to what its branch holds. Raises `ImagebotError`."""
    change, forge = job.change, job.checkout.pull_requests.forge
    because = "; ".join(update.because for update in change.updates)
    if proposal is None:
        assert job.pull is not None, "it says all this already"
        action = Action.UPDATED if supplied(job) or moved else Action.KEPT
        return _told(world, change, action, because, job.pull.url)
    if job.pull is not None and not moved and (comment := _superseding(job.pull, change)):
        forge.say(job.pull, comment, job.pull.body)
    ensured = ensure(forge, proposal, job.pull, moved=moved, again=bool(job.wishes.intersection(DONE_ONCE)))
    done = [wish.label for wish in DONE_ONCE if wish in job.wishes]
    if done:
        forge.remove_labels(ensured.pull, tuple(label for label in done if label in ensured.pull.labels))
    if ensured.action == "opened":
        job.checkout.pull_requests.opens(ensured.pull)
    for warning in ensured.warnings:
        world.tell(ForgeWarned(change.repository, warning))
    kept = ensured.action == "kept" and not moved
    action = Action.OPENED if ensured.action == "opened" else Action.KEPT if kept else Action.UPDATED
    return _told(world, change, action, because, ensured.pull.url)


def _told(world: World, change: Change, action: Action, because: str, url: str) -> Outcome:
    world.tell(PullRequestSettled(change.name, change.environment, action, url, because))
    return outcome(change, action, because, url)


def _superseding(pull: PullRequest, change: Change) -> str:
    """What is to be said when other versions replace those that people may have looked at already; empty if none do."""
    found = block.read(pull.body)
    return "" if found is None else superseded(found.proposed, change)
