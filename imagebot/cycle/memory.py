"""The store as one pass sees it: the time is that of the pass, and what is asked for twice is read once."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property

from imagebot.images.reference import ImageName
from imagebot.selection.byhand import HandHold
from imagebot.selection.facts import Shrunk
from imagebot.selection.gates import BELIEVED_AFTER
from imagebot.store.protocol import LastVerdict, Store

_NEVER = ""


class Memory:
    """Made anew for each pass. Raises what the store raises."""

    def __init__(self, store: Store, now: datetime) -> None:
        self._store = store
        self.now = now

    @cached_property
    def holds(self) -> tuple[HandHold, ...]:
        """What people keep back by hand."""
        return self._store.holds()

    def first_seen(self, name: ImageName, digests: Collection[str]) -> Mapping[str, datetime]:
        """When each of these was seen for the first time: now, for one that never was."""
        return self._store.first_seen(str(name), digests, self.now)

    def saw(self, name: ImageName, tag: str, digest: str) -> datetime:
        """Remember what a tag stands for, and return since when that digest is known."""
        if self.digests(name, [tag]).get(tag) != digest:
            self._store.recall("tag", {f"{name}:{tag}": digest})
        return self.first_seen(name, [digest])[digest]

    def digests(self, name: ImageName, tags: Iterable[str]) -> Mapping[str, str]:
        """What tags stood for when they were last asked about, of those that ever were."""
        keys = {f"{name}:{tag}": tag for tag in tags}
        return {keys[key]: digest for key, digest in self._store.recalled("tag", keys.keys()).items()}

    def stand_for(self, name: ImageName, digests: Mapping[str, str]) -> None:
        """Remember what tags stand for."""
        self._store.recall("tag", {f"{name}:{tag}": digest for tag, digest in digests.items()})

    def platforms(self, name: ImageName, digest: str) -> Mapping[str, str] | None:
        """The platforms of an image that was asked about in any pass."""
        key = f"{name}@{digest}"
        known = self._store.recalled("platforms", [key]).get(key)
        return None if known is None else dict(json.loads(known))

    def has_platforms(self, name: ImageName, digest: str, platforms: Mapping[str, str]) -> None:
        self._store.recall("platforms", {f"{name}@{digest}": json.dumps(platforms, sort_keys=True)})

    def created(self, name: ImageName, digests: Iterable[str]) -> Mapping[str, datetime | None]:
        """When the images of these digests say that they were made, of those that were asked about in any pass."""
        keys = {f"{name}@{digest}": digest for digest in digests}
        known = self._store.recalled("created", keys.keys())
        return {keys[key]: datetime.fromisoformat(at) if at != _NEVER else None for key, at in known.items()}

    def were_created(self, name: ImageName, times: Mapping[str, datetime | None]) -> None:
        at = {f"{name}@{digest}": _NEVER if time is None else time.isoformat() for digest, time in times.items()}
        self._store.recall("created", at)

    def shrunk(self, lists: Mapping[ImageName, int]) -> Mapping[ImageName, Shrunk]:
        """The lists of tags, of these lengths now, that were longer; remembers all of them.

        One that stays short is taken for whole after a while, and then it is no longer a short one.
        """
        known = self._store.recalled("tags", [str(name) for name in lists])
        short: dict[ImageName, Shrunk] = {}
        fresh: dict[str, str] = {}
        for name, length in lists.items():
            before, since = _read(known.get(str(name)), self.now)
            if length < before and (since is None or self.now - since < BELIEVED_AFTER):
                short[name] = Shrunk(before, length, since or self.now)
                text = json.dumps([before, (since or self.now).isoformat()])
            else:
                text = json.dumps([length, None])
            if text != known.get(str(name)):
                fresh[str(name)] = text
        self._store.recall("tags", fresh)
        return short

    def judged(self, verdicts: Sequence[LastVerdict]) -> None:
        """Remember what this pass decided."""
        self._store.judged(verdicts)

    def save(self) -> None:
        """Make sure that what must survive does."""
        self._store.save()


def _read(text: str | None, now: datetime) -> tuple[int, datetime | None]:
    """The longest list known, and since when it is shorter; a moment in the future is none."""
    if text is None:
        return 0, None
    length, since = json.loads(text)
    at = None if since is None else datetime.fromisoformat(since).astimezone(UTC)
    return int(length), at if at is None or at <= now else now
