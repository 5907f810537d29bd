"""What is to be looked at soon, until somebody looks. A thread adds, another takes."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable

from imagebot.webhooks.subject import Subject

MOST_PENDING = 2_000
"""Subjects of one receiver that wait: more than anybody pushes in a minute; what is more waits for the next pass."""
APART_S = 15.0
"""Seconds between two looks at one subject: a call that comes while one looks may be about what came after that."""


class Hints:
    """`monotonic` is in seconds."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._pending: dict[str, dict[Subject, None]] = defaultdict(dict)
        self._looked: dict[Subject, float] = {}

    def add(self, receiver: str, subjects: Iterable[Subject]) -> bool:
        """Remember what a receiver was called about; False where it was about too much to remember one more."""
        with self._lock:
            mine = self._pending[receiver]
            for subject in subjects:
                if len(mine) >= MOST_PENDING and subject not in mine:
                    return False
                mine[subject] = None
        return True

    def take(self) -> list[Subject]:
        """Those that may be looked at now, in the order in which they came."""
        now = self._monotonic()
        with self._lock:
            self._looked = {subject: at for subject, at in self._looked.items() if now - at < APART_S}
            every = dict.fromkeys(subject for mine in self._pending.values() for subject in mine)
            left = {name: {one: None for one in mine if one in self._looked} for name, mine in self._pending.items()}
            self._pending = defaultdict(dict, {name: mine for name, mine in left.items() if mine})
            taken = [subject for subject in every if subject not in self._looked]
            self._looked |= dict.fromkeys(taken, now)
        return taken

    def forget(self) -> None:
        """Everything is looked at now."""
        with self._lock:
            self._pending.clear()

    def seconds_left(self) -> float | None:
        """How long until there is something to look at; None: nothing waits."""
        now = self._monotonic()
        with self._lock:
            every = (subject for mine in self._pending.values() for subject in mine)
            waits = [self._looked.get(subject, now - APART_S) + APART_S - now for subject in every]
        return max(min(waits), 0.0) if waits else None
