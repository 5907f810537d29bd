"""What happened: one image of one app in one environment came to other versions with one commit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from imagebot.fields.field import Value
from imagebot.history.commits import Commit
from imagebot.images.reference import ImageName

ADDED = "added"
COPIED = "copied"
REMOVED = "removed"
_LAST = {ADDED: 1, COPIED: 2, REMOVED: 3}


class How(StrEnum):
    """Whose values they are: the bot's by the trailers of its commits, else by its address."""

    IMAGEBOT = "imagebot"
    EDITED = "imagebot, edited by hand"
    ROLLBACK = "imagebot rollback"
    BY_HAND = "by hand"


@dataclass(frozen=True, slots=True)
class FieldMove:
    """A field that says something else now. No `old`: it is new; no `new`: it is gone.

    It went `back` if `new` stands below `old` in the policy's order, or, where that does not tell, if the field said
    `new` before. `since` is the place of the arrival that brought `old`.
    """

    file: str
    line: int
    path: str
    old: Value | None
    new: Value | None
    kind: str
    back: bool = False
    since: int | None = None


@dataclass(frozen=True, slots=True)
class ReviewFacts:
    """What only the forge knows of the pull request that brought it; what it does not tell either is empty."""

    number: int
    url: str
    opened: datetime | None
    merged: datetime | None
    merged_by: str
    approvers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One commit of the base branch that moved one image of one app and environment.

    It is at this `place` of the base branch since `at`, or later if not `dated`. `merged_by` is empty where git does
    not tell; `took` is the time from the first commit that changed these files until `at`, None where git has only one
    moment. `number` is that of the pull request, as the commit's message has it.
    """

    repository: str
    place: int
    at: datetime
    dated: bool
    app: str
    environment: str
    image: ImageName
    moves: tuple[FieldMove, ...]
    how: How
    authors: tuple[str, ...]
    merged_by: str
    took: timedelta | None
    commit: Commit
    number: int | None
    review: ReviewFacts | None = None

    @property
    def old(self) -> tuple[Value, ...]:
        """What the fields said before, each once."""
        return tuple(dict.fromkeys(move.old for move in self.moves if move.old is not None))

    @property
    def new(self) -> tuple[Value, ...]:
        """What the fields say from then on, each once."""
        return tuple(dict.fromkeys(move.new for move in self.moves if move.new is not None))

    @property
    def kind(self) -> str:
        """How far it went, by the first field that moved; else `added`, `copied` or `removed`."""
        return min((move.kind for move in self.moves), key=lambda kind: _LAST.get(kind, 0))

    @property
    def back(self) -> bool:
        """Whether an older version came back."""
        return any(move.back for move in self.moves)

    @property
    def deploys(self) -> bool:
        """Whether other images run from then on; not where a field was only taken away or written once more."""
        return any(move.kind not in (COPIED, REMOVED) for move in self.moves)

    @property
    def open_for(self) -> timedelta | None:
        """How long it was proposed: the forge knows it of every pull request, git of people's commits."""
        review = self.review
        if review is not None and review.opened is not None and review.merged is not None:
            return review.merged - review.opened
        return self.took


def newest_first(entries: Iterable[HistoryEntry]) -> tuple[HistoryEntry, ...]:
    """Entries of any number of repositories, each repository's in the order of its branch."""
    named = sorted(entries, key=lambda entry: (entry.repository, entry.app, entry.environment, entry.image))
    return tuple(sorted(named, key=lambda entry: (entry.at, entry.place), reverse=True))


def since(entries: Sequence[HistoryEntry], moment: datetime | None) -> tuple[HistoryEntry, ...]:
    """Those that came at that moment or later."""
    return tuple(entry for entry in entries if moment is None or entry.at >= moment)


def with_reviews(
    entries: Iterable[HistoryEntry], reviews: Sequence[tuple[str, ReviewFacts]]
) -> tuple[HistoryEntry, ...]:
    """Entries with what the forge knows of them; each review comes with the commit that it became, if that is known.

    Where it is not, the number in the commit's message counts, if the merge was on the day that git tells of. Then it
    is also known when an entry came that git could not date.
    """
    by_commit = {commit: review for commit, review in reviews if commit}
    by_number = {review.number: review for commit, review in reviews if not commit}
    return tuple(
        _with_review(entry, by_commit.get(entry.commit.id) or _numbered(entry, by_number)) for entry in entries
    )


def _numbered(entry: HistoryEntry, by_number: Mapping[int, ReviewFacts]) -> ReviewFacts | None:
    review = by_number.get(entry.number) if entry.number is not None else None
    if review is None or review.merged is None:
        return None
    return review if not entry.dated or abs(review.merged - entry.at) < timedelta(days=1) else None


def _with_review(entry: HistoryEntry, review: ReviewFacts | None) -> HistoryEntry:
    if review is None:
        return entry
    if entry.dated or review.merged is None:
        return replace(entry, review=review)
    return replace(entry, review=review, at=review.merged, dated=True)
