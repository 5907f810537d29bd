"""A body never lags behind its branch: words come first, or nothing moves at all, on every forge."""

from __future__ import annotations

from pathlib import Path

import pytest

from imagebot.cycle.report import Action, Report
from tests.e2e.conftest import BRANCH, Place, actions
from tests.support.forge_server import Fault

NOTICE = "**Being updated**"
COMMENTS = ("/comments", "/notes")
NEWER = "1.9.2"


def refuse(place: Place, verb: str, *endings: str) -> None:
    """A token that may not do this."""
    place.server.faults = [Fault(verb, 403, nth, ending) for ending in endings for nth in range(1, 50)]


def because(report: Report) -> str:
    (outcome,) = report.outcomes
    assert outcome.action is Action.FAILED
    return outcome.because


def assert_true_words(place: Place) -> None:
    """What the body tells is on the branch, or it says that it is about what was."""
    assert place.proposed == place.branch or NOTICE in (place.pull.body or "")
    assert place.proposed in place.pull.title


def assert_up_to_date(place: Place) -> None:
    assert (place.proposed, place.branch) == (NEWER, NEWER)
    assert place.pull.title == f"deps(production): shop 1.9.0 → {NEWER}"
    assert NOTICE not in (place.pull.body or "")
    (comment,) = place.pull.comments
    assert NEWER in comment
    place.assert_quiet()


@pytest.fixture
def newer(opened: Place) -> Place:
    """There is something newer than what is proposed."""
    opened.stage.publish(NEWER)
    return opened


def test_without_the_right_to_comment_no_branch_moves(newer: Place) -> None:
    head, title, body = newer.stage.heads()[BRANCH], newer.pull.title, newer.pull.body
    refuse(newer, "POST", *COMMENTS)

    for _ in range(2):
        assert "comment on" in because(newer.one_pass())

        assert newer.stage.heads()[BRANCH] == head
        assert (newer.pull.title, newer.pull.body) == (title, body)
    newer.server.faults = []
    assert actions(newer.one_pass()) == [Action.UPDATED]
    assert_up_to_date(newer)


def test_without_the_right_to_write_bodies_no_branch_moves(newer: Place) -> None:
    head = newer.stage.heads()[BRANCH]
    refuse(newer, "PATCH", f"/pulls/{newer.pull.number}")
    newer.server.faults += [Fault("PUT", 403, nth, f"/merge_requests/{newer.pull.number}") for nth in range(1, 50)]

    assert "change" in because(newer.one_pass())

    assert newer.stage.heads()[BRANCH] == head
    newer.server.faults = []
    assert actions(newer.one_pass()) == [Action.UPDATED]
    assert_up_to_date(newer)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("write", range(1, 6))
def test_whatever_write_fails_the_body_is_true_and_the_next_pass_completes_it(
    newer: Place, write: int, *, after: bool
) -> None:
    newer.server.next_writes = {len(newer.server.writes) + write: Fault("*", 502, after=after)}

    newer.one_pass()

    assert_true_words(newer)
    newer.server.next_writes = {}
    newer.one_pass()
    assert_up_to_date(newer)


def test_a_branch_that_cannot_be_pushed_is_said_to_be_moving_and_written_once(newer: Place) -> None:
    hook = newer.stage.bare / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)

    assert "not pushed" in because(newer.one_pass())
    assert_true_words(newer)
    writes = len(newer.server.writes)
    newer.one_pass()

    assert len(newer.server.writes) == writes
    Path(hook).unlink()
    assert actions(newer.one_pass()) == [Action.UPDATED]
    assert_up_to_date(newer)


def test_who_commits_between_the_words_and_the_branch_is_told_and_the_words_are_taken_back(newer: Place) -> None:
    body = newer.pull.body
    hook = newer.stage.bare / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    newer.one_pass()
    hook.unlink()
    newer.stage.commit({"production/more.yaml": "a: 1\n"}, branch=BRANCH)

    newer.one_pass()

    assert NOTICE not in (newer.pull.body or "")
    assert (newer.pull.body or "").partition("<!-- imagebot:v1")[0] == (body or "").partition("<!-- imagebot:v1")[0]
    newer.assert_quiet()
