"""What we write as each forge's Markdown takes it: our marks unseen and found again, no line an order."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.forge import markdown
from imagebot.knownforges import FACTS, ForgeFacts
from imagebot.pulls import block
from imagebot.pulls.body_frame import BEGIN, around, words
from tests.support.proposals import body

SHOWS_COMMENTS = replace(FACTS["github"], hides_html_comments=False)
LINES = st.lists(st.sampled_from(["words", "", "/merge", f"  {BEGIN}", BEGIN, "<!-- a person's -->", body("f1")]))


def test_where_comments_are_shown_our_marks_are_link_definitions() -> None:
    kept = markdown.written(f"{BEGIN}\n{body('f1')}", SHOWS_COMMENTS)

    assert "<!--" not in kept
    assert kept.startswith("[//]: # (imagebot:begin)\n")
    assert "\n\n[//]: # (imagebot:v1 " in kept
    assert block.read(kept) is None
    assert block.read(markdown.read(kept, SHOWS_COMMENTS)) == block.read(body("f1"))


def test_what_people_write_around_it_stays_theirs() -> None:
    kept = markdown.written(f"{BEGIN}\n{body('f1')}", SHOWS_COMMENTS)
    there = markdown.read(f"Wait for OPS-12.\r\n\r\n{kept}\r\nThanks.", SHOWS_COMMENTS)

    assert words(there) == ("Wait for OPS-12.", "Thanks.")
    assert around(there, f"{BEGIN}\n{body('f2')}").startswith(f"Wait for OPS-12.\n\n{BEGIN}")


@pytest.mark.parametrize(
    "quoted", ["> [//]: # (imagebot:begin)", "`[//]: # (imagebot:begin)`", "[//]: # (other:begin)"]
)
def test_a_mark_counts_only_as_a_line_of_its_own(quoted: str) -> None:
    assert markdown.read(quoted, SHOWS_COMMENTS) == quoted


@given(LINES)
@pytest.mark.parametrize("facts", [*FACTS.values(), SHOWS_COMMENTS], ids=lambda facts: facts.name)
def test_what_was_written_is_not_written_again(facts: ForgeFacts, lines: list[str]) -> None:
    """What is read and kept as it is has the very bytes that the forge has."""
    kept = markdown.written("\n".join(lines), facts)

    assert markdown.written(markdown.read(kept, facts), facts) == kept
