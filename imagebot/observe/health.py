"""Whether passes come and go as they should: what `/livez` and `/readyz` say."""

from __future__ import annotations

import threading
from collections.abc import Callable

from imagebot import clock
from imagebot.observe.events import (
    ConfigurationRefused,
    Event,
    PassAbandoned,
    PassFailed,
    PassFinished,
    PassStarted,
    ScheduleChanged,
    StateUnsaved,
)

MISSED = 3
"""Intervals without a pass after which the scheduler is taken to stand still."""
SLACK_S = 60.0
"""Seconds on top: for jitter, and for reading settings and policies before a pass says that it begins."""
LONGEST_PASS_S = 2 * 3600.0
"""Seconds that a pass may take. A first one clones every repository; each party is given up after minutes."""


class PassHealth:
    """Hears events. Time is that in which the machine was awake: after a sleep nothing is late yet."""

    def __init__(self, every_s: float, awake: Callable[[], float] = clock.awake) -> None:
        self._awake = awake
        self._lock = threading.Lock()
        self._every_s = every_s
        self._moved = awake()
        self._running = False
        self._finished = False
        self._refused = self._refused_now = False
        self._unsaved = self._unsaved_now = False

    def tell(self, event: Event) -> None:
        """Heed an event, if it is one of a pass or of the settings."""
        with self._lock:
            match event:
                case ConfigurationRefused():
                    self._refused_now = True
                case PassStarted(part=False):
                    self._moved, self._running = self._awake(), True
                case StateUnsaved():
                    self._unsaved_now = True
                case PassFinished(part=False):
                    self._finished = True
                    self._ends(unsaved=self._unsaved_now)
                case PassFailed():
                    self._ends(unsaved=True)
                case PassAbandoned():
                    self._ends(unsaved=self._unsaved)
                case ScheduleChanged():
                    self._every_s = event.every

    def _ends(self, *, unsaved: bool) -> None:
        self._moved, self._running = self._awake(), False
        self._unsaved, self._unsaved_now = unsaved, False
        self._refused, self._refused_now = self._refused_now, False

    def stands_still(self) -> str:
        """Why the process had better be started anew; empty if it had not."""
        with self._lock:
            seconds = self._awake() - self._moved
            if self._running:
                return f"a pass has taken {seconds:.0f} s" if seconds > LONGEST_PASS_S else ""
            late = seconds > MISSED * self._every_s + SLACK_S
            return f"no pass has begun for {seconds:.0f} s" if late else ""

    def is_not_ready(self) -> list[str]:
        """What does not do what the settings say, in words that hold nothing of anybody's."""
        with self._lock:
            reasons = {
                "no pass has ended yet": not self._finished,
                "imagebot.yaml is wrong, the last good settings hold; the log says why": self._refused,
                "the state cannot be kept; the log says why": self._unsaved,
            }
        return [reason for reason, holds in reasons.items() if holds]
