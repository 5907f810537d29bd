"""What every forge asks of a proposal before it writes: what is still lacking, and what must not be lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from imagebot.errors import WorldError
from imagebot.forge.protocol import Proposal, PullRequest
from imagebot.knownforges import ForgeFacts
from imagebot.pulls import block

TEAM = "team:"
_UNFINISHED = "unfinished "
_DRAFT = re.compile(r"(?:draft:|\[draft\]|\(draft\)|wip:|\[wip\])\s*", re.ASCII | re.IGNORECASE)


def lacking(there: Iterable[str], wanted: Sequence[str]) -> list[str]:
    """Those of `wanted` that are not there; on no forge do labels or logins differ by case alone."""
    known = {name.lower() for name in there}
    return [name for name in dict.fromkeys(wanted) if name.lower() not in known]


def present(there: Iterable[str], gone: Sequence[str]) -> list[str]:
    """Those that are there, of those that should go."""
    missing = lacking(there, gone)
    return [name for name in dict.fromkeys(gone) if name not in missing]


def unfinished(body: str) -> str:
    """The body with another fingerprint. Some forges take labels, reviewers and assignees only once the pull request is
    open; until the true body is written at the end, a pass that was killed in between leaves one to be completed.
    """
    return body if is_unfinished(body) else _fingerprinted(body, lambda fingerprint: _UNFINISHED + fingerprint)


def is_unfinished(body: str) -> bool:
    """Whether a pass left this body, and more to do."""
    found = block.read(body)
    return found is not None and found.fingerprint.startswith(_UNFINISHED)


def finished(body: str) -> str:
    """The true body, with the words that people wrote around its block since."""
    return _fingerprinted(body, lambda fingerprint: fingerprint.removeprefix(_UNFINISHED))


def _fingerprinted(body: str, change: Callable[[str], str]) -> str:
    found = block.read(body)
    if found is None:
        return body
    return block.stamped(body, fingerprint=change(found.fingerprint))


def ask_for_review(
    reviewers: Sequence[str],
    send: Callable[[str, Mapping[str, Sequence[str]]], object],
    not_given: tuple[type[WorldError], ...],
) -> list[str]:
    """Ask people and teams for a review where the forge refuses all if it refuses one: all at once, then one by one.

    `send` is handed their names in words and the body of the request. Returns what the forge would not do, in words.
    """
    if not reviewers:
        return []
    people = [name for name in reviewers if not name.startswith(TEAM)]
    teams = [name.removeprefix(TEAM) for name in reviewers if name.startswith(TEAM)]
    body = {key: names for key, names in (("reviewers", people), ("team_reviewers", teams)) if names}
    try:
        send(", ".join(reviewers), body)
    except not_given as error:
        if len(reviewers) == 1:
            return [str(error)]
        return [warning for name in reviewers for warning in ask_for_review([name], send, not_given)]
    return []


@dataclass(frozen=True, slots=True)
class Switches:
    """What a rewrite turns on (True) or off (False); None stays as it is. What we turned on stands in the old body.

    Before something is turned on that the old body does not tell of, it has to: killed right after, the next pass would
    take it for a person's deed, and leave it.
    """

    draft: bool | None
    auto_merge: bool | None
    untold: bool


def switches(pull: PullRequest, proposal: Proposal) -> Switches:
    """What people did wins: their draft stays, and one of ours that they lifted is not made again."""
    old = block.read(pull.body)
    drafted, merging = (old.draft, old.auto_merge) if old else (False, False)
    draft = None if proposal.draft in (pull.draft, drafted) else proposal.draft
    auto_merge = True if proposal.auto_merge and not proposal.draft else False if merging else None
    return Switches(draft, auto_merge, untold=draft is True or (auto_merge is True and not merging))


@dataclass(frozen=True, slots=True)
class NotMerging:
    """Why auto-merge is not on, in words that say what to do; `later` if the forge may answer otherwise in a while."""

    because: str
    later: bool = False


def unseen(facts: ForgeFacts, number: int) -> NotMerging:
    """Why, where what is proposed is not yet at the pull request's head: another commit must never be merged."""
    words = f"{facts.name} has not seen what was pushed; the next pass asks again"
    return NotMerging(f"{facts.noun} {number} will not merge by itself: {words}", later=True)


def last_body(proposal: Proposal, not_merging: NotMerging | None) -> str:
    """The body to end a rewrite with."""
    return unfinished(proposal.body) if not_merging and not_merging.later else proposal.body


def message_of(proposal: Proposal, number: int) -> tuple[str | None, str | None]:
    """First line and rest of what a squashed commit should say; the number of its pull request behind the first, as
    forges put it there themselves. Nothing where the proposal says nothing.
    """
    first, _, rest = proposal.message.strip().partition("\n")
    return (f"{first} (#{number})", rest.strip()) if first else (None, None)


def whole_message(proposal: Proposal, number: int) -> str:
    """The same in one, for forges that take it so; empty where the proposal says nothing."""
    first, rest = message_of(proposal, number)
    return f"{first}\n\n{rest}".strip() if first else ""


def drafted_title(pull: PullRequest, proposal: Proposal, prefix: str) -> str:
    """The title where a draft is one by how it begins: with our `prefix`, or with what a person wrote there. Without a
    prefix a draft is told otherwise.
    """
    if not prefix:
        return proposal.title
    wanted = switches(pull, proposal).draft
    if wanted:
        return prefix + proposal.title
    if wanted is False and pull.title.startswith(prefix):
        return proposal.title
    return still_draft(pull.title, proposal.title)


def still_draft(there: str, wanted: str) -> str:
    """The wanted title, a draft's if the one there is: how that begins was a person's deed, and stays."""
    drafted = _DRAFT.match(there)
    return drafted[0] + wanted if drafted and not _DRAFT.match(wanted) else wanted


def undrafted(title: str) -> str:
    """The title without what makes it a draft's."""
    return _DRAFT.sub("", title, count=1) if _DRAFT.match(title) else title


def same_text(there: str, wanted: str) -> bool:
    """Whether a forge that was given one has the other: they take space off the end, and some end lines otherwise."""
    return there.replace("\r\n", "\n").strip() == wanted.replace("\r\n", "\n").strip()


def said_before(comment: str, said: Iterable[str]) -> bool:
    """Whether somebody said just this."""
    return any(same_text(text, comment) for text in said)


def without(there: Iterable[str], gone: Iterable[str]) -> tuple[str, ...]:
    """The labels there but for those, in whatever letter case."""
    names = {name.lower() for name in gone}
    return tuple(name for name in there if name.lower() not in names)
