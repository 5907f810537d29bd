"""Descriptions for forges whose pull requests are not like GitHub's: less room, no HTML, no boxes, no labels."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from imagebot.images.reference import ImageName
from imagebot.knownforges import FACTS
from imagebot.plan.change import Change
from imagebot.pulls import block
from imagebot.pulls.commands import asked
from imagebot.review.body import BODY_LIMIT, describe
from imagebot.review.image_facts import ImageFacts
from imagebot.review.links import HOSTS
from tests.review.test_body import AS_ROOT, KNOWN, many
from tests.support.changes import UPDATE, change

NARROW = replace(FACTS["github"], body_limit=4_000, block_in_body=False)
"""Beside the block, which is kept elsewhere."""
HALF = replace(FACTS["github"], body_limit=32_768)
BARE = replace(FACTS["github"], body_limit=32_768, hides_html_comments=False, folds=False, labels=False)
CHANGES = [
    pytest.param(change(), [KNOWN], id="one"),
    pytest.param(change(), [AS_ROOT], id="one with a warning"),
    pytest.param(change(*many(90), note="our note"), [AS_ROOT] * 90, id="ninety with a warning each"),
    pytest.param(
        change(*[replace(UPDATE, app="a" * 63, image=ImageName("ghcr.io", f"{'x' * 200}/{n}")) for n in range(3)]),
        [AS_ROOT] * 3,
        id="three with long names",
    ),
]


@pytest.mark.parametrize(("of", "besides"), CHANGES)
@pytest.mark.parametrize("facts", [NARROW, HALF, BARE], ids=["4 000 characters", "32 768 characters", "without HTML"])
def test_a_description_never_has_more_than_the_forge_takes(
    of: Change, besides: list[ImageFacts], facts: object
) -> None:
    assert isinstance(facts, type(NARROW))
    said = describe(of, besides, HOSTS, facts.room(BODY_LIMIT), facts).body
    found = block.last(said)
    assert found is not None

    kept = said if facts.block_in_body else said.replace(found[0], "")
    assert len(kept) <= facts.room(BODY_LIMIT) < facts.body_limit
    assert kept.count("⚠") >= min(len([one for one in besides if one is AS_ROOT]), 3)
    assert "**Not wanted?** Close this pull request" in kept
    assert (told := block.read(said)) is not None
    assert len(told.proposed) == len(of.updates)


def test_where_markdown_shows_html_there_is_none_but_our_marks() -> None:
    """The forge room writes those as link definitions."""
    said = describe(change(*many(3)), [KNOWN] * 3, HOSTS, BARE.room(BODY_LIMIT), BARE).body

    assert re.findall(r"</?\w+", said) == []
    assert re.findall(r"<!-- imagebot:(\w+)", said) == ["begin", "v1"]
    assert "#### `app-1` `ghcr.io/acme/app-1`" in said


def test_where_there_are_no_boxes_people_are_told_what_to_comment() -> None:
    said = describe(change(), [KNOWN], HOSTS, BARE.room(BODY_LIMIT), BARE).body

    assert "- `imagebot rebuild`: **Rebuild** the branch from `main`" in said
    assert "for as long as this is the last word: `imagebot release` ends it" in said
    assert "[ ]" not in said
    assert "label" not in said
    assert asked(said, ()) == frozenset()


def test_what_github_shows_has_the_room_that_it_always_had() -> None:
    assert FACTS["github"].room(BODY_LIMIT) == BODY_LIMIT
