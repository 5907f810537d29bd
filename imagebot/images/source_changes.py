"""What the source of an image tells about the way from one version to another: all of it text of people."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class SourceCommit:
    """One commit by its id and the first line of its message."""

    id: str
    subject: str


@dataclass(frozen=True, slots=True)
class ReleaseNotes:
    """What is written about one release; `version` is its tag in the source."""

    version: str
    text: str


@dataclass(frozen=True, slots=True)
class SourceChanges:
    """What changed between two images, as far as it was asked, newest first.

    `more_commits` and `more_notes` are how many there are besides, None where nobody counted them. `parted`: the new
    image lacks commits that the old one has. `by_tags`: they are those between two tags, as the images name no commits
    of their own. `untagged`: the source has a tag of the old version, and none of the new.
    `unwritten`: there are notes of the old version, and none of the new. `because`: why there are no commits, in
    our own words; `unsure`, if that may be otherwise soon: a page of an outage, a right that is given later.
    """

    commits: tuple[SourceCommit, ...] = ()
    more_commits: int | None = 0
    notes: tuple[ReleaseNotes, ...] = ()
    more_notes: int | None = 0
    parted: bool = False
    by_tags: bool = False
    untagged: bool = False
    unwritten: bool = False
    because: str = ""
    unsure: bool = False

    @property
    def awaited(self) -> bool:
        """Whether more may come: images are often pushed before anything is written about them, and outages end."""
        return self.untagged or self.unwritten or self.unsure

    def to_json(self) -> str:
        """All of it, for a cache; ASCII."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> SourceChanges | None:
        """What `to_json` wrote; None for any other text, such as one of another release: ask again."""
        try:
            return _changes(json.loads(text))
        except (ValueError, TypeError, KeyError, RecursionError):
            return None


def _changes(known: dict[str, Any]) -> SourceChanges:
    return SourceChanges(
        commits=tuple(SourceCommit(str(one["id"]), str(one["subject"])) for one in known["commits"]),
        more_commits=_count(known["more_commits"]),
        notes=tuple(ReleaseNotes(str(one["version"]), str(one["text"])) for one in known["notes"]),
        more_notes=_count(known["more_notes"]),
        parted=known["parted"] is True,
        by_tags=known["by_tags"] is True,
        untagged=known["untagged"] is True,
        unwritten=known["unwritten"] is True,
        because=str(known["because"]),
        unsure=known["unsure"] is True,
    )


def _count(value: object) -> int | None:
    return None if value is None else int(str(value))
