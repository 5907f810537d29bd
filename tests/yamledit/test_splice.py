"""Bytes outside the edits survive, whatever they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.yamledit.splice import Edit, splice


@given(st.lists(st.tuples(st.binary(max_size=5), st.binary(min_size=1, max_size=5), st.binary(max_size=5)), max_size=6))
def test_what_stands_between_the_edits_stays(pieces: list[tuple[bytes, bytes, bytes]]) -> None:
    data = b"".join(kept + old for kept, old, _ in pieces)
    starts = [sum(len(kept) + len(old) for kept, old, _ in pieces[:n]) + len(pieces[n][0]) for n in range(len(pieces))]
    edits = [Edit(start, old, new) for start, (_, old, new) in zip(starts, pieces, strict=True)]
    assert splice(data, reversed(edits)) == b"".join(kept + new for kept, _, new in pieces)


def test_overlapping_edits_are_refused() -> None:
    with pytest.raises(ValueError, match="overlap"):
        splice(b"abcd", [Edit(0, b"abc", b"x"), Edit(2, b"cd", b"y")])


def test_two_insertions_at_one_place_have_no_order() -> None:
    with pytest.raises(ValueError, match="replaces nothing"):
        splice(b"abcd", [Edit(2, b"", b"x"), Edit(2, b"", b"y")])


def test_bytes_that_are_not_there_any_more_are_not_replaced() -> None:
    with pytest.raises(ValueError, match="not what was found"):
        splice(b"abcd", [Edit(0, b"xy", b"z")])
