"""A body fits, and loses what matters least."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from imagebot.review.truncate import BodyPart, Worth, fit

PARTS = st.lists(st.builds(BodyPart, st.text("abc", min_size=1, max_size=400), st.sampled_from(Worth)), max_size=30)
NEEDED = BodyPart("needed\n")


def test_what_fits_is_all_there() -> None:
    assert fit([NEEDED, BodyPart("details\n", Worth.DETAILS)], 15) == "needed\ndetails\n"


def test_the_last_of_the_least_worth_goes_first_and_is_told() -> None:
    parts = [
        BodyPart("a" * 400, Worth.DETAILS),
        NEEDED,
        BodyPart("b" * 400, Worth.FIELDS),
        BodyPart("c" * 400, Worth.DETAILS),
        BodyPart("d" * 400, Worth.DETAILS),
    ]

    assert fit(parts, 1200) == (
        "a" * 400
        + "needed\n"
        + "b" * 400
        + "\n_Left out, as a pull request has only so much room: 2 sections of details._\n"
    )


def test_something_shorter_may_take_a_place() -> None:
    least = BodyPart("least\n", Worth.REASONS)
    section = BodyPart("x" * 1000, Worth.DETAILS, BodyPart("y" * 500, Worth.FIELDS, least))

    assert fit([section], 900).startswith("y" * 500)
    assert fit([section], 400).startswith("least\n")
    assert fit([section], 300).startswith("\n_Left out")


@given(PARTS, st.integers(0, 5000))
def test_it_never_has_more_than_there_is_room_for_or_less_than_is_needed(parts: list[BodyPart], room: int) -> None:
    needed = sum(len(part.text) for part in parts if part.worth is Worth.NEEDED)

    said = fit(parts, room)

    assert len(said) <= max(room, needed + 300)
    assert len(said) >= needed
