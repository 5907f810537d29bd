"""From decisions to branches and pull requests: one push a repository, one pull request a policy, nothing twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from imagebot.cycle.checkout import Checkout
from imagebot.cycle.report import Deed, Outcome
from imagebot.cycle.world import World
from imagebot.errors import ImagebotError, WorldError
from imagebot.forge.ensure import ensure
from imagebot.forge.protocol import Proposal, PullRequest
from imagebot.gitrepo.push import PushUpdate, Rejected
from imagebot.observe.events import BranchPushed, ChangeCommitted, ForgeWarned, PullRequestSettled
from imagebot.plan import block
from imagebot.plan.beside import Beside
from imagebot.plan.block import mark_closed_by_bot
from imagebot.plan.body import describe
from imagebot.plan.change import Change
from imagebot.plan.comments import Moot, closing
from imagebot.plan.decision import Decision
from imagebot.plan.limits import waiting
from imagebot.plan.propose import branch_of


@dataclass(frozen=True, slots=True)
class Job:
    """A change to carry out, beside what is there already: the branch's tip and its open pull request."""

    checkout: Checkout
    change: Change
    tip: str | None
    pull: PullRequest | None

    @property
    def place(self) -> tuple[str, str]:
        return (self.change.repository, self.change.branch)


def deliver(
    world: World, checkouts: Mapping[str, Checkout | ImagebotError], decisions: Sequence[Decision]
) -> tuple[Outcome, ...]:
    """Carry out every change of a pass, close what has become moot, and tell what became of each."""
    outcomes: list[Outcome] = []
    jobs: list[Job] = []
    for decision in decisions:
        checkout = checkouts[decision.policy.repository]
        if not isinstance(checkout, Checkout):
            continue
        try:
            if decision.change is not None:
                jobs.append(_job(checkout, decision.change))
            elif decision.settled or _taken_back(world, checkout, decision):
                outcomes += _retire(world, checkout, decision)
        except WorldError as error:
            outcomes.append(_failed(decision.policy.app, decision.policy.environment, str(error)))
    waits = _waiting(world, checkouts, jobs)
    outcomes += [_outcome(job.change, Deed.WAITING, waits[job.place]) for job in jobs if job.place in waits]
    for checkout in checkouts.values():
        mine = [job for job in jobs if job.checkout is checkout and job.place not in waits]
        if isinstance(checkout, Checkout) and mine:
            outcomes += _carry_out(world, checkout, mine)
    return tuple(outcomes)


def _job(checkout: Checkout, change: Change) -> Job:
    return Job(checkout, change, checkout.heads.branches.get(change.branch), checkout.pulls.get(change.branch))


def _waiting(
    world: World, checkouts: Mapping[str, Checkout | ImagebotError], jobs: Sequence[Job]
) -> Mapping[tuple[str, str], str]:
    new = [job.change for job in jobs if job.pull is None]
    if not new:
        return {}
    present = {name: checkout for name, checkout in checkouts.items() if isinstance(checkout, Checkout)}
    return waiting(
        new,
        {name: len(checkout.pulls) for name, checkout in present.items()},
        {name: checkout.settings.limits.open_pull_requests for name, checkout in present.items()},
        world.settings.limits.open_pull_requests,
    )


def _carry_out(world: World, checkout: Checkout, jobs: Sequence[Job]) -> list[Outcome]:
    outcomes: list[Outcome] = []
    commits: dict[str, str] = {}
    for job in jobs:
        world.go_on()
        try:
            commits[job.change.branch] = _commit(world, job)
        except ImagebotError as error:
            outcomes.append(_outcome(job.change, Deed.FAILED, str(error)))
    ready = [job for job in jobs if job.change.branch in commits]
    pushed = _push(world, checkout, [job for job in ready if commits[job.change.branch] != job.tip], commits)
    for job in ready:
        world.go_on()
        failure = pushed.get(job.change.branch)
        outcomes.append(
            _settle(world, job, moved=commits[job.change.branch] != job.tip) if failure is None else failure
        )
    return outcomes


