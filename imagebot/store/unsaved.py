"""A store that can be read and not written: what a pass learns is kept here, and gone with it."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from imagebot.errors import ImagebotError
from imagebot.selection.hand_holds import HandHold, Place
from imagebot.store.branch import BranchStore, Caches
from imagebot.store.protocol import LastVerdict, Store, broken, standing


class Nowhere:
    """A shelf on which nothing is and nothing stays."""

    name = "nowhere"

    def read(self) -> None:
        return None

    def write(self, data: bytes, over: str | None, task: str) -> str:
        del data, over, task
        return "written"


def nothing() -> BranchStore:
    """A store in which nothing is, and which ends with the process."""
    return BranchStore(Nowhere(), Caches())


class Unsaved:
    """`known` as it is, and over it what is seen now; `because` is why that cannot be kept."""

    def __init__(self, known: Store, because: ImagebotError) -> None:
        self._known = known
        self._because = because
        self._lock = threading.Lock()
        self._forgotten: set[tuple[str, str]] = set()
        self._fresh = nothing()

    def first_seen(self, image: str, digests: Collection[str], now: datetime) -> Mapping[str, datetime]:
        known = self._seen(image, digests, now)
        return {**self._fresh.first_seen(image, set(digests) - known.keys(), now), **known}

    def seen(self, image: str, keys: Collection[str], now: datetime) -> Mapping[str, datetime]:
        return {**self._fresh.seen(image, keys, now), **self._seen(image, keys, now)}

    def unbroken(self, image: str, tag: str, digest: str, now: datetime) -> datetime:
        key = standing(tag, digest)
        return self.first_seen(image, [key], now)[key]

    def moved(self, image: str, tag: str, digest: str) -> None:
        self.forget(image, broken([], tag, digest))

    def forget(self, image: str, keys: Collection[str]) -> None:
        with self._lock:
            self._forgotten |= {(image, key) for key in keys}

    def holds(self) -> tuple[HandHold, ...]:
        return self._known.holds()

    def hold(self, hold: HandHold) -> HandHold:
        raise self._because

    def unhold(self, place: Place) -> HandHold | None:
        raise self._because

    def recalled(self, kind: str, keys: Collection[str]) -> Mapping[str, str]:
        return {**self._known.recalled(kind, keys), **self._fresh.recalled(kind, keys)}

    def recall(self, kind: str, values: Mapping[str, str]) -> None:
        self._fresh.recall(kind, values)

    def last_verdicts(self) -> tuple[LastVerdict, ...]:
        return self._known.last_verdicts()

    def judged(self, judged: Sequence[LastVerdict]) -> None:
        """Nobody reads them again."""

    def kept(self) -> AbstractContextManager[None]:
        return self._known.kept()

    def save(self) -> None:
        """There is nowhere to."""

    def _seen(self, image: str, keys: Collection[str], now: datetime) -> Mapping[str, datetime]:
        found = self._known.seen(image, keys, now)
        with self._lock:
            return {key: at for key, at in found.items() if (image, key) not in self._forgotten}
