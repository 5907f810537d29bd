"""What GitHub documents of its limits, over a simulated clock: an hour passes in no time, and nothing is waited for.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api. What counts as creating content is not
said, so every request that changes something does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from imagebot.forge import manners
from imagebot.settings.resolve import Pace

CONTENT_IN_A_MINUTE = 80
CONTENT_IN_AN_HOUR = 500
POINTS_IN_A_MINUTE = 900
REQUESTS_IN_AN_HOUR = 5000
# How long an answer takes: without it, requests that wait for nothing would all come at the same moment.
_ANSWER_S = 0.1


@dataclass
class Clock:
    """Simulated time, in seconds since `start`."""

    start: datetime
    seconds: float = 0.0

    @property
    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.seconds)

    def not_before(self, seconds: float) -> None:
        self.seconds = max(self.seconds, seconds)


class SimulatedPace(manners.WriteLanes):
    """The pace that the bot keeps by default, on a clock that is put forward instead of waited for."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._free_at = 0.0

    @contextmanager
    def write(self, host: str, apart_s: float) -> Iterator[None]:
        del host, apart_s  # one account on all hosts, and `apart_s` is what keeps the test from waiting
        self._clock.not_before(self._free_at)
        try:
            yield
        finally:
            self._free_at = self._clock.seconds + Pace().apart_s


@dataclass
class Window:
    """How much there was in the last `seconds`, the most that there ever was, and the most that there may be."""

    seconds: float
    most: int
    highest: int = 0
    recent: deque[tuple[float, int]] = field(default_factory=deque)
    total: int = 0

    def count(self, now: float, points: int) -> bool:
        """Whether there is room for that; it is counted either way."""
        self.recent.append((now, points))
        self.total += points
        while self.recent[0][0] <= now - self.seconds:
            self.total -= self.recent.popleft()[1]
        self.highest = max(self.highest, self.total)
        return self.total <= self.most


class Account:
    """Whoever owns the token: all requests with it count together. Once over a limit it is banned for good."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.banned = ""
        self.requests = 0
        self.writes = 0
        self.windows = {
            "content in a minute": Window(60, CONTENT_IN_A_MINUTE),
            "content in an hour": Window(3600, CONTENT_IN_AN_HOUR),
            "points in a minute": Window(60, POINTS_IN_A_MINUTE),
            "requests in an hour": Window(3600, REQUESTS_IN_AN_HOUR),
        }

    def count(self, *, writes: bool) -> str:
        """Count one request; why it is refused, if it is."""
        self.requests += 1
        self.writes += writes
        self.clock.seconds += _ANSWER_S
        costs = {
            "content in a minute": int(writes),
            "content in an hour": int(writes),
            "points in a minute": 5 if writes else 1,
            "requests in an hour": 1,
        }
        for name, points in costs.items():
            window = self.windows[name]
            if points and not window.count(self.clock.seconds, points) and not self.banned:
                self.banned = (
                    f"{window.total} {name}, of {window.most} that GitHub allows, at {self.clock.now:%H:%M:%S}"
                )
        return self.banned
