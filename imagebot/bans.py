"""Told to wait, we wait: until then nothing is sent to that server in the name of the account that it told.

By the monotonic clock within a process, so that a step of the wall clock neither lifts a ban nor draws it out; by the
wall clock in what is remembered for the next process. Whoever goes on asking while he is limited lengthens the limit,
and may be shut out (docs.github.com, `Rate limits for the REST API`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from imagebot import clock
from imagebot.errors import Unavailable

LONGEST_S = 2 * 3600.0
"""However long a server says. GitHub counts by the hour, and Docker Hub by six; a proxy that says a year would silence
the bot for ever. After it one request is sent, and answered with another ban if it must be.
"""
UNTOLD_S = 60.0
"""Where none is named, as GitHub asks; twice as long each time that it comes again within an hour."""
_FORGOTTEN_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Ban:
    """An account was told to wait `seconds` from `at` on; `because` says by whom and with which words.

    `nth` counts those in a row.
    """

    account: str
    at: datetime
    seconds: float
    because: str
    nth: int = 1

    @property
    def until(self) -> datetime:
        return self.at + timedelta(seconds=self.seconds)

    def __str__(self) -> str:
        return f"{self.because}; nothing is asked of it before {self.until:%Y-%m-%d %H:%M:%S} UTC"


class ToldToWait(Unavailable):
    """A server said "later", or did so before and nothing was sent. What has to wait for `ban.until` did not fail."""

    def __init__(self, ban: Ban, left: float) -> None:
        super().__init__(str(ban), retry_after=left)
        self.ban = ban
        self.left = left

    def __copy__(self) -> ToldToWait:
        return ToldToWait(self.ban, self.left)


class Remembers(Protocol):
    """Where bans outlive the process. Both raise what a store raises."""

    def ban(self, account: str) -> Ban | None:
        """The last one of this account, if there is one; it may be over."""

    def is_banned(self, ban: Ban) -> None:
        """Remember this one in place of the last."""


@dataclass(frozen=True, slots=True)
class _Running:
    ban: Ban
    over_at: float


class Bans:
    """Those of one process, by account; threads share them."""

    def __init__(
        self, now: Callable[[], datetime] = clock.now, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._now = now
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._running: dict[str, _Running] = {}

    def begin(self, account: str, because: str, told_s: float | None) -> Ban:
        """The account was told to wait so many seconds, or for no certain time. A ban that lasts longer stays."""
        with self._lock:
            now, last = self._now(), self._running.get(account)
            again = last is not None and timedelta() <= now - last.ban.until < _FORGOTTEN_AFTER
            nth = last.ban.nth + 1 if last is not None and again else 1
            seconds = min(told_s or UNTOLD_S * 2 ** min(nth - 1, 10), LONGEST_S)
            over_at = self._monotonic() + seconds
            if last is None or over_at > last.over_at:
                self._running[account] = _Running(Ban(account, now, seconds, because, nth), over_at)
            return self._running[account].ban

    def recall_from(self, remembers: Remembers, account: str) -> None:
        """What is remembered of an account. Raises what a store raises.

        One that a clock wrote which was ahead counts from now on, and is remembered so: else each process that begins
        would wait for all of it anew, until that day comes.
        """
        ban = remembers.ban(account)
        if ban is None:
            return
        if ban.at > self._now():
            ban = replace(ban, at=self._now())
            remembers.is_banned(ban)
        self.recall(ban)

    def recall(self, ban: Ban) -> None:
        """One that another process was told, or this one before it began anew.

        A wall clock that was set back since makes it no longer than it was.
        """
        with self._lock:
            known = self._running.get(ban.account)
            if known is not None and known.ban == ban:
                return
            # The wall clock is read to the second: one that has not passed is not counted.
            passed = max((self._now() - ban.at).total_seconds() - 1.0, 0.0)
            over_at = self._monotonic() + min(max(ban.seconds, 0.0), LONGEST_S) - passed
            if known is None or over_at > known.over_at:
                self._running[ban.account] = _Running(ban, over_at)

    def current(self, account: str) -> Ban | None:
        """The one that is in force."""
        return None if self.left(account) <= 0 else self._running[account].ban

    def left(self, account: str) -> float:
        """Seconds until something may be sent again; 0 or less is now."""
        with self._lock:
            running = self._running.get(account)
        return 0.0 if running is None else running.over_at - self._monotonic()

    def check(self, account: str) -> None:
        """Raises `ToldToWait` while a ban is in force."""
        left = self.left(account)
        if left > 0:
            raise ToldToWait(self._running[account].ban, left)
