"""The life of a pull request where its words are short, and what the bot knows of it is kept beside them."""

from __future__ import annotations

import pytest

from imagebot.cycle.report import Action
from tests.e2e.conftest import BRANCH, Place, actions


@pytest.mark.parametrize("place", ["azure"], indirect=True)
def test_opened_once_and_a_newer_version_comes_into_the_same_one(place: Place) -> None:
    assert actions(place.one_pass()) == [Action.OPENED]

    pull = place.pull
    assert (pull.head, pull.reviewers, pull.labels, pull.auto_merge) == (BRANCH, ["alice"], ["image-update"], True)
    assert len(pull.body or "") <= 4000
    assert "imagebot:v1" not in (pull.body or "")
    # An empty page ends the list; then the words, and what is kept beside them.
    place.assert_quiet(refusing=3)

    place.stage.publish("1.10.0")
    assert actions(place.one_pass()) == [Action.UPDATED]
    assert (pull.title, pull.auto_merge) == ("deps(production): shop 1.9.0 → 1.10.0", False)
    assert len(pull.comments) == 1
    place.assert_quiet(refusing=3)
