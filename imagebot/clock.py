"""The only reader of the wall clock and of what goes on beside it; everybody else is handed `now`."""

from __future__ import annotations

import time
from datetime import UTC, datetime

_BOOTTIME = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # macOS and the BSDs have none


def now() -> datetime:
    """The present moment, in UTC, to the second: nothing here needs more."""
    return datetime.now(UTC).replace(microsecond=0)


def wall() -> float:
    """Seconds since 1970, as the wall clock has it: people and NTP set it back and forth."""
    return time.time()


def boottime() -> float:
    """Seconds since this machine was started, those in which it slept among them; nobody sets it."""
    return time.clock_gettime(_BOOTTIME)


def awake() -> float:
    """Seconds since this machine was started in which it was awake; nobody sets it."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)
