"""Numbers, exactly."""

from __future__ import annotations

from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.versions.numeric import Numeric
from imagebot.versions.order import BadRule, Out
from tests.support.orders import placed

UP, DOWN = Numeric("asc"), Numeric("desc")
IN_ORDER = [
    "-1",
    "0",
    "0.000000000000000000000000000001",
    "1",
    "1.05",
    "1.5",
    "1.50000000000000000000000000000000001",
    "9",
    "10",
    "0099",
    "20260101",
    "20260101000000001",
    "20260101000000002",
    "9" * 60,
    "1" + "0" * 60,
    "1" + "0" * 59 + "1",
]


@pytest.mark.parametrize(("lower", "higher"), list(combinations(IN_ORDER, 2)))
def test_order(lower: str, higher: str) -> None:
    assert placed(UP, lower) < placed(UP, higher)
    assert placed(DOWN, lower) > placed(DOWN, higher)


@pytest.mark.parametrize(("one", "other"), [("005", "5"), ("1.50", "1.5"), ("0", "-0"), ("1.0", "1")])
def test_equal_numbers(one: str, other: str) -> None:
    assert placed(UP, one) == placed(UP, other)
    assert placed(DOWN, one) == placed(DOWN, other)
    assert UP.step(placed(UP, one), placed(UP, other)) == "other"


@pytest.mark.parametrize(
    "text",
    [
        *("", "1e3", "inf", "Infinity", "NaN", "nan", "0x1f", "1_000", "1.", ".5", "1.2.3", "1,5", " 1", "1\n", "v1"),
        *("+1", "\N{ARABIC-INDIC DIGIT ONE}", "\N{FULLWIDTH DIGIT ONE}", "9" * 300),
    ],
)
def test_no_numbers(text: str) -> None:
    assert UP.place(text) is Out.UNREAD
    assert UP.loosely(text) is None
    assert UP.why_not(text, Out.UNREAD) == "is no number in plain digits"


@pytest.mark.parametrize("order", [UP, DOWN])
def test_ranges_mean_the_same_in_both_directions(order: Numeric) -> None:
    wanted = order.region(">=100 <200.5, !=150 || 7")
    let_in = [text for text in ("7", "99", "100", "150", "200", "200.5", "7.5") if wanted.holds(placed(order, text))]
    assert let_in == ["7", "100", "200"]
    assert str(wanted) == ">=100 <200.5, !=150 || 7"


@pytest.mark.parametrize("text", ["", "^1", ">=1e3", "1..2", ">=", "1 |2"])
def test_ranges_that_cannot_be_read(text: str) -> None:
    with pytest.raises(BadRule):
        UP.region(text)


def test_words() -> None:
    assert (str(UP), str(DOWN)) == ("asc", "desc")
    assert UP.praise(2, placed(UP, "1")) == "the highest of 2 numbers"
    assert DOWN.praise(2, placed(DOWN, "1")) == "the lowest of 2 numbers"
    assert UP.praise(1, placed(UP, "1")) == "the only number"
    assert UP.step(None, placed(UP, "1")) == "other"
    assert UP.step(placed(UP, "1"), placed(UP, "2")) == "number"


@pytest.mark.parametrize(
    ("tag", "around"), [("12-alpine", ("", "-alpine")), ("1.5", ("", "")), ("1.2.3", None), ("b12", None)]
)
def test_what_stands_around_a_number(tag: str, around: tuple[str, str] | None) -> None:
    assert UP.around(tag) == around


@given(st.decimals(allow_nan=False, allow_infinity=False), st.decimals(allow_nan=False, allow_infinity=False))
def test_the_order_is_that_of_numbers(one: Decimal, other: Decimal) -> None:
    texts = f"{one:f}", f"{other:f}"
    if all(len(text) < 200 for text in texts):
        assert (placed(UP, texts[0]) < placed(UP, texts[1])) == (one < other)
        assert (placed(DOWN, texts[0]) < placed(DOWN, texts[1])) == (one > other)
