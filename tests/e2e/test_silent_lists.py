"""A forge that answers every list with nothing has not said that nothing is open."""

from __future__ import annotations

from datetime import timedelta

from imagebot.cycle.report import Action
from tests.e2e.conftest import BRANCH, Place, actions
from tests.support.forge_server import Fault
from tests.support.stage import NOON

LISTS = ("/pulls", "/merge_requests")


def list_nothing(place: Place) -> None:
    """From now on every list of pull requests is empty; all else is answered."""
    place.server.faults = [
        Fault("GET", 200, nth, ending, body=b"[]")
        for ending in LISTS
        for asked in [sum(Fault("GET", 200, 1, ending).fits(call) for call in place.server.calls)]
        for nth in range(asked + 1, asked + 100)
    ]


def test_no_branch_moves_under_a_pull_request_that_is_not_listed(opened: Place) -> None:
    opened.stage.publish("1.10.0")
    heads, body = opened.stage.heads(), opened.pull.body
    list_nothing(opened)

    report = opened.one_pass()

    (decision,) = report.decisions
    assert decision.unknown
    assert f"#{opened.pull.number} of {BRANCH} neither as open nor as closed" in decision.watches[0].verdict.because
    assert (opened.stage.heads(), opened.pull.body, report.exit_code) == (heads, body, 1)
    opened.server.faults = []
    assert actions(opened.one_pass()) == [Action.UPDATED]
    assert (opened.branch, opened.proposed) == ("1.10.0", "1.10.0")


def test_one_that_was_deleted_is_believed_to_be_gone_after_a_day(opened: Place) -> None:
    del opened.server.pulls[opened.pull.number]

    unknown = opened.one_pass()

    assert unknown.decisions[0].unknown
    assert actions(opened.one_pass(NOON + timedelta(days=1))) == [Action.OPENED]


def test_one_that_was_merged_and_left_its_branch_is_in_nobodys_way(opened: Place) -> None:
    pull = opened.pull
    pull.state, pull.merged_at, pull.closed_at = "closed", "2026-01-01T12:00:00Z", "2026-01-01T12:00:00Z"
    opened.stage.publish("1.10.0")

    assert actions(opened.one_pass()) == [Action.OPENED]


REFS = {"gitlab": "refs/merge-requests/{}/head"}


def keep_ref(place: Place) -> None:
    """As every forge does it by itself: the head of a pull request is a ref of git's."""
    (settings,) = place.stage.world().settings.repositories.values()
    ref = REFS.get(settings.forge, "refs/pull/{}/head").format(place.pull.number)
    place.stage.git("-C", str(place.stage.bare), "update-ref", ref, place.stage.heads()[BRANCH])


def lose_state(place: Place) -> None:
    place.stage.folder.joinpath("state", "state.db").unlink()


def test_no_branch_moves_under_a_pull_request_that_is_not_listed_though_the_state_is_lost(opened: Place) -> None:
    keep_ref(opened)
    opened.stage.publish("1.10.0")
    heads, body = opened.stage.heads(), opened.pull.body
    list_nothing(opened)
    lose_state(opened)

    for days in (0.0, 0.5):
        report = opened.one_pass(NOON + timedelta(days=days))

        (decision,) = report.decisions
        assert decision.unknown
        assert f"#{opened.pull.number} of {BRANCH} neither as open nor as closed" in decision.watches[0].verdict.because
        assert (opened.stage.heads(), opened.pull.body) == (heads, body)
    opened.server.faults = []
    assert actions(opened.one_pass()) == [Action.UPDATED]


def test_one_that_was_deleted_before_the_state_was_lost_is_believed_to_be_gone_after_a_day(opened: Place) -> None:
    keep_ref(opened)
    del opened.server.pulls[opened.pull.number]
    lose_state(opened)
    assert opened.one_pass().decisions[0].unknown
    assert actions(opened.one_pass(NOON + timedelta(days=1))) == [Action.OPENED]


def test_a_branch_that_was_pushed_and_not_proposed_is_taken_up_though_the_state_is_lost(opened: Place) -> None:
    """Killed in between: no ref tells of a pull request."""
    del opened.server.pulls[opened.pull.number]
    lose_state(opened)
    assert actions(opened.one_pass()) == [Action.OPENED]


def test_no_branch_is_deleted_under_a_pull_request_that_is_not_listed(opened: Place) -> None:
    """Its policy is gone, so that nothing would be proposed on it."""
    keep_ref(opened)
    for policy in opened.stage.folder.joinpath("policies").iterdir():
        policy.write_text(policy.read_text().replace("app: ", "app: another-"))
    heads = opened.stage.heads()
    list_nothing(opened)
    for lost in (False, True):
        if lost:
            lose_state(opened)
        opened.one_pass()
        assert opened.stage.heads()[BRANCH] == heads[BRANCH]
