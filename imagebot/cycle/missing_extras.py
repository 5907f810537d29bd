"""What a forge would not put on a pull request when it was written: tried again in later passes, without a flood."""

from __future__ import annotations

from imagebot.cycle.job import Job
from imagebot.forge.extras import lacks, names_of, one_by_one, recorded, still_lacking
from imagebot.forge.protocol import Proposal, PullRequest


def supplied(job: Job) -> bool:
    """Whether something was added: a label that was made since, a person whom the token may ask now.

    In a pass each name is tried on one pull request of a repository first, and on no other where that was in vain; a
    try in vain that cost a write is not repeated within the hour. Each is tried by itself, so that the hour is that of
    the name which cost it. Raises `WorldError`.
    """
    checkout, pull = job.checkout, job.pull
    wanted = None if pull is None else lacks(pull)
    if pull is None or wanted is None:
        return False
    keys = {name: f"{checkout.settings.url} {name}" for name in names_of(wanted)}
    in_vain = {
        name
        for name, key in keys.items()
        if key in checkout.pull_requests.in_vain or checkout.memory.counted("in vain", key)
    }
    wanted = lacks(pull, in_vain)
    if wanted is None:
        return False
    given = [name for name, one in one_by_one(wanted).items() if _is_given(job, pull, one, keys[name])]
    if given:
        recorded(checkout.pull_requests.forge, pull, given)
    return bool(given)


def _is_given(job: Job, pull: PullRequest, wanted: Proposal, key: str) -> bool:
    pull_requests, memory = job.checkout.pull_requests, job.checkout.memory
    before = pull_requests.forge.writes
    if not still_lacking(pull_requests.forge, pull, wanted):
        return True
    pull_requests.in_vain.add(key)
    if pull_requests.forge.writes > before:
        memory.count("in vain", key, [memory.now])
    return False
