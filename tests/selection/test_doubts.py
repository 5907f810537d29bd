"""What is in doubt decides nothing, and not for longer than a day."""

from __future__ import annotations

import pytest

from imagebot.selection.doubts import Shrunk, halved, unshown
from imagebot.selection.verdict import Held, Hold, NoCandidate, Unknown, Update, UpToDate, Version
from tests.support.judging import DAY, NEW, NOON, Answers, case

TAGS = ["1.4.0", "1.4.2", "1.5.0"]
SHORT = halved("", Shrunk(6, 3, NOON))


def test_a_list_in_doubt_makes_nothing_the_newest_until_it_is_believed() -> None:
    world = Answers()
    assert world.verdict(case("1.4.0", tags=TAGS, doubt=SHORT)) == Held(
        Version("1.5.0", NEW),
        Hold.DOUBT,
        NOON + DAY,
        "the list of tags shrank from 6 to 3, since 2026-01-01 12:00 UTC: registries leave things out at times, so it"
        " is believed from 2026-01-02 12:00 UTC on, if it stays so",
    )
    assert isinstance(world.verdict(case("1.4.0", tags=TAGS, doubt=SHORT), NOON + DAY), Update)
    assert isinstance(world.verdict(case("1.5.0", tags=TAGS, doubt=SHORT)), UpToDate)


def test_nothing_fits_is_no_answer_while_the_list_is_in_doubt() -> None:
    none = case("1.4.0", tags=["2.0.0"], doubt=SHORT)
    assert Answers().verdict(none) == Unknown(str(SHORT))
    assert isinstance(Answers().verdict(none, NOON + DAY), NoCandidate)


def test_a_tag_that_shows_nothing_is_passed_by_only_once_that_is_believed() -> None:
    doubt = unshown("1.5.0", ["1.4.0"], NOON - DAY / 2)
    world = Answers(gone=frozenset({"1.5.0"}), absence=doubt)
    assert world.verdict(case("1.4.0", tags=TAGS)) == Unknown(
        "the registry shows nothing for 1.5.0, nor for 1.4.0, since 2026-01-01 00:00 UTC: registries leave things out"
        " at times, so it is believed from 2026-01-02 00:00 UTC on, if it stays so"
    )
    later = world.verdict(case("1.4.0", tags=TAGS), NOON + DAY)
    assert isinstance(later, Update)
    assert "1.5.0 is listed, and the registry has nothing behind it, since 2026-01-01 00:00 UTC" in later.because


@pytest.mark.parametrize(
    ("before", "now", "halved"), [(7, 3, True), (6, 3, True), (5, 3, False), (1, 0, True), (2, 1, True)]
)
def test_half_of_a_list_is_too_much_to_lose(before: int, now: int, halved: bool) -> None:
    assert Shrunk(before, now, NOON).by_half == halved
