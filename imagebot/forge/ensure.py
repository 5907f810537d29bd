"""A branch has exactly one pull request, and it says what it should: however often this runs, on any forge."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from imagebot.errors import Unavailable
from imagebot.forge.extras import remembered
from imagebot.forge.proposed import finished, same_text, undrafted, unfinished
from imagebot.forge.protocol import Forge, Proposal, PullRequest
from imagebot.pulls import block
from imagebot.pulls.body_frame import around, updating

Ensuring = Literal["opened", "rewritten", "kept"]


@dataclass(frozen=True, slots=True)
class Ensured:
    """The pull request as it now is, what was done to get there, and what the forge would not add."""

    pull: PullRequest
    action: Ensuring
    warnings: tuple[str, ...] = ()


def ensure(
    forge: Forge, proposal: Proposal, existing: PullRequest | None, *, moved: bool = False, again: bool = False
) -> Ensured:
    """Open the pull request of `proposal.branch`, or make `existing` say it; write only where that changes something.

    A body is people's to edit as long as the fingerprint of its machine block is the proposal's. A body without a block
    is written again: without it nobody could tell what was proposed. `moved` says that the branch got another commit,
    which ends auto-merge on some forges: it is then switched on again, and people's words stay.
    Written `again` it is in the words of the proposal, all the same. Raises `WorldError`.
    """
    done = _ensured(forge, proposal, existing, moved=moved, again=again)
    return replace(done, pull=remembered(forge, done.pull, proposal, done.warnings))


def announce(forge: Forge, pull: PullRequest, comment: str) -> None:
    """Before the branch of an open one moves: say why in a comment, if there is one, and in the body that it moves.

    Words come first, or nothing moves at all: a body never tells of another commit than its branch holds, unless it
    says so. Killed at any step, or refused, the next pass goes on from there. Raises `WorldError`.
    """
    forge.say(pull, comment, updating(pull.body))


def _ensured(forge: Forge, proposal: Proposal, existing: PullRequest | None, *, moved: bool, again: bool) -> Ensured:
    if existing is None:
        return _open(forge, proposal)
    same = not again and says(existing, fingerprint(proposal.body))
    if same and not (moved and proposal.auto_merge):
        return Ensured(existing, "kept")
    anew = replace(proposal, body=around(existing.body, proposal.body))
    rewritten = forge.rewrite(existing, anew if again else _around_peoples_words(existing, proposal))
    if rewritten.pull.state != "open":
        _put_back(forge, existing, proposal)
        raise Unavailable(f"pull request #{existing.number} was closed meanwhile; the next pass looks again")
    return Ensured(rewritten.pull, "kept" if same else "rewritten", rewritten.warnings)


def _put_back(forge: Forge, existing: PullRequest, proposal: Proposal) -> None:
    """People closed what they had read, and no newer version: the body must go on telling which."""
    before = Proposal(proposal.branch, proposal.base, existing.title, existing.body, draft=existing.draft)
    forge.rewrite(existing, before)


def _around_peoples_words(existing: PullRequest, proposal: Proposal) -> Proposal:
    """The proposal in the words that are there, if those are this one's already, finished or not; else the bot's words
    anew, and around them what people wrote, under their title if they gave it one.
    """
    body = finished(existing.body)
    if fingerprint(body) == fingerprint(proposal.body):
        return replace(proposal, title=existing.title, body=block.stamped(body, lacking=()))
    return replace(proposal, title=_title(existing, proposal), body=around(existing.body, proposal.body))


def _title(existing: PullRequest, proposal: Proposal) -> str:
    """What people called it; the bot remembers in the block how it did. Forges may change the space between words."""
    found, there = block.read(existing.body), undrafted(existing.title)
    ours = found is None or not found.title or there.split() == undrafted(found.title).split()
    return proposal.title if ours else there


def _open(forge: Forge, proposal: Proposal) -> Ensured:
    opened = forge.create(proposal)
    if says(opened.pull, fingerprint(proposal.body)):
        return Ensured(opened.pull, "opened", opened.warnings)
    # Either ours, to be completed, or another bot's with something else to say.
    ours = block.read(opened.pull.body) == block.read(unfinished(proposal.body))
    # Killed before the block was kept elsewhere: then there is none yet.
    ours = ours or same_text(opened.pull.body, block.without(proposal.body))
    action: Ensuring = "opened" if ours else "rewritten"
    rewritten = forge.rewrite(opened.pull, _around_peoples_words(opened.pull, proposal))
    return Ensured(rewritten.pull, action, (*opened.warnings, *rewritten.warnings))


def says(pull: PullRequest, wanted: str) -> bool:
    """Whether the pull request makes the proposal of this fingerprint already, whatever people did to its words."""
    return wanted != "" and fingerprint(pull.body) == wanted


def fingerprint(body: str) -> str:
    """What tells the proposal in a body from any other; empty where nobody can tell."""
    found = block.read(body)
    return "" if found is None or found.closed_by_bot else found.fingerprint
