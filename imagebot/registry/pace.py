"""No more than so many requests a minute to one registry, evenly apart, where the settings want it."""

from __future__ import annotations

import threading
import time

from imagebot.registry.allowance import NotAsked
from imagebot.registry.limits import Deadline


class RequestPace:
    """One registry's; shared by all threads. None: as fast as it answers."""

    def __init__(self, per_minute: int | None) -> None:
        self._per_minute = per_minute
        self._lock = threading.Lock()
        self._next = 0.0

    def wait(self, host: str, deadline: Deadline) -> None:
        """Until it is this request's turn. Raises `NotAsked` at once where that is not before `deadline`."""
        if self._per_minute is None:
            return
        with self._lock:
            now = time.monotonic()
            turn = max(self._next, now)
            if turn - now > deadline.remaining:
                raise NotAsked(f"{host} is asked {self._per_minute} times a minute at most, and others came first")
            self._next = turn + 60.0 / self._per_minute
        time.sleep(turn - now)


UNPACED = RequestPace(None)
