"""What an earlier pass left half done, or a merge left behind, is settled by a later one; on every forge."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from imagebot.cycle.report import Action
from imagebot.observe.events import BranchDeleted
from tests.e2e.conftest import BRANCH, DEPLOYMENT, POLICY, Place, actions
from tests.support.forge_server import Fault

BUMPED = DEPLOYMENT.replace("1.9.0", "1.9.1")


def refuse_pushes(place: Place) -> Callable[[], None]:
    """The git server refuses every push until the answer is called."""
    hook = place.stage.bare / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    return hook.unlink


def deleted(place: Place) -> list[str]:
    return [event.branch for event in place.stage.events if isinstance(event, BranchDeleted)]


def test_a_branch_that_could_not_be_deleted_is_told_and_goes_in_a_later_pass(opened: Place) -> None:
    opened.stage.commit({"production/app.yaml": BUMPED})
    allow = refuse_pushes(opened)

    report = opened.one_pass()

    assert [one.action for one in report.outcomes] == [Action.CLOSED, Action.FAILED]
    assert "could not be deleted" in report.outcomes[1].because
    assert report.exit_code == 1
    assert [one.action for one in opened.one_pass().outcomes] == [Action.FAILED], "and in each pass until it is"
    allow()
    opened.one_pass()
    assert (BRANCH in opened.stage.heads(), deleted(opened)) == (False, [BRANCH])
    opened.assert_quiet()


@pytest.mark.parametrize("how", ["--no-ff", "--squash", "--ff-only"])
def test_what_the_forge_merged_by_itself_leaves_no_branch(opened: Place, how: str) -> None:
    tip = opened.stage.heads()[BRANCH]
    work = str(opened.stage.clone())
    opened.stage.git(
        "-C", work, "merge", "--quiet", how, f"origin/{BRANCH}", *(["-m", "x"] if how == "--no-ff" else [])
    )
    if how == "--squash":
        opened.stage.git("-C", work, "commit", "--quiet", "-m", "the title alone")
    opened.stage.git("-C", work, "push", "--quiet", "origin", "main")
    pull = opened.pull
    pull.state, pull.merged_at, pull.closed_at = "closed", "2026-01-01T12:00:00Z", "2026-01-01T12:00:00Z"
    assert opened.stage.heads()[BRANCH] == tip

    opened.one_pass()

    assert (BRANCH in opened.stage.heads(), deleted(opened)) == (False, [BRANCH])
    opened.assert_quiet()


def test_the_branch_of_a_policy_that_was_renamed_goes(opened: Place) -> None:
    opened.stage.policy(POLICY.replace("app: shop", "app: store"), "shop.yaml")
    allow = refuse_pushes(opened)
    opened.one_pass()
    allow()

    assert actions(opened.one_pass()) == [Action.OPENED]

    assert [name for name in opened.stage.heads() if name != "main"] == ["imagebot/production/store"]
    opened.assert_quiet()


def test_a_branch_that_people_committed_to_stays(opened: Place) -> None:
    theirs = opened.stage.commit({"production/more.yaml": "a: 1\n"}, branch=BRANCH)
    opened.stage.commit({"production/app.yaml": BUMPED})
    pull = opened.pull
    pull.state, pull.closed_at, pull.closed_by = "closed", "2026-01-01T12:00:00Z", "alice"

    opened.assert_quiet()

    assert opened.stage.heads()[BRANCH] == theirs


def test_a_branch_whose_pull_request_people_closed_stays_for_who_opens_it_again(opened: Place) -> None:
    tip = opened.stage.heads()[BRANCH]
    pull = opened.pull
    pull.state, pull.closed_at, pull.closed_by = "closed", "2026-01-01T12:00:00Z", "alice"
    opened.one_pass()

    opened.one_pass()

    assert opened.stage.heads()[BRANCH] == tip


def test_a_branch_of_the_same_prefix_that_a_person_made_stays(place: Place) -> None:
    tip = place.stage.commit({"README.md": "a person's\n"})
    work = str(place.stage.clone())
    place.stage.git("-C", work, "push", "--quiet", "origin", "HEAD:refs/heads/imagebot/production/mine")
    place.one_pass()

    place.assert_quiet()

    assert place.stage.heads()["imagebot/production/mine"] == tip


def test_a_branch_stays_while_its_policy_is_unknown(opened: Place) -> None:
    pull = opened.pull
    pull.state, pull.closed_at = "closed", "2026-01-01T12:00:00Z"
    opened.stage.commit({"production/app.yaml": BUMPED + "\t: broken\n"})

    report = opened.one_pass()

    assert report.exit_code == 1
    assert BRANCH in opened.stage.heads()


def test_a_branch_that_waits_for_its_pull_request_stays(place: Place) -> None:
    place.server.faults = [
        Fault("POST", 403, nth, ending) for ending in ("/pulls", "/merge_requests") for nth in range(1, 9)
    ]
    assert [one.action for one in place.one_pass().outcomes] == [Action.FAILED]
    tip = place.stage.heads()[BRANCH]
    place.server.faults = []

    assert actions(place.one_pass()) == [Action.OPENED]

    assert place.stage.heads()[BRANCH] == tip


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("write", [1, 2])
def test_a_closing_that_was_interrupted_is_completed_and_is_nobodys_no(
    place: Place, write: int, *, after: bool
) -> None:
    place.stage.publish("1.7.0", "1.8.0", "1.8.1")
    place.one_pass()
    pull = place.pull
    place.stage.unpublish("1.9.1")
    place.server.next_writes = {len(place.server.writes) + write: Fault("*", 502, after=after)}
    place.one_pass()
    place.server.next_writes = {}

    place.one_pass()

    assert (pull.state, len(pull.comments), BRANCH in place.stage.heads()) == ("closed", 1, False)
    place.stage.publish("1.9.1")
    assert actions(place.one_pass()) == [Action.OPENED]


def test_what_the_bot_closed_and_people_opened_again_they_can_refuse(opened: Place) -> None:
    """The block still says that the bot closed it: a later no of theirs is theirs."""
    pull = opened.pull
    opened.stage.unpublish("1.9.1")
    opened.one_pass()
    assert pull.state == "closed"
    opened.stage.publish("1.9.1")
    opened.stage.git("-C", str(opened.stage.bare), "update-ref", f"refs/heads/{BRANCH}", pull.head_sha)
    pull.state, pull.closed_at = "open", None
    assert actions(opened.one_pass()) == [Action.UPDATED]
    pull.state, pull.closed_at, pull.closed_by = "closed", "2026-01-01T13:00:00Z", "alice"

    assert actions(opened.one_pass()) == []
    assert [one.state for one in opened.server.pulls.values()] == ["closed"]


RETRY = "- [ ] <!-- imagebot:retry -->"


@pytest.mark.parametrize("way", ["box", "label"])
def test_another_try_on_a_closed_one_is_heard_at_the_next_pass(opened: Place, way: str) -> None:
    pull = opened.pull
    pull.state, pull.closed_at, pull.closed_by = "closed", "2026-01-01T12:00:00Z", "alice"
    opened.one_pass()
    calls = len(opened.server.calls)
    opened.one_pass()
    assert len(opened.server.calls) - calls <= 2, "what is open, and what is wished of what is closed"
    if way == "box":
        pull.body = (pull.body or "").replace(RETRY, RETRY.replace("[ ]", "[x]"))
    else:
        pull.labels.append("imagebot/retry")

    assert actions(opened.one_pass()) == [Action.OPENED]

    assert opened.pull.number == 2
    opened.assert_quiet()
