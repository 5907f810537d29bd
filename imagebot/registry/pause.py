"""When a registry asked to be left alone, or is down: nobody asks it before that is over."""

from __future__ import annotations

import threading
import time
from email.utils import parsedate_to_datetime

from imagebot.errors import Unavailable
from imagebot.registry.limits import PAUSE_AT_MOST


class Pause:
    """One registry's; shared by the threads of a pass."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._lock = threading.Lock()
        self._until = 0.0
        self._because = ""

    def begin(self, seconds: float, because: str) -> None:
        """Leave the registry alone for so long, `PAUSE_AT_MOST` at most; a longer pause that runs stays."""
        until = time.monotonic() + min(seconds, PAUSE_AT_MOST)
        with self._lock:
            if until > self._until:
                self._until = until
                self._because = because

    def check(self) -> None:
        """Raises `Unavailable` with the seconds that are left while a pause runs."""
        with self._lock:
            left = self._until - time.monotonic()
            because = self._because
        if left > 0:
            raise Unavailable(f"{self._host} {because}; not asked again for {left:.0f} s", retry_after=left)


def retry_after(header: str | None, date: str | None) -> float | None:
    """The seconds that `Retry-After` asks for; a moment in time is taken against the answer's own `Date`.

    RFC 9110, section 10.2.3. None if there is nothing to be read, and never negative.
    """
    if not header:
        return None
    if header.isascii() and header.isdecimal():
        return float(header[:9])
    if not date:
        return None
    try:
        return max((parsedate_to_datetime(header) - parsedate_to_datetime(date)).total_seconds(), 0.0)
    except (ValueError, TypeError, OverflowError):
        return None
