"""When a host is down: nobody asks it before a short while is over. And what `Retry-After` says."""

from __future__ import annotations

import threading
import time
from datetime import datetime

from imagebot.registry.allowance import NotAsked
from imagebot.registry.limits import PAUSES_KEPT

_DATE = "%a, %d %b %Y %H:%M:%S GMT"
_DATE_CHARACTERS = 29


class Pauses:
    """Those of a registry and of the hosts that it names; shared by all threads, and by all passes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: dict[str, tuple[float, str]] = {}

    def begin(self, host: str, seconds: float, because: str) -> None:
        """Leave `host` alone for so long; a longer pause that runs stays."""
        until = time.monotonic() + seconds
        with self._lock:
            if len(self._until) >= PAUSES_KEPT:
                self._until = {name: kept for name, kept in self._until.items() if kept[0] > time.monotonic()}
            if until > self._until.get(host, (0.0, ""))[0]:
                self._until[host] = until, because

    def check(self, host: str) -> None:
        """Raises `NotAsked` with the seconds that are left while a pause runs."""
        with self._lock:
            until, because = self._until.get(host, (0.0, ""))
        left = until - time.monotonic()
        if left > 0:
            raise NotAsked(f"{host} {because}; not asked again for {left:.0f} s", retry_after=left)


def retry_after(header: str | None, date: str | None) -> float | None:
    """The seconds that `Retry-After` asks for; a moment in time is taken against the answer's own `Date`.

    RFC 9110, sections 10.2.3 and 5.6.7. None if there is nothing to be read, and never negative.
    """
    if not header:
        return None
    if header.isascii() and header.isdecimal():
        return float(header[:9])
    try:
        return max((_moment(header) - _moment(date or "")).total_seconds(), 0.0)
    except ValueError:
        return None


def _moment(text: str) -> datetime:
    """Raises `ValueError`. The two obsolete forms, which no server sends, are none."""
    if len(text) != _DATE_CHARACTERS:
        raise ValueError("it is no date")
    return datetime.strptime(text, _DATE)  # noqa: DTZ007 (two moments of one clock are compared)
