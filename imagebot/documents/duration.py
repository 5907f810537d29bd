"""Spans of time as people write them: `45s`, `5m`, `1h30m`, `3d`, `2w`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import WithJsonSchema

from imagebot.documents.model import reads

_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_DURATION = re.compile("".join(rf"(?:(?P<{name}>[0-9]{{1,6}}){unit})?" for unit, name in _UNITS.items()), re.ASCII)


def parse_duration(text: str) -> timedelta:
    """Read a duration: whole numbers with units from the largest to the smallest. Raises `ValueError`."""
    match = _DURATION.fullmatch(text)
    if match is None or not text:
        raise ValueError(f"{text!r} is no duration: write a number with a unit, as in 45s, 5m, 1h30m, 3d or 2w")
    return timedelta(**{name: int(count) for name, count in match.groupdict(default="0").items()})


def format_duration(duration: timedelta) -> str:
    """The text of a whole number of seconds: `parse_duration` reads it back."""
    rest = int(duration.total_seconds())
    parts = []
    for unit, name in _UNITS.items():
        count, rest = divmod(rest, int(timedelta(**{name: 1}).total_seconds()))
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


_SCHEMA = {"type": "string", "pattern": "^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$"}
Duration = Annotated[timedelta, reads(timedelta, parse_duration), WithJsonSchema(_SCHEMA)]
