"""What a forge would not put on a pull request when it was written: tried again in later passes, without a flood."""

from __future__ import annotations

from imagebot.cycle.job import Job
from imagebot.forge.extras import lacks, names_of, supply


def supplied(job: Job) -> bool:
    """Whether something was added: a label that was made since, a person whom the token may ask now.

    In a pass each name is tried on one pull request of a repository first, and on no other where that was in vain; a
    try in vain that cost a write is not repeated within the hour. Raises `WorldError`.
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
    before = checkout.pull_requests.forge.writes
    still = supply(checkout.pull_requests.forge, pull, wanted)
    checkout.pull_requests.in_vain |= {keys[name] for name in still}
    if len(still) < len(names_of(wanted)):
        return True
    if checkout.pull_requests.forge.writes > before:
        for name in still:
            checkout.memory.count("in vain", keys[name], [checkout.memory.now])
    return False
