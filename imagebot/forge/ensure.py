"""A branch has exactly one pull request, and it says what it should: however often this runs, on any forge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from imagebot.forge.protocol import Forge, Proposal, PullRequest
from imagebot.plan import block

Deed = Literal["opened", "rewritten", "kept"]


@dataclass(frozen=True, slots=True)
class Ensured:
    """The pull request as it now is, what was done to get there, and what the forge would not add."""

    pull: PullRequest
    deed: Deed
    warnings: tuple[str, ...] = ()


def ensure(forge: Forge, proposal: Proposal, existing: PullRequest | None) -> Ensured:
    """Open the pull request of `proposal.branch`, or make `existing` say it; write only where that changes something.

    A body is people's to edit as long as the fingerprint of its machine block is the proposal's. A body without a block
    is written again: without it nobody could tell what was proposed. Raises `WorldError`.
    """
    if existing is None:
        opened = forge.create(proposal)
        if says(opened.pull, proposal):
            return Ensured(opened.pull, "opened", opened.warnings)
        existing = opened.pull
    if says(existing, proposal):
        return Ensured(existing, "kept")
    rewritten = forge.rewrite(existing, proposal)
    return Ensured(rewritten.pull, "rewritten", rewritten.warnings)


def says(pull: PullRequest, proposal: Proposal) -> bool:
    """Whether the pull request already makes this proposal, whatever people did to the words around it."""
    wanted = block.read(proposal.body)
    if wanted is None:
        return (pull.title, pull.body) == (proposal.title, proposal.body)
    found = block.read(pull.body)
    return found is not None and found.fingerprint == wanted.fingerprint
