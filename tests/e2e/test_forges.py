"""The life of a pull request on every forge: whole passes, git over http, the forge as its description has it."""

from __future__ import annotations

from imagebot.cycle.report import Action
from tests.e2e.conftest import BRANCH, DEPLOYMENT, Place, actions


def test_opened_once_with_all_that_the_policy_wants(opened: Place) -> None:
    pull = opened.pull
    assert (pull.title, pull.head) == ("deps(production): shop 1.9.0 → 1.9.1", BRANCH)
    assert sorted(pull.labels) == ["image-update"]
    assert sorted(pull.reviewers) == ["alice", "bob"]
    assert pull.auto_merge
    assert opened.stage.show("production/app.yaml", BRANCH) == DEPLOYMENT.replace("1.9.0", "1.9.1")
    opened.assert_quiet()


def test_a_newer_version_comes_into_the_same_one_with_one_comment(opened: Place) -> None:
    opened.stage.publish("1.10.0")

    assert actions(opened.one_pass()) == [Action.UPDATED]

    assert opened.pull.title == "deps(production): shop 1.9.0 → 1.10.0"
    assert not opened.pull.auto_merge, "a minor one is not what the policy lets the forge merge"
    assert len(opened.pull.comments) == 1
    opened.assert_quiet()


def test_a_commit_of_people_is_safe_and_said_once(opened: Place) -> None:
    theirs = opened.stage.commit({"production/more.yaml": "a: 1\n"}, branch=BRANCH)
    opened.stage.publish("1.9.2")

    assert actions(opened.one_pass()) == []

    assert opened.stage.heads()[BRANCH] == theirs
    assert not opened.pull.auto_merge
    (comment,) = opened.pull.comments
    assert theirs[:10] in comment
    opened.assert_quiet()
    opened.pull.body = (opened.pull.body or "").replace("- [ ] <!-- imagebot:rebuild", "- [x] <!-- imagebot:rebuild")

    assert actions(opened.one_pass()) == [Action.UPDATED]

    assert opened.stage.heads()[BRANCH] != theirs
    assert "[x]" not in (opened.pull.body or "")
    opened.assert_quiet()


def test_what_people_close_is_not_proposed_again(opened: Place) -> None:
    pull = opened.pull
    pull.state, pull.closed_at, pull.closed_by = "closed", "2026-01-01T12:00:00Z", "alice"

    assert actions(opened.one_pass()) == []
    opened.assert_quiet(refusing=1)
    opened.stage.publish("1.9.2")

    assert actions(opened.one_pass()) == [Action.OPENED]
    assert len(opened.server.pulls) == 2


def test_what_the_base_has_is_closed_with_a_reason(opened: Place) -> None:
    pull = opened.pull
    opened.stage.commit({"production/app.yaml": DEPLOYMENT.replace("1.9.0", "1.9.1")})

    assert actions(opened.one_pass()) == [Action.CLOSED]

    assert pull.state == "closed"
    assert len(pull.comments) == 1
    assert BRANCH not in opened.stage.heads()
    opened.assert_quiet()
