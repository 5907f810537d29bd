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


def test_no_branch_moves_under_a_pull_request_that_is_not_listed(place: Place) -> None:
    place.one_pass()
    place.stage.publish("1.10.0")
    heads, body = place.stage.heads(), place.pull.body
    list_nothing(place)

    report = place.one_pass()

    (decision,) = report.decisions
    assert decision.unknown
    assert f"#{place.pull.number} of {BRANCH} neither as open nor as closed" in decision.watches[0].verdict.because
    assert (place.stage.heads(), place.pull.body, report.exit_code) == (heads, body, 1)
    place.server.faults = []
    assert actions(place.one_pass()) == [Action.UPDATED]
    assert (place.branch, place.proposed) == ("1.10.0", "1.10.0")


def test_one_that_was_deleted_is_believed_to_be_gone_after_a_day(place: Place) -> None:
    place.one_pass()
    del place.server.pulls[place.pull.number]

    unknown = place.one_pass()

    assert unknown.decisions[0].unknown
    assert actions(place.one_pass(NOON + timedelta(days=1))) == [Action.OPENED]


def test_one_that_was_merged_and_left_its_branch_is_in_nobodys_way(place: Place) -> None:
    place.one_pass()
    pull = place.pull
    pull.state, pull.merged_at, pull.closed_at = "closed", "2026-01-01T12:00:00Z", "2026-01-01T12:00:00Z"
    place.stage.publish("1.10.0")

    assert actions(place.one_pass()) == [Action.OPENED]


REFS = {"gitlab": "refs/merge-requests/{}/head"}


def keep_ref(place: Place) -> None:
    """As every forge does it by itself: the head of a pull request is a ref of git's."""
    (settings,) = place.stage.world().settings.repositories.values()
    ref = REFS.get(settings.forge, "refs/pull/{}/head").format(place.pull.number)
    place.stage.git("-C", str(place.stage.bare), "update-ref", ref, place.stage.heads()[BRANCH])


def lose_state(place: Place) -> None:
    place.stage.folder.joinpath("state", "state.db").unlink()


def test_no_branch_moves_under_a_pull_request_that_is_not_listed_though_the_state_is_lost(place: Place) -> None:
    place.one_pass()
    keep_ref(place)
    place.stage.publish("1.10.0")
    heads, body = place.stage.heads(), place.pull.body
    list_nothing(place)
    lose_state(place)

    for days in (0.0, 0.5):
        report = place.one_pass(NOON + timedelta(days=days))

        (decision,) = report.decisions
        assert decision.unknown
        assert f"#{place.pull.number} of {BRANCH} neither as open nor as closed" in decision.watches[0].verdict.because
        assert (place.stage.heads(), place.pull.body) == (heads, body)
    place.server.faults = []
    assert actions(place.one_pass()) == [Action.UPDATED]


def test_one_that_was_deleted_before_the_state_was_lost_is_believed_to_be_gone_after_a_day(place: Place) -> None:
    place.one_pass()
    keep_ref(place)
    del place.server.pulls[place.pull.number]
    lose_state(place)
    assert place.one_pass().decisions[0].unknown
    assert actions(place.one_pass(NOON + timedelta(days=1))) == [Action.OPENED]


def test_a_branch_that_was_pushed_and_not_proposed_is_taken_up_though_the_state_is_lost(place: Place) -> None:
    """Killed in between: no ref tells of a pull request."""
    place.one_pass()
    del place.server.pulls[place.pull.number]
    lose_state(place)
    assert actions(place.one_pass()) == [Action.OPENED]


def test_no_branch_is_deleted_under_a_pull_request_that_is_not_listed(place: Place) -> None:
    """Its policy is gone, so that nothing would be proposed on it."""
    place.one_pass()
    keep_ref(place)
    for policy in place.stage.folder.joinpath("policies").iterdir():
        policy.write_text(policy.read_text().replace("app: ", "app: another-"))
    heads = place.stage.heads()
    list_nothing(place)
    for lost in (False, True):
        if lost:
            lose_state(place)
        place.one_pass()
        assert place.stage.heads()[BRANCH] == heads[BRANCH]
