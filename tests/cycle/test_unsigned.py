from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from imagebot.cycle.unsigned import Missed, NotSigned
from imagebot.trust.state import Invalid, Unsigned, Unverifiable
from tests.support.stage import NOON

NONE = Unsigned("there is not a signature by key release")
PASS = timedelta(minutes=5)


def test_what_nobody_signs_is_asked_for_ever_less_and_once_an_hour() -> None:
    missed, asked = Missed(NONE, NOON, NOON), []
    for number in range(1, 12 * 12):
        now = NOON + number * PASS
        if missed.is_due(now):
            missed = missed.again(NONE, now)
            asked.append(number * 5)
    assert asked[:5] == [5, 10, 20, 40, 80]
    assert {later - sooner for sooner, later in pairwise(asked[5:])} == {60}


def test_another_answer_begins_anew() -> None:
    day = timedelta(days=1)
    old = Missed(NONE, NOON - day, NOON)
    news = old.again(Invalid("it is not by key release"), NOON + day)
    assert not old.is_due(NOON + PASS)
    assert news.is_due(NOON + day + PASS)


def test_a_clock_that_was_set_back_hides_nothing() -> None:
    assert Missed(NONE, NOON - timedelta(days=9), NOON).is_due(NOON - timedelta(days=2))


@pytest.mark.parametrize("state", [NONE, Invalid("why"), Unverifiable("a Notation signature")])
def test_it_is_remembered_as_it_was(state: NotSigned) -> None:
    missed = Missed(state, NOON, NOON + PASS)
    assert Missed.from_json(missed.to_json()) == missed
