"""The life of a pull request on every forge: whole passes, git over http, the forge as its description has it."""

from __future__ import annotations

from imagebot.cycle.report import Action
from tests.e2e.conftest import BRANCH, DEPLOYMENT, Place, actions


def test_opened_once_with_all_that_the_policy_wants(place: Place) -> None:
    assert actions(place.one_pass()) == [Action.OPENED]

    pull = place.pull
    assert (pull.title, pull.head) == ("deps(production): shop 1.9.0 → 1.9.1", BRANCH)
    assert sorted(pull.labels) == ["image-update"]
    assert sorted(pull.reviewers) == ["alice", "bob"]
    assert pull.auto_merge
    assert place.stage.show("production/app.yaml", BRANCH) == DEPLOYMENT.replace("1.9.0", "1.9.1")
    place.assert_quiet()


def test_a_newer_version_comes_into_the_same_one_with_one_comment(place: Place) -> None:
    place.one_pass()
    place.stage.publish("1.10.0")

    assert actions(place.one_pass()) == [Action.UPDATED]

    assert place.pull.title == "deps(production): shop 1.9.0 → 1.10.0"
    assert not place.pull.auto_merge, "a minor one is not what the policy lets the forge merge"
    assert len(place.pull.comments) == 1
    place.assert_quiet()


def test_a_commit_of_people_is_safe_and_said_once(place: Place) -> None:
    place.one_pass()
    theirs = place.stage.commit({"production/more.yaml": "a: 1\n"}, branch=BRANCH)
    place.stage.publish("1.9.2")

    assert actions(place.one_pass()) == []

    assert place.stage.heads()[BRANCH] == theirs
    assert not place.pull.auto_merge
    (comment,) = place.pull.comments
    assert theirs[:10] in comment
    place.assert_quiet()
    place.pull.body = (place.pull.body or "").replace("- [ ] <!-- imagebot:rebuild", "- [x] <!-- imagebot:rebuild")

    assert actions(place.one_pass()) == [Action.UPDATED]

    assert place.stage.heads()[BRANCH] != theirs
    assert "[x]" not in (place.pull.body or "")
    place.assert_quiet()


def test_what_people_close_is_not_proposed_again(place: Place) -> None:
    place.one_pass()
    pull = place.pull
    pull.state, pull.closed_at, pull.closed_by = "closed", "2026-01-01T12:00:00Z", "alice"

    assert actions(place.one_pass()) == []
    place.assert_quiet(refusing=1)
    place.stage.publish("1.9.2")

    assert actions(place.one_pass()) == [Action.OPENED]
    assert len(place.server.pulls) == 2


def test_what_the_base_has_is_closed_with_a_reason(place: Place) -> None:
    place.one_pass()
    pull = place.pull
    place.stage.commit({"production/app.yaml": DEPLOYMENT.replace("1.9.0", "1.9.1")})

    assert actions(place.one_pass()) == [Action.CLOSED]

    assert pull.state == "closed"
    assert len(pull.comments) == 1
    assert BRANCH not in place.stage.heads()
    place.assert_quiet()
