"""What a registry could not tell when a pull request was written: asked again in later passes, written once known."""

from __future__ import annotations

from dataclasses import replace

from imagebot.cycle.job import Job
from imagebot.cycle.proposal import besides
from imagebot.forge.protocol import PullRequest
from imagebot.pulls import block
from imagebot.review.image_facts import unasked

_OUTDATED = "before more was known "


def is_known_now(job: Job) -> bool:
    """Whether a registry tells by now what it could not when the pull request of this job was written.

    A pass asks for each such image once, as for any other; while none is told nothing is written. Raises `WorldError`.
    """
    found = None if job.pull is None else block.read(job.pull.body)
    if found is None or not found.unknown:
        return False
    return not set(found.unknown) <= set(unasked(besides(job.checkout, job.target, job.change)))


def outdated(pull: PullRequest) -> PullRequest:
    """The pull request as one that says less than it should: it is described anew around what people wrote."""
    found = block.read(pull.body)
    if found is None:
        return pull
    return replace(pull, body=block.stamped(pull.body, fingerprint=_OUTDATED + found.fingerprint))
