"""What may be opened and written in this pass: what is open, was opened and was written, held against the limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from threading import Lock

from imagebot.cycle.checkout import Checkout
from imagebot.cycle.job import Job
from imagebot.cycle.world import World
from imagebot.forge.proposed import lacking
from imagebot.forge.protocol import Proposal
from imagebot.plan.change import Change
from imagebot.plan.groups import BranchPlace
from imagebot.plan.limits import Allowance, Newcomer, cost, queued, unpayable, urgency
from imagebot.settings.resolve import Limits, RepositorySettings

_HOUR = timedelta(hours=1)
# Repositories are delivered side by side, and those of one account share what its forge takes in an hour.
_PROMISING = Lock()


def allow(
    world: World,
    present: Mapping[str, Checkout],
    elsewhere: Sequence[RepositorySettings],
    let_in: Mapping[str, int],
    new: Sequence[Change],
) -> Mapping[BranchPlace, str]:
    """Why some of these changes must wait, in the order in which their turn comes.

    `present` are the repositories whose forge has told what is open; `elsewhere` counts what was open when it last did.
    `let_in` counts those that this pass let in before, by repository.
    """
    if not new:
        return {}
    memory = next(iter(present.values())).memory
    now = memory.now
    opened = {name: (*_opened(checkout), *[now] * let_in.get(name, 0)) for name, checkout in present.items()}
    open_now = {name: len(checkout.pull_requests.open) + let_in.get(name, 0) for name, checkout in present.items()}
    repositories = {
        name: _allowance(open_now[name], opened[name], checkout.settings.limits) for name, checkout in present.items()
    }
    overall = _allowance(
        sum(open_now.values()) + sum(memory.last_open(one.url) for one in elsewhere),
        tuple(
            at
            for times in (*opened.values(), *(memory.counted("opened", one.url) for one in elsewhere))
            for at in times
        ),
        world.settings.limits,
    )
    waits = queued(
        (_newcomer(present[change.repository], change) for change in new),
        repositories,
        overall,
        _writes(present.values()),
        now,
    )
    return {place: wait.because for place, wait in waits.items()}


def turn(job: Job) -> tuple[object, ...]:
    """What is open comes first, then the small and the urgent: what waits for the forge should be what can."""
    return (job.pull is None, *urgency(_newcomer(job.checkout, job.change)))


def unpaid(
    checkouts: Sequence[Checkout], jobs: Sequence[Job], proposals: Mapping[BranchPlace, Proposal]
) -> Mapping[BranchPlace, str]:
    """Why some of these jobs of one repository must wait for its forge, now that all is known that they will write."""
    if not jobs:
        return {}
    repository, mine = jobs[0].change.repository, jobs[0].checkout
    costs = {job.change.branch: _cost(job, proposals[job.place]) for job in jobs if job.place in proposals}
    with _PROMISING:
        mine.pull_requests.promised_writes = 0
        account = mine.pull_requests.account
        left = _writes(one for one in checkouts if one.pull_requests.account == account).get(account)
        waits = {} if left is None else unpayable(costs, left)
        spends = sum(cost for branch, cost in costs.items() if branch not in waits)
        mine.pull_requests.promised_writes = mine.pull_requests.writes + spends
    return {(repository, branch): because for branch, because in waits.items()}


def _cost(job: Job, proposal: Proposal) -> int:
    pull = job.pull
    there = ((), (), ()) if pull is None else (pull.labels, pull.reviewers, pull.assignees)
    wanted = (proposal.labels, proposal.reviewers, proposal.assignees)
    extras = [lacking(*each) for each in zip(there, wanted, strict=True)]
    switches = ["auto-merge"] if proposal.auto_merge else []
    writes = cost(*extras, switches, is_open=pull is not None)
    return writes + _cost_of_commit(job.checkout)


def _allowance(open_now: int, opened: tuple[datetime, ...], limits: Limits) -> Allowance:
    return Allowance(open_now, limits.open_pull_requests, opened, limits.opened_per_hour)


def _opened(checkout: Checkout) -> tuple[datetime, ...]:
    """When pull requests were opened in the last hour: as is remembered, or else as those tell that are open still."""
    memory = checkout.memory
    known = memory.counted("opened", checkout.settings.url)
    times = (moment(pull.opened_at) for pull in checkout.pull_requests.open.values())
    still = tuple(at for at in times if at is not None and memory.now - at < _HOUR)
    return max(known, still, key=len)


def moment(text: str) -> datetime | None:
    """When something happened, as a forge writes it; None where that says no moment."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _newcomer(checkout: Checkout, change: Change) -> Newcomer:
    return Newcomer(
        repository=change.repository,
        branch=change.branch,
        environment=change.environment,
        name=change.name,
        kinds=tuple(update.kind for update in change.updates),
        labels=change.labels,
        account=checkout.pull_requests.account,
        cost=cost(change.labels, change.reviewers, change.assignees) + _cost_of_commit(checkout),
    )


def _cost_of_commit(checkout: Checkout) -> int:
    """The writes that a commit takes where the forge makes it: the tree with the files, and the commit itself."""
    return 2 if checkout.settings.verified_commits else 0


def _writes(present: Iterable[Checkout]) -> Mapping[str, int]:
    """How many writes each forge takes yet in this hour, of those that limit them."""
    left: dict[str, int] = {}
    for pulls in (checkout.pull_requests for checkout in present):
        limit, account = pulls.forge.hourly_writes, pulls.account
        if limit is None:
            continue
        if account not in left:
            left[account] = limit - len(pulls.memory.counted("writes", account))
        left[account] = max(0, left[account] - max(pulls.writes, pulls.promised_writes))
    return left
