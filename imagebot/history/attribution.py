"""Who brought a change and who merged it, as far as the commits tell."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from imagebot.history.commits import Arrival, Commit
from imagebot.history.entry import FieldMove, How
from imagebot.images.reference import ImageName
from imagebot.knownforges import FACTS
from imagebot.pulls.trailers import Landed, landed, rolls_back

# Forges that write a commit themselves sign it as committer; their own address says nothing of who asked for it.
_FORGES = frozenset(facts.committer for facts in FACTS.values() if facts.committer)
_SUBJECTS = [re.compile(facts.merge_subject, re.ASCII) for facts in FACTS.values() if facts.merge_subject]
# Behind the title of a squash on most forges, of a merge on some.
_BEHIND = re.compile(r".*\(#([0-9]{1,9})\)", re.ASCII)
_TRAILERS = [re.compile(facts.merge_trailer, re.ASCII) for facts in FACTS.values() if facts.merge_trailer]


@dataclass(frozen=True, slots=True)
class Credit:
    """What an `Entry` tells of people."""

    how: How
    authors: tuple[str, ...]
    merged_by: str
    took: timedelta | None
    number: int | None


def credit(arrival: Arrival, image: ImageName, moves: Sequence[FieldMove], bot: str) -> Credit:
    """To whom these moves are due; `bot` is the bot's address."""
    made = _made(arrival, {move.file for move in moves})
    how = _how(image, moves, tuple(landed(commit.message for commit in (*made, arrival.commit))))
    if how is How.BY_HAND and all(commit.author_email == bot for commit in made):
        how = How.IMAGEBOT
    if how is How.IMAGEBOT and any(rolls_back(commit.message) for commit in (*made, arrival.commit)):
        how = How.ROLLBACK
    return Credit(
        how,
        tuple(dict.fromkeys(commit.author for commit in made)),
        _merged_by(arrival.commit, bot),
        _took(arrival, made) if how is How.BY_HAND else None,
        number(arrival.commit),
    )


def squashed(commit: Commit) -> bool:
    """Whether a forge wrote this commit out of a pull request, so that git does not tell who merged it."""
    return len(commit.parents) < 2 and commit.committer_email in _FORGES


def _made(arrival: Arrival, files: Collection[str]) -> tuple[Commit, ...]:
    """The commits that changed these files: of a merge those that it brought, if they did."""
    touching = [commit for commit in arrival.brought if any(change.path in files for change in commit.changes)]
    plain = [commit for commit in touching if len(commit.parents) < 2]
    return tuple(plain or touching) or (arrival.commit,)


def _how(image: ImageName, moves: Sequence[FieldMove], brought: Sequence[Landed]) -> How:
    known = [item for item in brought if item.image == str(image)]
    told = [_is_told(move, known) for move in moves if move.new is not None]
    if told and all(told):
        return How.IMAGEBOT
    return How.EDITED if known else How.BY_HAND


def _is_told(move: FieldMove, known: Sequence[Landed]) -> bool:
    """Whether a trailer says just this; one without a digest may stand for any, and so may a field."""
    return any(
        item.file == move.file
        and move.new is not None
        and item.version.tag == (move.new.tag or item.version.tag)
        and (item.version.digest or move.new.digest) == (move.new.digest or item.version.digest)
        for item in known
    )


def _merged_by(commit: Commit, bot: str) -> str:
    if len(commit.parents) > 1:
        return commit.author
    same = (commit.author, commit.author_email) == (commit.committer, commit.committer_email)
    return "" if same or commit.committer_email in (*_FORGES, bot) else commit.committer


def _took(arrival: Arrival, made: Sequence[Commit]) -> timedelta | None:
    """None where it would be nothing: a push without a merge, and a squash, have one moment for both."""
    authored = [commit.authored for commit in made if commit.authored is not None]
    took = arrival.at - min(authored, default=arrival.at)
    return took if arrival.dated and took > timedelta() else None


def number(commit: Commit) -> int | None:
    """That of the pull request from which a forge wrote this commit, as it says itself."""
    subject = (match for pattern in (*_SUBJECTS, _BEHIND) if (match := pattern.match(commit.subject)))
    trailer = (match for pattern in _TRAILERS if (match := pattern.search(commit.message)))
    found = next(subject, None) or next(trailer, None)
    return int(found[1]) if found else None
