"""A store whose failures to keep what may be forgotten cost nothing but that: they are noted, and the pass goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from imagebot.errors import ImagebotError
from imagebot.selection.hand_holds import HandHold, Place
from imagebot.store.protocol import LastVerdict, Store


class Failsafe:
    """One pass's. `because` is the first failure; of what must survive, who asks for it is told at once."""

    def __init__(self, store: Store) -> None:
        self.because: ImagebotError | None = None
        self._store = store
        self._lock = threading.Lock()
        self._fresh: dict[tuple[str, str], str] = {}

    def first_seen(self, image: str, digests: Collection[str], now: datetime) -> Mapping[str, datetime]:
        return self._store.first_seen(image, digests, now)

    def seen(self, image: str, keys: Collection[str], now: datetime) -> Mapping[str, datetime]:
        return self._store.seen(image, keys, now)

    def unbroken(self, image: str, tag: str, digest: str, now: datetime) -> datetime:
        return self._store.unbroken(image, tag, digest, now)

    def moved(self, image: str, tag: str, digest: str) -> None:
        self._store.moved(image, tag, digest)

    def forget(self, image: str, keys: Collection[str]) -> None:
        self._store.forget(image, keys)

    def holds(self) -> tuple[HandHold, ...]:
        return self._store.holds()

    def last_verdicts(self) -> tuple[LastVerdict, ...]:
        return self._store.last_verdicts()

    def hold(self, hold: HandHold) -> HandHold:
        return self._store.hold(hold)

    def unhold(self, place: Place) -> HandHold | None:
        return self._store.unhold(place)

    def recalled(self, kind: str, keys: Collection[str]) -> Mapping[str, str]:
        known = self._store.recalled(kind, keys)
        with self._lock:
            return {**known, **{key: self._fresh[kind, key] for key in keys if (kind, key) in self._fresh}}

    def recall(self, kind: str, values: Mapping[str, str]) -> None:
        if not self._tried(lambda: self._store.recall(kind, values)):
            with self._lock:
                self._fresh |= {(kind, key): value for key, value in values.items()}

    def judged(self, judged: Sequence[LastVerdict]) -> None:
        self._tried(lambda: self._store.judged(judged))

    def kept(self) -> AbstractContextManager[None]:
        return self._store.kept()

    def save(self) -> None:
        self._tried(self._store.save)

    def _tried(self, write: Callable[[], object]) -> bool:
        try:
            write()
        except ImagebotError as error:
            with self._lock:
                self.because = self.because or error
            return False
        return True
