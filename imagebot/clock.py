"""The only reader of the wall clock; everybody else is handed `now`."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, in UTC, to the second: nothing here needs more."""
    return datetime.now(UTC).replace(microsecond=0)
