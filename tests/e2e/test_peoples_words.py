"""What people write on a pull request stays, and what could not be put on it comes when it can; on every forge."""

from __future__ import annotations

import pytest

from imagebot.cycle.report import Action
from imagebot.observe.events import ForgeWarned
from tests.e2e.conftest import BRANCH, POLICY, Place, actions
from tests.support.forge_server import Fault
from tests.support.gitea_server import GiteaServer

NEWER = "1.9.2"
RETRY = "- [ ] <!-- imagebot:retry -->"


def newer(place: Place) -> None:
    place.stage.publish(NEWER)
    assert actions(place.one_pass()) == [Action.UPDATED]
    assert (place.proposed, place.branch) == (NEWER, NEWER)


def test_a_title_and_words_of_people_are_kept_at_the_next_version(opened: Place) -> None:
    pull = opened.pull
    pull.title = "OPS-12: shop, not before Monday"
    pull.body = f"Wait for OPS-12.\r\n\r\n{pull.body}\r\n- [x] asked the shop team\r\n"

    newer(opened)

    body = (pull.body or "").replace("\r\n", "\n").strip()
    assert pull.title == "OPS-12: shop, not before Monday"
    assert body.startswith("Wait for OPS-12.\n\n<!-- imagebot:begin -->")
    assert body.endswith("-->\n\n- [x] asked the shop team")
    assert f"`1.9.0` → `{NEWER}`" in body
    opened.assert_quiet()


def test_a_title_of_ours_moves_on_however_a_forge_spaces_it(opened: Place) -> None:
    opened.pull.title = f" {opened.pull.title.replace(' ', '  ')} "

    newer(opened)

    assert opened.pull.title == f"deps(production): shop 1.9.0 → {NEWER}"


def test_trying_again_gives_the_bots_title_back_and_leaves_the_words(opened: Place) -> None:
    title = opened.pull.title
    opened.pull.title = "mine"
    opened.pull.body = "Wait.\n\n" + (opened.pull.body or "").replace(RETRY, RETRY.replace("[ ]", "[x]"))

    assert actions(opened.one_pass()) == [Action.UPDATED]

    assert opened.pull.title == title
    assert (opened.pull.body or "").startswith("Wait.\n\n<!-- imagebot:begin -->")
    assert RETRY in (opened.pull.body or "")
    opened.assert_quiet()


def test_where_people_took_the_block_away_the_description_comes_back_below_their_words(opened: Place) -> None:
    opened.pull.body = "All my own words."

    assert actions(opened.one_pass()) == [Action.UPDATED]

    assert (opened.pull.body or "").startswith("All my own words.\n\n<!-- imagebot:begin -->")
    opened.assert_quiet()


def test_very_many_words_of_people_leave_the_description_what_room_there_is(opened: Place) -> None:
    opened.pull.body = "w" * 55_000 + f"\n\n{opened.pull.body}"

    newer(opened)

    assert len(opened.pull.body or "") <= 65_536
    assert (opened.pull.body or "").startswith("w" * 55_000)


def warnings(place: Place) -> list[str]:
    return [event.because for event in place.stage.events if isinstance(event, ForgeWarned)]


@pytest.mark.parametrize("place", ["gitea", "forgejo"], indirect=True)
def test_a_label_that_is_made_later_is_put_on_at_the_next_pass(place: Place) -> None:
    """Gitea makes none for us; others do."""
    assert isinstance(place.server, GiteaServer)
    number = place.server.known_labels.pop("image-update")
    assert actions(place.one_pass()) == [Action.OPENED]
    assert (place.pull.labels, len(warnings(place))) == ([], 1)
    place.one_pass()
    writes = len(place.server.writes)

    assert actions(place.one_pass()) == [Action.KEPT]
    assert (len(place.server.writes), len(warnings(place))) == (writes, 1)
    place.server.known_labels["image-update"] = number

    assert actions(place.one_pass()) == [Action.UPDATED]
    assert place.pull.labels == ["image-update"]
    place.assert_quiet()


@pytest.mark.parametrize("place", ["gitea", "forgejo"], indirect=True)
def test_a_reviewer_who_cannot_be_asked_keeps_no_label_waiting(place: Place) -> None:
    """Asking for a review costs a write, and is tried once an hour; that there is no label costs none."""
    assert isinstance(place.server, GiteaServer)
    place.stage.policy(POLICY.replace("alice, codeowners", "alice, nobody-here"), "shop.yaml")
    number = place.server.known_labels.pop("image-update")
    place.one_pass()
    place.one_pass()
    assert place.pull.labels == []
    place.server.known_labels["image-update"] = number

    assert actions(place.one_pass()) == [Action.UPDATED]

    assert place.pull.labels == ["image-update"]
    place.assert_quiet()


# GitLab takes all of it at once, and Gitea the assignees with the rest.
@pytest.mark.parametrize(
    ("place", "ending"),
    [
        *(("github", ending) for ending in ("/labels", "/requested_reviewers", "/assignees")),
        *((kind, ending) for kind in ("gitea", "forgejo") for ending in ("/labels", "/requested_reviewers")),
    ],
    indirect=["place"],
)
def test_what_a_right_that_is_given_later_allows_is_done_at_the_next_pass(place: Place, ending: str) -> None:
    place.server.faults = [Fault("POST", 403, nth, ending) for nth in range(1, 50)]
    place.one_pass()
    wanted = (["image-update"], ["alice", "bob"], ["bob"])
    assert warnings(place)
    assert (sorted(place.pull.labels), sorted(place.pull.reviewers), place.pull.assignees) != wanted
    place.server.faults = []

    assert actions(place.one_pass()) == [Action.UPDATED]

    assert (sorted(place.pull.labels), sorted(place.pull.reviewers), place.pull.assignees) == wanted
    place.assert_quiet()


def test_who_cannot_be_asked_is_warned_of_once_and_tried_once_an_hour(place: Place) -> None:
    place.stage.policy(POLICY.replace("alice, codeowners", "alice, nobody-here"), "shop.yaml")
    place.one_pass()
    told = len(warnings(place))
    assert told
    place.one_pass()
    writes = len(place.server.writes)

    for _ in range(3):
        assert actions(place.one_pass()) == [Action.KEPT]

    assert (len(place.server.writes), len(warnings(place))) == (writes, told)


def test_a_label_that_people_took_off_stays_off(opened: Place) -> None:
    opened.pull.labels.clear()

    opened.assert_quiet()

    assert opened.pull.labels == []
    assert opened.pull.head == BRANCH
