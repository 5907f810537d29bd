"""What can be decided about one watched image, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never


@dataclass(frozen=True, slots=True)
class Deployed:
    """What one field of the image says at the base branch; `where` is `file:line` for people.

    `runs`: by where it is written it is the image of a container, and no chart or other artifact.
    """

    tag: str | None
    digest: str | None
    where: str
    runs: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A tag that the policy lets in.

    `version` is the text that was ordered (the tag, or what `extract` took of it); `twins` are other tags let in with
    the same version, which come after this one.
    """

    tag: str
    version: str
    because: str
    twins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A tag that the policy does not let in, and the first rule that refused it (`semver`, `match`, `ignore`, …)."""

    tag: str
    rule: str
    because: str


@dataclass(frozen=True, slots=True)
class Version:
    """A tag and the digest it stood for when it was judged."""

    tag: str
    digest: str | None = None

    def __str__(self) -> str:
        return f"{self.tag}@{self.digest}" if self.digest else self.tag


class Hold(StrEnum):
    """What keeps a version back."""

    SOAK = "soak"
    WINDOW = "window"
    SOURCE = "promotion"
    DOWNGRADE = "downgrade"
    DOUBT = "in doubt"
    MIRROR = "not mirrored"
    SIGNATURE = "signature"
    BY_HAND = "by hand"
    ROLLED_BACK = "rolled back"
    CLOSED = "closed"
    FROZEN = "frozen"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class Update:
    """Some field is not at `to` yet."""

    to: Version
    because: str


@dataclass(frozen=True, slots=True)
class UpToDate:
    """Every field is at `at`."""

    at: Version
    because: str


@dataclass(frozen=True, slots=True)
class Held:
    """There is a version, and it is kept back on purpose, until a moment or until a person acts."""

    version: Version
    hold: Hold
    until: datetime | None
    because: str


@dataclass(frozen=True, slots=True)
class NoCandidate:
    """The registry answered, and no tag passes the policy."""

    because: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Not enough is known to decide: nothing is written, nothing open is closed."""

    because: str


@dataclass(frozen=True, slots=True)
class Waiting(Unknown):
    """The same, because a server that must be asked wants to be left alone `until` then: nothing is wrong."""

    until: datetime


Verdict = Update | UpToDate | Held | NoCandidate | Unknown


def tag_of(verdict: Verdict) -> str | None:
    """The tag that a verdict is about, if it is about one."""
    match verdict:
        case Update(to=version) | UpToDate(at=version) | Held(version=version):
            return version.tag
        case NoCandidate() | Unknown():
            return None
    assert_never(verdict)
