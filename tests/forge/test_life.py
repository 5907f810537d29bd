"""What is said, taken off and told of afterwards, on every forge with a server."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from imagebot.errors import WorldError
from imagebot.forge import protocol
from imagebot.forge.protocol import PullRequest
from tests.forge.conftest import any_client
from tests.support.forge_server import Fault, ForgeServer
from tests.support.gitea_server import GiteaServer
from tests.support.github_server import GitHubServer
from tests.support.gitlab_server import GitLabServer
from tests.support.proposals import BRANCH, body

SINCE = datetime(2026, 1, 3, tzinfo=UTC)


def only(server: ForgeServer) -> PullRequest:
    (pull,) = any_client(server).open_pulls("imagebot/")
    return pull


def test_something_is_said_once_and_remembered_in_the_body(any_server: ForgeServer) -> None:
    any_server.add(BRANCH, body=body("f1"), comments=["a person's words"])
    forge = any_client(any_server)
    said = forge.say(only(any_server), "frozen: alice pushed\n", body("f1", words="frozen"))

    assert said.body.strip() == body("f1", words="frozen").strip()
    assert said == only(any_server)
    before = len(any_server.writes)
    assert forge.say(said, "frozen: alice pushed\n", said.body) == said
    assert len(any_server.writes) == before
    assert [text.strip() for text in any_server.pulls[1].comments] == ["a person's words", "frozen: alice pushed"]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("nth", [1, 2])
def test_killed_while_it_speaks_it_says_nothing_twice(any_server: ForgeServer, nth: int, *, after: bool) -> None:
    any_server.add(BRANCH, body=body("f1"))
    any_server.next_writes = {nth: Fault("*", 502, after=after)}
    with pytest.raises(WorldError):
        any_client(any_server).say(only(any_server), "frozen", body("f1", words="frozen"))
    any_client(any_server).say(only(any_server), "frozen", body("f1", words="frozen"))

    assert any_server.pulls[1].comments == ["frozen"]
    assert only(any_server).body.startswith("frozen")


def test_labels_by_which_people_asked_are_taken_off(any_server: ForgeServer) -> None:
    any_server.add(BRANCH, labels=["image-update", "minor", "needs-attention"])
    forge = any_client(any_server)
    left = forge.remove_labels(only(any_server), ("Minor", "never there", "needs-attention"))

    assert left.labels == only(any_server).labels == ("image-update",)
    before = len(any_server.writes)
    assert forge.remove_labels(left, ()) == left
    assert len(any_server.writes) == before


def test_a_label_that_somebody_took_off_meanwhile_is_fine(any_server: ForgeServer) -> None:
    any_server.add(BRANCH, labels=["image-update", "minor"])
    seen = only(any_server)
    any_server.pulls[1].labels = ["image-update"]

    assert any_client(any_server).remove_labels(seen, ("minor",)).labels == ("image-update",)


def test_a_closed_one_shows_its_labels(any_server: ForgeServer) -> None:
    any_server.add(BRANCH, state="closed", closed_at="2026-01-01T12:00:00Z", labels=["retry"])

    (closed,) = any_client(any_server).closed_pulls(BRANCH)
    assert closed.labels == ("retry",)


def merged(server: ForgeServer, day: int, head: str = BRANCH, **facts: object) -> None:
    at = f"2026-01-{day:02}T12:00:00Z"
    closed = {"closed_at": None if isinstance(server, GitLabServer) else at, "closed_by": "alice"}
    pull = server.add(head, state="closed", merged_at=at, **{**closed, **facts})
    if isinstance(server, GiteaServer):
        pull.updated = day * 86_400


def test_merged_ones_tell_when_by_whom_as_what_and_who_approved(any_server: ForgeServer) -> None:
    merged(any_server, 4, approvers=["bob", "carol"], objectors=["alice"], body=body("f1"), labels=["minor"])
    (one,) = any_client(any_server).merged_pulls("imagebot/", None)

    assert (one.at[:19], one.by, one.commit, sorted(one.approvers)) == (
        "2026-01-04T12:00:00",
        "alice",
        f"{1:040x}",
        ["bob", "carol"],
    )
    pull = one.pull
    assert (pull.state, pull.branch, pull.closed_at, pull.closed_by) == ("merged", BRANCH, one.at, "alice")
    assert (pull.labels, pull.body.strip(), pull.opened_at[:10]) == (("minor",), body("f1").strip(), "2026-01-01")


def test_merged_ones_come_newest_first_and_only_ours(any_server: ForgeServer) -> None:
    merged(any_server, 5)
    merged(any_server, 7, head="imagebot/production/shop", branch_gone=True)
    merged(any_server, 6, head="feature/x")
    merged(any_server, 6, head_repo="mallory/environments")
    merged(any_server, 6, base="release")
    any_server.add(BRANCH, state="closed", closed_at="2026-01-08T12:00:00Z")
    any_server.add(BRANCH)
    found = any_client(any_server).merged_pulls("imagebot/", None)

    assert [(one.pull.number, one.pull.branch) for one in found] == [(2, "imagebot/production/shop"), (1, BRANCH)]
    assert any_server.writes == []


def test_what_was_merged_before_is_neither_told_nor_read(any_server: ForgeServer) -> None:
    any_server.page = 2
    for day in range(1, 10):
        merged(any_server, day)
    found = any_client(any_server).merged_pulls("imagebot/", SINCE.replace(day=8))

    assert [one.at[:10] for one in found] == ["2026-01-09", "2026-01-08"]
    listings = [call for call in any_server.calls if call.path.endswith(("/pulls", "/merge_requests", "/graphql"))]
    assert len(listings) == 2


def test_not_more_are_read_than_anybody_waits_for(github_server: GitHubServer) -> None:
    for number in range(protocol.MOST_MERGED + 7):
        merged(github_server, 1 + number % 28)

    assert len(any_client(github_server).merged_pulls("imagebot/", None)) == protocol.MOST_MERGED


@pytest.mark.parametrize("status", [403, 404])
def test_approvals_that_may_not_be_seen_are_none(any_server: ForgeServer, status: int) -> None:
    merged(any_server, 4, approvers=["bob"])
    any_server.faults = [Fault("GET", status, ending=ending) for ending in ("/approvals", "/reviews")]
    (one,) = any_client(any_server).merged_pulls("imagebot/", None)

    assert one.approvers == (("bob",) if isinstance(any_server, GitHubServer) else ())
