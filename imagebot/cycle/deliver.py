"""From changes to branches and pull requests: one push a repository, one pull request a branch, nothing twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from imagebot.cycle.build_changes import Arranged
from imagebot.cycle.checkout import Checkout
from imagebot.cycle.commit import commits as commits_of
from imagebot.cycle.job import DONE_ONCE, Delivery, Job, outcome, undone
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


@dataclass(frozen=True, slots=True)
class Delivering:
    """One repository's changes on their way. `present` are all repositories whose forge has told what is open.

    `waits` tells why some of what is new must wait.
    """

    world: World
    checkout: Checkout
    present: Sequence[Checkout]
    delivery: Delivery
    waits: Mapping[BranchPlace, str]

    def carry_out(self, jobs: Sequence[Job]) -> None:
        """Bring all of them to the repository and its forge that may be brought. Raises `Stopped`."""
        waiting = [job for job in jobs if job.place in self.waits]
        self.delivery.outcomes += [outcome(job.change, Action.WAITING, self.waits[job.place]) for job in waiting]
        ready = [job for job in jobs if job.place not in self.waits]
        if not ready:
            return
        question = partial(_carry_out, self.world, self.present, ready, self.delivery)
        done = self.world.ask(f"deliver to {self.checkout.settings.name}", question)
        if isinstance(done, ImagebotError):
            self.fail_rest(ready, done)

    def fail_rest(self, jobs: Sequence[Job], because: ImagebotError | str) -> None:
        """What nobody knows the outcome of was not carried out."""
        done = {one.place for one in self.delivery.outcomes}
        for job in jobs:
            if job.place not in done:
                self.delivery.fail(job.change, because)


def jobs_of(checkout: Checkout, mine: Sequence[Arranged]) -> list[Job]:
    """What is to be done, beside what is there. Raises what the forge does that tells what is open."""
    tips, pulls = checkout.heads.branches, checkout.pulls
    return [
        Job(checkout, one.target, one.change, tips.get(one.change.branch), pulls.get(one.change.branch))
        for one in mine
        if one.change is not None
    ]


def forge_failed(checkout: Checkout, mine: Sequence[Arranged], because: ImagebotError, delivery: Delivery) -> None:
    """Whatever may be open on these branches: nobody can tell."""
    done = {one.place for one in delivery.outcomes}
    for one in mine:
        target = one.target
        if target.place not in done and (one.change is not None or target.branch in checkout.heads.branches):
            delivery.outcomes.append(
                Outcome(*target.place, target.name, target.environment, undone(because), "", "", str(because))
            )


def _carry_out(world: World, present: Sequence[Checkout], jobs: Sequence[Job], delivery: Delivery) -> None:
    """Jobs of one repository, the most urgent first. Nothing is pushed that the forge would take no words for yet."""
    checkout = jobs[0].checkout
    wanted = [_with_news(world, job) for job in sorted(jobs, key=turn) if not _is_refused(job, delivery)]
    proposals = _proposals(world, [job for job in wanted if not job.said], delivery)
    wanted = [job for job in wanted if job.said or job.place in proposals]
    wanted = _paid(present, wanted, proposals, delivery)
    commits = commits_of(world, checkout, wanted, delivery)
    again = {job.place for job in wanted if job.said and _must_go_on(job, commits.get(job.place))}
    proposals |= _proposals(world, [job for job in wanted if job.place in again], delivery)
    wanted = [job for job in wanted if job.place in commits and (job.place in proposals or job.place not in again)]
    wanted = (
        _paid(present, sorted(wanted, key=lambda job: job.place in again), proposals, delivery) if again else wanted
    )
    ready = [
        job for job in wanted if commits[job.place] == job.tip or _announced(job, proposals.get(job.place), delivery)
    ]
    left = _push(world, checkout, [job for job in ready if commits[job.place] != job.tip], commits, delivery)
    for job in ready:
        world.go_on()
        if job.place not in left:
            moved = commits[job.place] != job.tip
            proposal = proposals.get(job.place)
            headed = None if proposal is None else replace(proposal, head=commits[job.place])
            settle = partial(_settle, world, job, headed, delivery, moved=moved)
            done = checkout.ask_forge(f"settle the pull request of {job.change.branch}", settle)
            if isinstance(done, ImagebotError):
                done = outcome(job.change, undone(done), str(done))
            delivery.outcomes.append(done)


def _paid(
    present: Sequence[Checkout], jobs: Sequence[Job], proposals: Mapping[BranchPlace, Proposal], delivery: Delivery
) -> list[Job]:
    """Those of one repository for which its forge takes enough writes yet; the others wait."""
    waits = unpaid(present, jobs, proposals)
    delivery.outcomes += [outcome(job.change, Action.WAITING, waits[job.place]) for job in jobs if job.place in waits]
    return [job for job in jobs if job.place not in waits]


def _proposals(world: World, jobs: Sequence[Job], delivery: Delivery) -> dict[BranchPlace, Proposal]:
    """What the pull request of each of these jobs is to say, of those where it can be told."""
    found = {}
    for job in jobs:
        world.go_on()
        question = partial(described, job.checkout, job.target, job.change)
        proposal = world.ask(f"describe the change on {job.change.branch}", question)
        if isinstance(proposal, ImagebotError):
            delivery.fail(job.change, proposal)
        else:
            found[job.place] = proposal
    return found


def _is_refused(job: Job, delivery: Delivery) -> bool:
    """Whether people closed just this meanwhile: what is remembered of that may be an hour old."""
    if job.pull is not None:
        return False
    question = partial(job.checkout.refused_meanwhile, job.change)
    because = job.checkout.ask_forge(f"ask whether people refused {job.change.branch} meanwhile", question)
    if isinstance(because, ImagebotError):
        delivery.fail(job.change, because)
        return True
    if because is not None:
        delivery.outcomes.append(outcome(job.change, Action.WAITING, because))
    return because is not None


def _with_news(world: World, job: Job) -> Job:
    """The job; where there is more to tell of its images by now, its pull request does not say all of it yet."""
    if job.pull is None or not job.said:
        return job
    world.go_on()
    question = partial(is_known_now, job)
    known = world.ask(f"look for what was not known about the change on {job.change.branch}", question)
    return replace(job, pull=outdated(job.pull)) if known is True else job


def _must_go_on(job: Job, commit: str | None) -> bool:
    """Whether the branch gets another commit, which ends auto-merge on some forges."""
    found = None if job.pull is None else block.read(job.pull.body)
    return found is not None and found.auto_merge and commit not in (None, job.tip)


def _announced(job: Job, proposal: Proposal | None, delivery: Delivery) -> bool:
    """Whether the branch may move: what is said of it comes first, or nothing moves at all."""
    if job.pull is None or proposal is None:
        return True
    done = job.checkout.ask_forge(
        f"announce what comes to {job.change.branch}", partial(_announce, job, job.pull, proposal)
    )
    if isinstance(done, ImagebotError):
        delivery.fail(job.change, done)
        return False
    return True


def _announce(job: Job, pull: PullRequest, proposal: Proposal) -> None:
    """What the forge may merge by itself must not turn into something that it may not. Raises `WorldError`."""
    found = block.read(pull.body)
    if found is not None and found.auto_merge and not proposal.auto_merge:
        job.checkout.forge.stop_auto_merge(pull)
    if not says(pull, job.change.fingerprint):
        announce(job.checkout.forge, pull, _superseding(pull, job.change))


def _push(
    world: World, checkout: Checkout, jobs: Sequence[Job], commits: Mapping[BranchPlace, str], delivery: Delivery
) -> frozenset[BranchPlace]:
    """Push all of them at once; those that were not moved, with their outcomes told."""
    if not jobs:
        return frozenset()
    world.go_on()
    updates = [PushUpdate(job.change.branch, commits[job.place], job.tip) for job in jobs]
    results = world.ask(f"push to {checkout.settings.name}", partial(checkout.mirror.push, updates))
    if isinstance(results, ImagebotError):
        for job in jobs:
            delivery.fail(job.change, results)
        return frozenset(job.place for job in jobs)
    left = set()
    for job in jobs:
        result = results[job.change.branch]
        if not isinstance(result, Rejected):
            world.tell(BranchPushed(job.change.repository, job.change.branch, commits[job.place]))
            continue
        left.add(job.place)
        delivery.fail(job.change, f"{job.change.branch} was not pushed: {result.because}")
        if result.moved:
            delivery.raced.add(job.place)
    return frozenset(left)


def _settle(world: World, job: Job, proposal: Proposal | None, delivery: Delivery, *, moved: bool) -> Outcome:
    """Bring the pull request up to what its branch holds. Raises `ImagebotError`."""
    change, forge = job.change, job.checkout.forge
    because = "; ".join(update.because for update in change.updates)
    if proposal is None:
        assert job.pull is not None, "it says all this already"
        deed = Action.UPDATED if supplied(job, delivery) or moved else Action.KEPT
        return _settled(world, change, deed, because, job.pull.url)
    if job.pull is not None and not moved and (comment := _superseding(job.pull, change)):
        forge.say(job.pull, comment, job.pull.body)
    ensured = ensure(forge, proposal, job.pull, moved=moved, again=bool(job.wishes.intersection(DONE_ONCE)))
    done = [wish.label for wish in DONE_ONCE if wish in job.wishes]
    if done:
        forge.remove_labels(ensured.pull, tuple(label for label in done if label in ensured.pull.labels))
    if ensured.deed == "opened":
        job.checkout.opens(ensured.pull)
    for warning in ensured.warnings:
        world.tell(ForgeWarned(change.repository, warning))
    kept = ensured.deed == "kept" and not moved
    deed = Action.OPENED if ensured.deed == "opened" else Action.KEPT if kept else Action.UPDATED
    return _settled(world, change, deed, because, ensured.pull.url)


def _settled(world: World, change: Change, deed: Action, because: str, url: str) -> Outcome:
    world.tell(PullRequestSettled(change.name, change.environment, deed, url, because))
    return outcome(change, deed, because, url)


def _superseding(pull: PullRequest, change: Change) -> str:
    """What is to be said when other versions replace those that people may have looked at already; empty if none do."""
    found = block.read(pull.body)
    return "" if found is None else superseded(found.proposed, change)
