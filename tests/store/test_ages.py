from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from imagebot.store.ages import TRUSTED_AFTER, Clock, tick, told

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
steps = st.integers(1, 10_000).map(lambda minutes: minutes * MINUTE)
jumps = st.integers(-50_000, 50_000).map(lambda minutes: minutes * MINUTE)


@given(st.lists(steps, max_size=30))
def test_a_clock_that_only_runs_is_believed(waits: list[timedelta]) -> None:
    now, clock = NOON, None
    for wait in waits:
        now += wait
        clock = tick(clock, now)
        assert clock == Clock(now)


@given(st.lists(jumps, min_size=1, max_size=30))
def test_no_age_is_negative(wild: list[timedelta]) -> None:
    clock, recorded = None, []
    for jump in wild:
        now = NOON + jump
        clock = tick(clock, now)
        recorded.append(clock.latest)
        assert all(told(at, now) <= now for at in recorded)


@given(st.lists(st.tuples(st.integers(1, 47).map(lambda half: half * HOUR / 2), st.booleans()), max_size=30))
def test_a_clock_set_back_for_less_than_a_day_makes_nothing_older(turns: list[tuple[timedelta, bool]]) -> None:
    """`True`: the clock is a month behind. What is first seen then is as old as the last right pass, never older."""
    true, clock, last_right, behind_for = NOON, Clock(NOON), NOON, timedelta()
    for wait, behind in turns:
        behind_for = behind_for + wait if behind else timedelta()
        true += wait
        if behind_for >= TRUSTED_AFTER:
            return
        clock = tick(clock, true - timedelta(days=30) if behind else true)
        last_right = last_right if behind else true
        assert clock.latest >= last_right


def test_a_clock_that_is_set_back_again_is_watched_anew() -> None:
    clock = tick(tick(Clock(NOON), NOON - 9 * HOUR), NOON - 20 * HOUR)
    assert clock == Clock(NOON, NOON - 20 * HOUR)
    assert tick(clock, NOON - 20 * HOUR + TRUSTED_AFTER - MINUTE) != clock.latest
    assert tick(Clock(NOON, NOON - 30 * HOUR), NOON - 6 * HOUR) == Clock(NOON - 6 * HOUR)


def test_a_second_behind_is_no_jump_to_speak_of() -> None:
    """Two hosts, or a leap second: nothing waits longer than that second."""
    clock = tick(Clock(NOON), NOON - timedelta(seconds=1))
    assert clock.latest == NOON
    assert tick(clock, NOON) == Clock(NOON)
