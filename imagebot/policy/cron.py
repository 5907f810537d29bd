"""The five fields of cron: minute, hour, day of the month, month, day of the week, as in crontab(5).

A day is meant if it fits both day fields, or either one where both are restricted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

_PART = re.compile(r"(?:(\*)|([0-9A-Za-z]{1,3})(?:-([0-9A-Za-z]{1,3}))?)(?:/([0-9]{1,2}))?", re.ASCII)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


@dataclass(frozen=True, slots=True)
class _Field:
    """One of the five: its name, what it may hold, and words for numbers from `low` on."""

    name: str
    low: int
    high: int
    words: tuple[str, ...] = ()


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of the week", 0, 7, _WEEKDAYS),
)


@dataclass(frozen=True, slots=True)
class Cron:
    """The minutes that an expression matches, on the wall clock; `weekdays` count from Sunday, which is 0."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool

    @classmethod
    def parse(cls, words: Sequence[str]) -> Cron:
        """Read five words. Raises `ValueError`."""
        if len(words) != len(_FIELDS):
            raise ValueError(f"cron has five fields, minute hour day month weekday; these are {len(words)}")
        values = [_values(text, field) for text, field in zip(words, _FIELDS, strict=True)]
        minutes, hours, days, months, weekdays = values
        either = not words[2].startswith("*") and not words[4].startswith("*")
        return cls(minutes, hours, days, months, frozenset(day % 7 for day in weekdays), either)

    def on(self, day: date) -> bool:
        """Whether any minute of this day is meant."""
        if day.month not in self.months:
            return False
        by_month, by_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return by_month or by_week if self.either_day else by_month and by_week

    def at(self, moment: datetime) -> bool:
        """Whether this minute is meant."""
        return moment.minute in self.minutes and moment.hour in self.hours and self.on(moment.date())


def _values(text: str, field: _Field) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise ValueError(f"{part!r} is no {field.name} of cron")
        star, first, last, step = match.groups()
        low = field.low if star else _number(first, field)
        high = field.high if star or (step and not last) else _number(last or first, field)
        if low > high or step == "0":
            raise ValueError(f"{part!r} is no {field.name} of cron: it goes backwards or stands still")
        found.update(range(low, high + 1, int(step or 1)))
    return frozenset(found)


def _number(text: str, field: _Field) -> int:
    if text.lower() in field.words:
        return field.low + field.words.index(text.lower())
    if text.isdecimal() and field.low <= int(text) <= field.high:
        return int(text)
    raise ValueError(f"{text!r} is no {field.name} of cron: it goes from {field.low} to {field.high}")
