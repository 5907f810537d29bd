"""Credentials that end: each is renewed before it does, by one thread at a time, while others wait or use the old one.

A program or a cloud's library may take its time, and no deadline of ours ends it: a renewal has a thread of its own, a
daemon that nobody joins, and whoever waits for it gives up when his own time is over.
"""

from __future__ import annotations

import copy
import math
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from imagebot.errors import ImagebotError, Unavailable
from imagebot.registry.limits import LIVES, REFUSED_AFTER, RENEWAL_PAUSE, TOKEN_USE, Deadline
from imagebot.registry.logins import Credential

Clock = Callable[[], float]
"""Seconds that only grow, those that the machine slept among them."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A credential, or the word that there is none, and for how many seconds from when it was asked for that holds."""

    credential: Credential | None
    seconds: float


@dataclass(frozen=True, slots=True)
class _Held:
    """What was issued, when, and how long it lives."""

    credential: Credential | None
    since: float
    life: float

    def is_past(self, part: float, now: float) -> bool:
        """Whether so much of its life is over."""
        return now >= self.since + part * self.life


@dataclass(frozen=True, slots=True)
class _Failed:
    """Why there is no new one, which is not tried again before `until`."""

    error: Exception
    until: float


class Renewal:
    """One credential over time; shared by all threads. `what` names it for people."""

    def __init__(self, what: str, issue: Callable[[], Issued], clock: Clock) -> None:
        self._what = what
        self._issue = issue
        self._clock = clock
        self._changed = threading.Condition()
        self._held: _Held | None = None
        self._failed: _Failed | None = None
        self._runs = False

    def get(self, deadline: Deadline, refused: Credential | None = None) -> Credential | None:
        """The credential as it is now; another than `refused`, which somebody did not take, if there is another.

        One that lives is returned while it is renewed. Raises what its source raised, `Unavailable` where that says
        nothing in time.
        """
        with self._changed:
            if self._is_due(refused):
                self._start()
            self._changed.wait_for(lambda: not self._runs or self._serves(refused), deadline.remaining)
            if (held := self._living()) is not None:
                return held.credential
            if self._failed is not None and not self._runs:
                raise _light(self._failed.error)
            raise Unavailable(f"{self._what} did not come in time")

    def _living(self) -> _Held | None:
        return None if self._held is None or self._held.is_past(1.0, self._clock()) else self._held

    def _serves(self, refused: Credential | None) -> bool:
        held = self._living()
        return held is not None and (refused is None or held.credential != refused)

    def _is_due(self, refused: Credential | None) -> bool:
        now, held = self._clock(), self._held
        if self._failed is not None and now < self._failed.until and not self._runs:
            return False
        if held is None or held.is_past(TOKEN_USE, now):
            return True
        return refused is not None and held.credential == refused and held.is_past(REFUSED_AFTER, now)

    def _start(self) -> None:
        if not self._runs:
            self._runs = True
            threading.Thread(target=self._renew, name=f"renew {self._what}", daemon=True).start()

    def _renew(self) -> None:
        asked = self._clock()
        held, failed = self._held, None
        try:
            issued = self._issue()
            held = _Held(issued.credential, asked, _believed(issued.seconds))
        except Exception as error:  # noqa: BLE001 raised again in the thread of whoever asked
            failed = _Failed(_light(error), self._clock() + RENEWAL_PAUSE)
        with self._changed:
            self._held, self._failed, self._runs = held, failed, False
            self._changed.notify_all()


def _light(error: Exception) -> Exception:
    """Without the frames that it passed, if it is one of ours; of a bug they are what tells most."""
    return copy.copy(error) if isinstance(error, ImagebotError) else error


def _believed(seconds: float) -> float:
    """A life that our clock, or theirs, may have got wrong."""
    shortest, longest = LIVES
    return min(max(seconds, shortest), longest) if math.isfinite(seconds) else shortest


class Renewals:
    """Those of a process, by what they are for."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[Hashable, Renewal] = {}

    def of(self, key: Hashable, what: str, issue: Callable[[], Issued]) -> Renewal:
        """The one that is known by this key, else a new one that asks `issue`."""
        with self._lock:
            if key not in self._known:
                self._known[key] = Renewal(what, issue, self._clock)
            return self._known[key]
