"""The clock that ages are counted by. Pure: every rule about a wall clock that jumps is here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

TRUSTED_AFTER = timedelta(days=1)
"""How long a clock must have run on behind an earlier time before that earlier time is taken for the mistake."""


@dataclass(frozen=True, slots=True)
class Clock:
    """The latest time that was ever told, and since when (by the clock of today) it has been later than that clock."""

    latest: datetime
    behind_since: datetime | None = None


def tick(clock: Clock | None, now: datetime) -> Clock:
    """What is known of time once it is said to be `now`; what is first seen then counts from `latest`.

    A clock that was set back would make a digest old at the moment somebody sets it right, so it counts from the time
    before the jump. A clock that was ahead for a moment must not stop all ages for years, so after a day behind it the
    present clock is believed.
    """
    if clock is None or now >= clock.latest:
        return Clock(now)
    if clock.behind_since is None or now < clock.behind_since:
        return Clock(clock.latest, now)
    if now - clock.behind_since >= TRUSTED_AFTER:
        return Clock(now)
    return clock


def told(recorded: datetime, now: datetime) -> datetime:
    """A recorded time as it is told: never in the future, so that no age is negative."""
    return min(recorded, now)
