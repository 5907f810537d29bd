"""First sightings, holds and bans as one JSON document: how it is read, written, and merged of two writers'. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from imagebot.selection.hand_holds import HandHold, Place, in_order
from imagebot.store.ages import Clock, tick
from imagebot.store.protocol import broken, standing

FORMAT = 1
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)

MOST_BANS = 50
"""The last ones: of those that are over nobody asks any more."""

_STANDING = standing("", "")

Sight = tuple[str, str]
"""An image and a digest, or what else is seen for a first time."""


@dataclass(frozen=True, slots=True)
class StateDocument:
    """What must survive, whole; and what was `forgotten` since it was last written."""

    clock: Clock | None = None
    seen: Mapping[Sight, datetime] = field(default_factory=dict)
    holds: Mapping[Place, HandHold] = field(default_factory=dict)
    bans: Mapping[str, str] = field(default_factory=dict)
    forgotten: frozenset[Sight] = field(default=frozenset(), compare=False)

    def see(self, sights: Collection[Sight], now: datetime) -> StateDocument:
        """The memory once these were seen; the very same where all of them are known and time did not jump."""
        new = [sight for sight in sights if sight not in self.seen]
        clock = tick(self.clock, now)
        if not new and not _jumped(self.clock, clock):
            return self
        known = dict(self.seen)
        if self.clock is not None and clock.latest < self.clock.latest:
            known = {sight: min(at, now) for sight, at in known.items()}
        return replace(self, clock=clock, seen=known | dict.fromkeys(new, clock.latest))

    def stand(self, image: str, tag: str, digest: str, now: datetime) -> StateDocument:
        """The memory once `tag` was seen to stand for `digest`; any other that it stood for before is forgotten."""
        key = standing(tag, digest)
        known = self.standing(image, tag)
        if known == [(image, key)]:
            return self
        before = None if known else self.seen.get((image, digest))
        stale = broken([sight[1] for sight in known], tag, digest)
        after = self.forget([*known, *((image, each) for each in stale)])
        if before is not None:
            return replace(after, seen={**after.seen, (image, key): before})
        return after.see([(image, key)], now)

    def standing(self, image: str, tag: str) -> list[Sight]:
        """What a tag is known to stand for: more than one where two have written at one time."""
        return [sight for sight in self.seen if sight[0] == image and sight[1].startswith(standing(tag, ""))]

    def forget(self, sights: Collection[Sight]) -> StateDocument:
        """The memory without these; the very same where none of them is known."""
        gone = {sight for sight in sights if sight in self.seen}
        if not gone:
            return self
        kept = {sight: at for sight, at in self.seen.items() if sight not in gone}
        return replace(self, seen=kept, forgotten=self.forgotten | gone)

    def written(self) -> StateDocument:
        """The memory once it is written: what it forgot, nobody knows any more."""
        return replace(self, forgotten=frozenset())

    def saw_too(self, other: StateDocument) -> StateDocument:
        """The memory with what `other` saw and without what it forgot.

        Of two times of one digest the earlier counts, for both were told to somebody; of a tag that stands for one the
        later, for it may have stood for another in between.
        """
        clocks = [clock for clock in (self.clock, other.clock) if clock is not None]
        kept = {sight: at for sight, at in self.seen.items() if sight not in other.forgotten}
        both = {
            sight: (max if _STANDING in sight[1] else min)(at, kept.get(sight, at)) for sight, at in other.seen.items()
        }
        return replace(
            self,
            clock=max(clocks, key=lambda clock: clock.latest, default=None),
            seen={**kept, **both},
            forgotten=other.forgotten,
            bans={**self.bans, **other.bans},
        )

    def hold(self, hold: HandHold) -> StateDocument:
        """The memory with `hold`, unless its place is held already."""
        return replace(self, holds={hold.place: hold, **self.holds})

    def ban(self, bans: Mapping[str, str]) -> StateDocument:
        """The memory with what these accounts were told; the very same where all of it is known."""
        if all(self.bans.get(account) == told for account, told in bans.items()):
            return self
        every = {account: told for account, told in self.bans.items() if account not in bans} | dict(bans)
        return replace(self, bans=dict(list(every.items())[-MOST_BANS:]))

    def unhold(self, place: Place) -> StateDocument:
        """The memory without the hold of `place`."""
        return replace(self, holds={key: hold for key, hold in self.holds.items() if key != place})


def _jumped(before: Clock | None, after: Clock) -> bool:
    """Whether time did anything but pass."""
    return before is not None and (after.latest < before.latest or after.behind_since != before.behind_since)


def write(memory: StateDocument) -> bytes:
    """The document: the same memory gives the same bytes, a line for each thing that may change."""
    images: dict[str, dict[str, str]] = {}
    for (image, digest), at in sorted(memory.seen.items()):
        images.setdefault(image, {})[digest] = _moment(at)
    document: dict[str, Any] = {"format": FORMAT}
    if memory.clock is not None:
        behind = memory.clock.behind_since
        document["clock"] = {"latest": _moment(memory.clock.latest), "behindSince": behind and _moment(behind)}
    document["firstSeen"] = images
    document["holds"] = [
        {
            "app": hold.app,
            "environment": hold.environment,
            "version": hold.version,
            "by": hold.by,
            "since": _moment(hold.since),
            "because": hold.because,
            **({"lifts": True} if hold.lifts else {}),
        }
        for hold in in_order(memory.holds.values())
    ]
    if memory.bans:
        document["bans"] = dict(memory.bans)
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def read(data: bytes) -> StateDocument:
    """What `write` wrote. Raises `ValueError` in plain words for anything else."""
    try:
        document = json.loads(data)
        if document["format"] != FORMAT:
            raise ValueError(f"its format is {document['format']!r}; this imagebot knows {FORMAT}")
        told = document.get("clock")
        clock = Clock(_read(told["latest"]), told["behindSince"] and _read(told["behindSince"])) if told else None
        seen = {
            (str(image), str(digest)): _read(at)
            for image, digests in document["firstSeen"].items()
            for digest, at in digests.items()
        }
        holds = [_hold(each) for each in document["holds"]]
        bans = {str(account): str(told) for account, told in document.get("bans", {}).items()}
    except (LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"it is not what imagebot writes ({type(error).__name__}: {error})") from None
    return StateDocument(clock, seen, {hold.place: hold for hold in holds}, bans)


def _hold(each: Mapping[str, Any]) -> HandHold:
    texts = [each["app"], each["environment"], each["by"], each["because"], each["version"] or ""]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a hold is made of texts")
    app, environment, by, because, version = texts
    return HandHold(app, environment, version or None, by, _read(each["since"]), because, each.get("lifts") is True)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _read(text: str) -> datetime:
    if not _MOMENT.fullmatch(text):
        raise ValueError(f"{text!r} is no time")
    return datetime.fromisoformat(text)
