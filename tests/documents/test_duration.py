"""Durations are read strictly, and written as they are read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.documents.duration import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("45s", timedelta(seconds=45)),
        ("5m", timedelta(minutes=5)),
        ("1h30m", timedelta(minutes=90)),
        ("3d", timedelta(days=3)),
        ("2w1d", timedelta(days=15)),
        ("90m", timedelta(minutes=90)),
        ("0s", timedelta()),
    ],
)
def test_reads(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize("text", ["", "5", "m", "5 m", "5min", "1m1h", "-5m", "1.5h", "5M", "٣m", "5m\n", "1234567s"])
def test_refuses(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration: write a number with a unit"):
        parse_duration(text)


@given(st.integers(0, 10**9))
def test_reads_back_what_it_writes(seconds: int) -> None:
    duration = timedelta(seconds=seconds)
    assert parse_duration(format_duration(duration)) == duration
