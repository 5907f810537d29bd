"""The life of a pull request where there are neither labels nor boxes, and people ask by comments."""

from __future__ import annotations

import pytest

from imagebot.cycle.report import Action
from tests.e2e.conftest import BRANCH, Place, actions


@pytest.mark.parametrize("place", ["bitbucket"], indirect=True)
def test_opened_asked_for_by_a_comment_and_done_once(place: Place) -> None:
    assert actions(place.one_pass()) == [Action.OPENED]

    pull = place.pull
    assert (pull.head, pull.reviewers, pull.labels, pull.auto_merge) == (BRANCH, ["alice"], [], True)
    assert "<!--" not in (pull.body or "")
    assert "[ ]" not in (pull.body or "")
    assert "- `imagebot rebuild`: **Rebuild** the branch" in (pull.body or "")
    place.assert_quiet()

    theirs = place.stage.commit({"production/more.yaml": "a: 1\n"}, branch=BRANCH)
    place.stage.publish("1.9.2")
    assert actions(place.one_pass()) == []
    assert theirs[:10] in pull.comments[0]
    assert "say `imagebot rebuild` in a comment" in pull.comments[0]
    assert "label" not in pull.comments[0]
    place.assert_quiet(refusing=1)

    pull.comments.append("carol: imagebot rebuild")
    place.assert_quiet(refusing=2)
    pull.comments.append("alice: imagebot rebuild")
    assert actions(place.one_pass()) == [Action.UPDATED]
    assert place.stage.heads()[BRANCH] != theirs
    assert place.branch == "1.9.2"
    place.assert_quiet(refusing=3)
