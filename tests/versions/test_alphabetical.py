"""Texts by their characters."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.versions.alphabetical import Alphabetical
from tests.support.orders import placed

UP, DOWN = Alphabetical("asc"), Alphabetical("desc")
IN_ORDER = [
    "",
    "0",
    "10",
    "2",
    "2026-01-30T12.00.00Z",
    "2026-09-01T00.00.00Z",
    "Bionic",
    "_",
    "bionic",
    "bionic-2",
    "focal",
    "v2026-09-01",
    "v2026-1-30",
]


@pytest.mark.parametrize(("first", "last"), list(combinations(IN_ORDER, 2)))
def test_order(first: str, last: str) -> None:
    assert placed(UP, first) < placed(UP, last)
    assert placed(DOWN, first) > placed(DOWN, last)


def test_words() -> None:
    assert UP.praise(2, ("b",)) == "the last of 2 tags in alphabetical order"
    assert DOWN.praise(2, ("b",)) == "the first of 2 tags in alphabetical order"
    assert UP.why(("b",)) == "has a place in the alphabet"
    assert (UP.step(None, ("b",)), UP.step(("a",), ("b",))) == ("other", "name")
    assert UP.around("b-alpine") is None


tags = st.text(alphabet=st.characters(max_codepoint=127), max_size=8)


@given(tags, tags)
def test_one_direction_is_the_other_upside_down(one: str, other: str) -> None:
    assert (placed(UP, one) < placed(UP, other)) == (one < other)
    assert (placed(DOWN, one) < placed(DOWN, other)) == (one > other)
