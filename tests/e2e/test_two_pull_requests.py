"""Two pull requests for one branch, as two bots make them on forges that do not look twice: one is closed."""

from __future__ import annotations

from typing import Any

import pytest

from imagebot.cycle.report import Action
from tests.e2e.conftest import BRANCH, Place, actions
from tests.support.forge_server import Pull

HOLD = "- [ ] <!-- imagebot:hold -->"


def second(place: Place, **facts: Any) -> Pull:
    """Another bot opened one at the same moment."""
    first = place.pull
    return place.server.add(BRANCH, **{"title": first.title, "body": first.body, **facts})


def assert_settled(place: Place, double: Pull) -> None:
    """The older is the one; the younger was closed with words, and refuses nothing."""
    (comment,) = double.comments
    assert "pull request 1 is about the same branch" in comment
    assert (double.state, place.pull.number) == ("closed", 1)
    place.assert_quiet()
    place.stage.publish("1.9.2")
    assert actions(place.one_pass()) == [Action.UPDATED]
    assert (place.proposed, place.branch) == ("1.9.2", "1.9.2")
    assert place.pull.title == "deps(production): shop 1.9.0 → 1.9.2"
    assert len(double.comments) == 1


def test_the_younger_of_two_is_closed_at_the_next_look(opened: Place) -> None:
    double = second(opened)

    assert actions(opened.one_pass()) == [Action.KEPT]

    assert_settled(opened, double)


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param({"draft": True}, id="a draft"),
        pytest.param({"title": "mine", "body": "A person's words."}, id="a person's"),
        pytest.param({"title": "OPS-12"}, id="called otherwise by people"),
    ],
)
def test_whatever_the_younger_is_it_is_closed(opened: Place, facts: dict[str, Any]) -> None:
    double = second(opened, **facts)

    opened.one_pass()

    assert_settled(opened, double)


def test_the_older_is_brought_up_to_date_also_where_a_person_opened_it(opened: Place) -> None:
    opened.pull.title, opened.pull.body = "mine", "A person's words."
    double = second(opened)

    opened.one_pass()

    assert (opened.pull.body or "").startswith("A person's words.")
    opened.pull.title = "deps(production): shop 1.9.0 → 1.9.1"
    assert_settled(opened, double)


def test_while_a_newer_version_comes_the_younger_is_closed_too(opened: Place) -> None:
    double = second(opened)
    opened.stage.publish("1.9.2")

    assert actions(opened.one_pass()) == [Action.UPDATED]

    assert (double.state, opened.proposed, opened.branch) == ("closed", "1.9.2", "1.9.2")
    opened.assert_quiet()


def test_a_commit_of_people_on_the_branch_is_safe_all_the_same(opened: Place) -> None:
    double = second(opened)
    theirs = opened.stage.commit({"production/more.yaml": "a: 1\n"}, branch=BRANCH)

    opened.one_pass()

    assert (double.state, opened.stage.heads()[BRANCH]) == ("closed", theirs)
    assert len(opened.pull.comments) == 1
    opened.assert_quiet()


@pytest.mark.parametrize("which", [1, 2])
def test_what_people_hold_is_left_to_them_with_both(opened: Place, which: int) -> None:
    second(opened)
    held = opened.server.pulls[which]
    held.body = (held.body or "").replace(HOLD, HOLD.replace("[ ]", "[x]"))
    opened.stage.publish("1.9.2")

    report = opened.assert_quiet()

    assert f"people hold pull request #{which}" in report.decisions[0].watches[0].verdict.because
    assert [pull.state for pull in opened.server.pulls.values()] == ["open", "open"]


def test_of_two_that_are_not_wanted_any_more_both_go(opened: Place) -> None:
    double = second(opened)
    opened.stage.unpublish("1.9.1")

    opened.one_pass()

    assert {pull.state for pull in opened.server.pulls.values()} == {"closed"}
    assert len(double.comments) == 1
    assert BRANCH not in opened.stage.heads()
    opened.assert_quiet()
