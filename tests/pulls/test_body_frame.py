"""The bot's part of a body, and what people wrote around it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.pulls import block
from imagebot.pulls.body_frame import BEGIN, around, settled, updating, words
from imagebot.pulls.commands import asked
from imagebot.review.body import describe
from imagebot.review.image_facts import ImageFacts
from tests.support.changes import change

NOTICE = "**Being updated**"


def bots(note: str) -> str:
    """A body as the bot writes it."""
    return describe(change(note=note), [ImageFacts()]).body


OLD, NEW = bots("yesterday"), bots("today")
UNMARKED = OLD.replace(f"{BEGIN}\n", "")
WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="<#"), max_size=40).map(str.strip)


@given(WORDS, WORDS)
def test_words_of_people_stay_above_and_below_however_often_it_is_written(above: str, below: str) -> None:
    there = f"{above}\n\n{OLD}\n{below}\n"

    once = around(there, NEW)

    assert words(once) == (above, below)
    assert "yesterday" not in once
    assert around(once, NEW) == once
    assert block.read(once) == block.read(NEW)


@pytest.mark.parametrize(
    ("there", "kept"),
    [
        pytest.param(OLD, ("", ""), id="none"),
        pytest.param(f"Wait.\r\n\r\n{OLD}Then\r\ngo.\r\n", ("Wait.", "Then\ngo."), id="lines end otherwise"),
        pytest.param(f"Wait.\n\n{UNMARKED}", ("Wait.", ""), id="the mark is gone, or never was"),
        pytest.param(f"Wait.\n\n{OLD.partition('<!-- imagebot:v1')[0]}", ("Wait.", ""), id="the block is gone"),
        pytest.param("All my own.", ("All my own.", ""), id="both are gone, and the description"),
        pytest.param("", ("", ""), id="emptied"),
        pytest.param(
            f"{OLD}- [x] <!-- imagebot:rebuild --> mine", ("", "- [x]  mine"), id="a box of ours in their words"
        ),
        pytest.param(f"As {BEGIN}\n\n{OLD}", ("As", ""), id="a mark of ours in their words"),
        pytest.param(f"As {OLD}\n\n{OLD}", words(f"As {OLD}\n\n{OLD}"), id="all of another quoted above"),
    ],
)
def test_what_is_whose(there: str, kept: tuple[str, str]) -> None:
    made = around(there, NEW)

    assert words(there) == words(made) == kept
    assert block.read(made) == block.read(NEW)
    assert not asked(made, ())


def test_what_is_written_into_the_description_goes() -> None:
    made = around(OLD.replace("yesterday", "yesterday, but wait"), NEW)

    assert made == NEW


@pytest.mark.parametrize("there", [OLD, f"Wait.\n\n{OLD}\nBelow.\n", f"Wait.\n\n{UNMARKED}"])
def test_a_body_says_that_it_is_being_updated_and_whose_words_are_whose(there: str) -> None:
    during = updating(there)

    assert during.count(NOTICE) == 1
    assert words(during) == words(there)
    assert updating(during) == during
    assert settled(during).replace(f"{BEGIN}\n", "").split() == there.replace(f"{BEGIN}\n", "").split()
    assert around(during, NEW) == around(there, NEW)


def test_what_is_being_updated_makes_neither_proposal() -> None:
    before, during = block.read(OLD), block.read(updating(OLD))

    assert before is not None
    assert during is not None
    assert during.proposed == before.proposed
    assert during.fingerprint not in (before.fingerprint, block.read(NEW).fingerprint)  # type: ignore[union-attr]


def test_what_is_not_ours_is_neither_framed_nor_updated() -> None:
    assert updating("a person's") == settled("a person's") == "a person's"
    assert around("a person's", "no mark") == "no mark"