def _commit(world: World, job: Job) -> str:
    """The commit that the branch should point at: its present tip wherever that already brings exactly this change."""
    checkout, change = job.checkout, job.change
    if job.tip is not None and checkout.mirror.brings(checkout.heads.base, job.tip, change.files):
        return job.tip
    for update in change.updates:
        if update.new.digest is not None:
            checkout.registries.verify(update.image, update.new.digest)
    commit = checkout.mirror.commit(checkout.heads.base, change.files, change.message, world.settings.author)
    world.tell(ChangeCommitted(change.repository, change.branch, commit))
    return commit


def _push(world: World, checkout: Checkout, jobs: Sequence[Job], commits: Mapping[str, str]) -> Mapping[str, Outcome]:
    if not jobs:
        return {}
    world.go_on()
    updates = [PushUpdate(job.change.branch, commits[job.change.branch], job.tip) for job in jobs]
    try:
        results = checkout.mirror.push(updates)
    except WorldError as error:
        return {job.change.branch: _outcome(job.change, Deed.FAILED, str(error)) for job in jobs}
    failures = {}
    for job in jobs:
        result = results[job.change.branch]
        if isinstance(result, Rejected):
            because = f"{job.change.branch} was not pushed: {result.because}; the next pass looks again"
            failures[job.change.branch] = _outcome(job.change, Deed.FAILED, because)
        else:
            world.tell(BranchPushed(job.change.repository, job.change.branch, commits[job.change.branch]))
    return failures


def _settle(world: World, job: Job, *, moved: bool) -> Outcome:
    change = job.change
    described = describe(change, [Beside()] * len(change.updates))
    proposal = Proposal(
        change.branch, change.base, change.title, described.body, described.labels, change.reviewers, change.assignees
    )
    try:
        ensured = ensure(job.checkout.forge, proposal, job.pull)
    except WorldError as error:
        return _outcome(change, Deed.FAILED, str(error))
    for warning in ensured.warnings:
        world.tell(ForgeWarned(change.repository, warning))
    because = "; ".join(update.because for update in change.updates)
    if ensured.deed == "opened":
        deed = Deed.OPENED
    else:
        deed = Deed.UPDATED if moved or ensured.deed == "rewritten" else Deed.KEPT
    world.tell(PullRequestSettled(change.name, change.environment, deed, ensured.pull.url, because))
    return _outcome(change, deed, because, ensured.pull.url)


def _taken_back(world: World, checkout: Checkout, decision: Decision) -> bool:
    """Whether the open pull request proposes an image that may not be updated at all now."""
    pull = checkout.pulls.get(branch_of(world.settings.branch_prefix, decision.policy))
    found = None if pull is None else block.read(pull.body)
    return found is not None and bool({item.image for item in found.proposed} & decision.taken_back)


def _retire(world: World, checkout: Checkout, decision: Decision) -> list[Outcome]:
    """Close a pull request that proposes nothing that is wanted now, unless people work on its branch."""
    policy = decision.policy
    branch = branch_of(world.settings.branch_prefix, policy)
    pull = checkout.pulls.get(branch)
    if pull is None or checkout.frozen(branch) is not None:
        return []
    because = "; ".join(watch.verdict.because for watch in decision.watches)
    moot = Moot.SETTLED if decision.settled else Moot.TAKEN_BACK
    comment = closing(moot, because, checkout.settings.branch)
    checkout.forge.close(pull, comment, mark_closed_by_bot(pull.body))
    tip = checkout.heads.branches.get(branch)
    if tip is not None:
        checkout.mirror.push([PushUpdate(branch, None, tip)])
    world.tell(PullRequestSettled(policy.app, policy.environment, Deed.CLOSED, pull.url, because))
    return [Outcome(policy.app, policy.environment, Deed.CLOSED, pull.title, pull.url, because)]


def _outcome(change: Change, deed: Deed, because: str, url: str = "") -> Outcome:
    return Outcome(change.name, change.environment, deed, change.title, url, because)


def _failed(app: str, environment: str, because: str) -> Outcome:
    return Outcome(app, environment, Deed.FAILED, "", "", because)
