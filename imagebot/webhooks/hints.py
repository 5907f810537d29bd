"""What is to be looked at soon, until somebody looks. A thread adds, another takes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

from imagebot.webhooks.subject import Subject

MOST_PENDING = 10_000
"""Subjects that wait: more than anybody pushes in a minute; what is more waits for the next whole pass."""
APART_S = 15.0
"""Seconds between two looks at one subject: a call that comes while one looks may be about what came after that."""


class Hints:
    """`monotonic` is in seconds."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._pending: dict[Subject, None] = {}
        self._looked: dict[Subject, float] = {}

    def add(self, subjects: Iterable[Subject]) -> bool:
        """Remember them; False where there were too many to remember one."""
        with self._lock:
            for subject in subjects:
                if len(self._pending) >= MOST_PENDING and subject not in self._pending:
                    return False
                self._pending[subject] = None
        return True

    def take(self) -> list[Subject]:
        """Those that may be looked at now, in the order in which they came."""
        now = self._monotonic()
        with self._lock:
            self._looked = {subject: at for subject, at in self._looked.items() if now - at < APART_S}
            taken = [subject for subject in self._pending if subject not in self._looked]
            for subject in taken:
                del self._pending[subject]
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
            waits = [self._looked.get(subject, now - APART_S) + APART_S - now for subject in self._pending]
        return max(min(waits), 0.0) if waits else None
