"""What a pass, and a person, can have remembered. A store is one file that offers this; `open.py` chooses it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from imagebot.selection.hand_holds import HandHold, Place

BANS = "ban"
"""The `kind` of answers under which is remembered who told us to wait, by account."""


@dataclass(frozen=True, slots=True)
class LastVerdict:
    """What was decided about one image of one policy, `at` first when it was; `state` is the verdict's name.

    `tag` is the tag that it is about, where there is one; `until` is when it may change by itself.
    """

    app: str
    environment: str
    image: str
    state: str
    tag: str | None
    until: datetime | None
    because: str
    at: datetime

    @property
    def said(self) -> tuple[str, str, str | None, datetime | None, str]:
        """All but whom it is about, and when."""
        return self.image, self.state, self.tag, self.until, self.because


def standing(tag: str, digest: str) -> str:
    """The key under which is kept since when a tag has stood for a digest; no tag has an `@`."""
    return f"{tag}@{digest}"


def broken(known: Iterable[str], tag: str, digest: str) -> set[str]:
    """What is to be forgotten of `known`, all that `tag` stood for, once it is seen to stand for `digest`.

    With it goes when a digest was first seen before tags counted: it was not there all the time.
    """
    others = {key for key in known if key != standing(tag, digest)}
    return others | {key.removeprefix(standing(tag, "")) for key in others}


class Store(Protocol):
    """What is remembered, as it is during one pass. Every method raises only `WorldError`s and `BadInput`.

    First seen, holds and bans survive; all else may be forgotten at any time, and then costs a request again.
    """

    def first_seen(self, image: str, digests: Collection[str], now: datetime) -> Mapping[str, datetime]:
        """When each digest of `image` was first asked for here; one that never was, is from now on.

        Never later than `now`, so that no age is negative. A clock that was set back makes no digest older.
        """

    def seen(self, image: str, keys: Collection[str], now: datetime) -> Mapping[str, datetime]:
        """When each of these was first asked for here, of those that ever were; nothing is seen by this."""

    def unbroken(self, image: str, tag: str, digest: str, now: datetime) -> datetime:
        """Since when `tag` of `image` has stood for `digest` without standing for another in between.

        The key of it is `standing(tag, digest)`. Where no digest of the tag is known, a digest that was first seen
        before tags counted keeps its time.
        """

    def moved(self, image: str, tag: str, digest: str) -> None:
        """`tag` was seen to stand for `digest`: what it stood for before begins anew. Starts no clock."""

    def forget(self, image: str, keys: Collection[str]) -> None:
        """These were never seen."""

    def holds(self) -> tuple[HandHold, ...]:
        """Every hold, by app, environment and version."""

    def hold(self, hold: HandHold) -> HandHold:
        """Keep a version back. Returns the hold that is in force: an older one of the same place stays."""

    def unhold(self, place: Place) -> HandHold | None:
        """Lift the hold of this place. Returns what was lifted."""

    def recalled(self, kind: str, keys: Collection[str]) -> Mapping[str, str]:
        """What `recall` was told under these keys; what is not known is left out."""

    def recall(self, kind: str, values: Mapping[str, str]) -> None:
        """Remember answers that never change (by digest), or the last of those that do, apart for each `kind`."""

    def last_verdicts(self) -> tuple[LastVerdict, ...]:
        """The last verdict of each image of each policy."""

    def judged(self, judged: Sequence[LastVerdict]) -> None:
        """Replace all last verdicts of the policies (app and environment) that are in `judged`."""

    def kept(self) -> AbstractContextManager[None]:
        """In this block it is asked often, and may keep open what it is asked over; a pass is one."""

    def save(self) -> None:
        """Make sure that what must survive does: a database has it already, a branch is pushed now, if need be."""


class Shelf(Protocol):
    """Where the file is. Both methods raise only `WorldError`s and `BadInput`.

    A version tells one state of the file from any other; a file that is not there yet has none.
    """

    @property
    def name(self) -> str:
        """What people know the place by."""

    def read(self) -> tuple[bytes, str] | None:
        """The file as it is now and its version."""

    def write(self, data: bytes, over: str | None, task: str) -> str | None:
        """Replace the file if it is still at version `over`; its new version, or None if it was not.

        `task` says why, for the history.
        """
