"""What a registry does not show: when that is an answer, and when it is only a doubt.

A list may be cut short, and an outage behind the index answers "not found" for every manifest. So an absence is
believed only once it is attested: in the same pass the registry shows another manifest of that image. What cannot be
settled so is believed after a day.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from imagebot.selection.reasons import listed, shown

BELIEVED_AFTER = timedelta(days=1)
"""An outage is noticed and mended within a day; what a registry does not show for longer is not there."""


@dataclass(frozen=True, slots=True)
class Attested:
    """What is missing is gone: the registry shows `by`, a tag or digest of the same image, at the same time."""

    by: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """What is missing may be there all the same. `because` says what is odd, `since` a moment of this bot's clock."""

    because: str
    since: datetime

    @property
    def until(self) -> datetime:
        """When it is believed if it stays so."""
        return self.since + BELIEVED_AFTER

    def stands(self, now: datetime) -> bool:
        return now < self.until

    def __str__(self) -> str:
        return (
            f"{self.because}, since {shown(self.since)}: registries leave things out at times, so it is believed from"
            f" {shown(self.until)} on, if it stays so"
        )


@dataclass(frozen=True, slots=True)
class NotMirrored:
    """A mirror or a cache does not show what its upstream has, or may have: it is waited for."""

    because: str


@dataclass(frozen=True, slots=True)
class Cut:
    """A list of tags leaves out `tag`, and the registry has it. `whose` are words that tell of a mirror."""

    tag: str
    whose: str = ""


@dataclass(frozen=True, slots=True)
class Shrunk:
    """A list of tags that was longer: from `before` to `now` tags, `since` a moment of this bot's clock."""

    before: int
    now: int
    since: datetime

    @property
    def by_half(self) -> bool:
        return self.now * 2 <= self.before


def cut_short(image: str, cut: Cut) -> str:
    return f"the tag list of {image}{cut.whose} is cut short: {cut.tag} is not on it, and the registry has it"


def unshown(tag: str, controls: Collection[str], since: datetime) -> Doubt:
    """Nothing is behind a tag, nor behind anything else that was asked for."""
    others = f", nor for {listed(sorted(controls))}" if controls else ""
    return Doubt(f"the registry shows nothing for {tag}{others}", since)


def not_cached(tag: str, image: str, upstream: str) -> NotMirrored:
    """A pull-through cache was asked to fetch what its upstream has."""
    return NotMirrored(f"{upstream} has {tag}, and {image}, its cache, does not show it: it comes once that does")


def not_mirrored(tag: str, mirror: str, image: str) -> NotMirrored:
    """A mirror is the only one that may be asked."""
    return NotMirrored(
        f"{mirror}, the mirror of {image}, does not show {tag}: it comes once that does, and without `fallback` nobody"
        " else is asked"
    )


def unlisted(tags: Collection[str], whose: str, shrunk: Shrunk | None, since: datetime) -> Doubt:
    """What is deployed or proposed is not on the list, and nothing else is shown that would attest it."""
    shrank = f"the list of tags shrank from {shrunk.before} to {shrunk.now}, and " if shrunk is not None else ""
    verb = "is" if len(tags) == 1 else "are"
    said = f"{shrank}{listed(sorted(tags))} {verb} not on the list{whose or ','} nor is anything of this image shown"
    return Doubt(said, since)


def empty(whose: str, since: datetime) -> Doubt:
    return Doubt(f"the list of tags{whose} is empty", since)


def unsigned_now(digest: str, found: str, since: datetime) -> Doubt:
    """What was signed is signed: it is the registry that does not show it."""
    return Doubt(f"{digest} was signed as it must be, and now {found}", since)


def halved(whose: str, shrunk: Shrunk) -> Doubt:
    """Half of a list is gone, or more, and none of it is known by name."""
    return Doubt(f"the list of tags{whose} shrank from {shrunk.before} to {shrunk.now}", shrunk.since)
