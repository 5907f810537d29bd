"""When a policy may act: hours of the week, or the minutes that a cron expression matches, in a time zone.

Both are read on the wall clock of their zone (IANA names). An hour that a change to summer time skips does not come
that day; one that a change to winter time repeats comes twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from imagebot.policy.cron import Cron

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = re.compile(r"([A-Za-z]{3})(?:-([A-Za-z]{3}))?", re.ASCII)
_HOURS = re.compile(r"([0-9]{1,2}):([0-9]{2})-([0-9]{1,2}):([0-9]{2})", re.ASCII)
_CRON_WORDS = 5
_MINUTE = timedelta(minutes=1)
_DAY_MINUTES = 24 * 60
_FARTHEST = timedelta(days=8 * 366)  # 29 February comes again after eight years at the latest
_HINT = "write it as in 'Mon-Fri 09:00-17:00 Europe/Berlin', or as cron with a zone: '* 9-16 * * 1-5 Europe/Berlin'"


class _Hours(Protocol):
    """Which minutes of which days, on the wall clock."""

    def on(self, day: date) -> bool:
        """Whether any minute of this day is meant."""

    def at(self, moment: datetime) -> bool:
        """Whether this minute is."""


@dataclass(frozen=True, slots=True)
class _Weekly:
    """Hours that begin on some days of the week, in minutes of the day; those that end before they begin go on into the
    next day.
    """

    days: frozenset[int]
    start: int
    end: int

    def on(self, day: date) -> bool:
        return day.weekday() in self.days or (self.end <= self.start and _before(day) in self.days)

    def at(self, moment: datetime) -> bool:
        minute = moment.hour * 60 + moment.minute
        if self.start < self.end:
            return moment.weekday() in self.days and self.start <= minute < self.end
        begun = moment.weekday() in self.days and minute >= self.start
        return begun or (_before(moment) in self.days and minute < self.end)


@dataclass(frozen=True, slots=True)
class Window:
    """Hours that come again. `text` is what a person wrote."""

    text: str
    zone: ZoneInfo
    hours: _Hours

    @classmethod
    def parse(cls, text: str) -> Window:
        """Read a window; without a zone it is in UTC. Raises `ValueError`."""
        words, zone = _apart(text)
        hours = Cron.parse(words) if len(words) >= _CRON_WORDS else _weekly(words)
        window = cls(text, zone, hours)
        if window.opens(datetime(2000, 1, 1, tzinfo=UTC)) is None:
            raise ValueError(f"{text!r} never comes")
        return window

    def __str__(self) -> str:
        return self.text

    def holds(self, moment: datetime) -> bool:
        """Whether it is open at `moment`."""
        return self.hours.at(moment.astimezone(self.zone))

    def opens(self, after: datetime) -> datetime | None:
        """The first moment from `after` on at which it is open, in whole minutes but for `after` itself."""
        return after if self.holds(after) else self._first(after, wanted=True)

    def closes(self, after: datetime) -> datetime | None:
        """The first moment from `after` on at which it is not open; None if it never closes within eight years."""
        return self._first(after, wanted=False) if self.holds(after) else after

    def _first(self, after: datetime, *, wanted: bool) -> datetime | None:
        for moment in self._minutes(after, skip=wanted):
            if self.holds(moment) is wanted:
                return moment
            if moment - after > (_FARTHEST if wanted else timedelta(days=8)):
                return None
        return None

    def _minutes(self, after: datetime, *, skip: bool) -> Iterator[datetime]:
        """The minutes after `after`; with `skip` only the first of each day on which none is meant."""
        moment = after.astimezone(UTC).replace(second=0, microsecond=0)
        while True:
            moment += _MINUTE
            local = moment.astimezone(self.zone)
            while skip and not self.hours.on(local.date()):
                moment = datetime.combine(local.date() + timedelta(days=1), time(), self.zone).astimezone(UTC)
                local = moment.astimezone(self.zone)
                if moment - after > _FARTHEST:
                    break
            yield moment


def zone_of(name: str) -> ZoneInfo:
    """The zone of an IANA name. Raises `ValueError`."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{name!r} is no time zone; write a name such as Europe/Berlin or UTC") from None


def _apart(text: str) -> tuple[list[str], ZoneInfo]:
    words = text.split()
    if not words:
        raise ValueError(f"a window is not empty: {_HINT}")
    last = words[-1]
    named = len(last) > len("Mon") and last[0].isalpha() and not _DAY.fullmatch(last) and "," not in last
    if named or last == "UTC" or len(words) > _CRON_WORDS:
        return words[:-1], zone_of(last)
    return words, zone_of("UTC")


def _weekly(words: list[str]) -> _Weekly:
    days = frozenset(range(len(_DAYS)))
    if words and not _HOURS.fullmatch(words[0]):
        days = _days(words.pop(0))
    start, end = _minutes_of(words.pop(0)) if words else (0, _DAY_MINUTES)
    if words:
        raise ValueError(f"{' '.join(words)!r} is too much for a window: {_HINT}")
    return _Weekly(days, start, end)


def _days(text: str) -> frozenset[int]:
    days: set[int] = set()
    for part in text.split(","):
        found = _DAY.fullmatch(part)
        names = [name.lower() for name in found.groups(default="")] if found else []
        if not names or any(name not in (*_DAYS, "") for name in names):
            raise ValueError(f"{part!r} names no days: {_HINT}")
        first = _DAYS.index(names[0])
        last = _DAYS.index(names[1] or names[0])
        days.update((first + step) % 7 for step in range((last - first) % 7 + 1))
    return frozenset(days)


def _minutes_of(text: str) -> tuple[int, int]:
    found = _HOURS.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} names no hours: {_HINT}")
    hour, minute, end_hour, end_minute = map(int, found.groups())
    start, end = hour * 60 + minute, end_hour * 60 + end_minute
    if start >= _DAY_MINUTES or end > _DAY_MINUTES or max(minute, end_minute) > 59 or start == end:
        raise ValueError(f"{text!r} are no hours of a day: from 00:00 to 24:00, and not the same twice")
    return start, end


def _before(day: date) -> int:
    return (day.weekday() - 1) % 7
