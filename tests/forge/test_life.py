"""What is said, taken off and told of afterwards, on every forge with a server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from imagebot.errors import Refused, WorldError
from imagebot.forge import protocol
from imagebot.forge.ensure import ensure
from imagebot.forge.protocol import Forge, PullRequest
from imagebot.pulls import block
from tests.forge.conftest import any_client, facts, kept, only
from tests.support.bitbucket_cloud_server import BitbucketCloudServer
from tests.support.forge_server import Fault, ForgeServer
from tests.support.gitea_server import GiteaServer
from tests.support.github_server import GitHubServer
from tests.support.gitlab_server import GitLabServer
from tests.support.proposals import BRANCH, body, proposal

LISTS = ("/pulls", "/merge_requests", "/graphql", "/pullrequests", "/pull-requests")
SINCE = datetime(2026, 1, 3, tzinfo=UTC)


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


def test_labels_by_which_people_asked_are_taken_off(labelling_server: ForgeServer) -> None:
    labelling_server.add(BRANCH, labels=["image-update", "minor", "needs-attention"])
    forge = any_client(labelling_server)
    left = forge.remove_labels(only(labelling_server), ("Minor", "never there", "needs-attention"))

    assert left.labels == only(labelling_server).labels == ("image-update",)
    before = len(labelling_server.writes)
    assert forge.remove_labels(left, ()) == left
    assert len(labelling_server.writes) == before


def test_a_label_that_somebody_took_off_meanwhile_is_fine(labelling_server: ForgeServer) -> None:
    labelling_server.add(BRANCH, labels=["image-update", "minor"])
    seen = only(labelling_server)
    labelling_server.pulls[1].labels = ["image-update"]

    assert any_client(labelling_server).remove_labels(seen, ("minor",)).labels == ("image-update",)


def test_a_closed_one_shows_its_labels(labelling_server: ForgeServer) -> None:
    labelling_server.add(BRANCH, state="closed", closed_at="2026-01-01T12:00:00Z", labels=["retry"])

    (closed,) = any_client(labelling_server).closed_pulls(BRANCH)
    assert closed.labels == ("retry",)


def merged(server: ForgeServer, day: int, head: str = BRANCH, **facts: object) -> None:
    at = f"2026-01-{day:02}T12:00:00Z"
    closed = {"closed_at": None if isinstance(server, GitLabServer) else at, "closed_by": "alice"}
    pull = server.add(head, state="closed", merged_at=at, **{**closed, **facts})
    pull.updated = day * 86_400 if isinstance(server, GiteaServer) else 0


def test_merged_ones_tell_when_by_whom_as_what_and_who_approved(any_server: ForgeServer) -> None:
    merged(any_server, 4, approvers=["bob", "carol"], objectors=["alice"], body=body("f1"), labels=["minor"])
    (one,) = any_client(any_server).merged_pulls("imagebot/", None)

    assert (one.at[:19], one.by, one.commit, sorted(one.approvers)) == (
        "2026-01-04T12:00:00",
        "alice",
        "" if isinstance(any_server, BitbucketCloudServer) else f"{1:040x}",
        ["bob", "carol"],
    )
    pull = one.pull
    assert (pull.state, pull.branch, pull.closed_at, pull.closed_by) == ("merged", BRANCH, one.at, "alice")
    labels = ("minor",) if facts(any_server).labels else ()
    assert (pull.labels, pull.body.strip(), pull.opened_at[:10]) == (labels, body("f1").strip(), "2026-01-01")


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
    listings = [call for call in any_server.calls if call.path.endswith(LISTS)]
    assert len(listings) == 2


def test_not_more_are_read_than_anybody_waits_for(github_server: GitHubServer) -> None:
    for number in range(protocol.MOST_MERGED + 7):
        merged(github_server, 1 + number % 28)

    assert len(any_client(github_server).merged_pulls("imagebot/", None)) == protocol.MOST_MERGED


@pytest.mark.parametrize("status", [403, 404])
def test_approvals_that_may_not_be_seen_are_none(any_server: ForgeServer, status: int) -> None:
    merged(any_server, 4, approvers=["bob"])
    any_server.faults = [Fault("GET", status, ending=ending) for ending in ("/approvals", "/reviews", "s/1")]
    (one,) = any_client(any_server).merged_pulls("imagebot/", None)

    assert one.approvers == (("bob",) if isinstance(any_server, GitHubServer) else ())


def test_what_people_wish_of_a_closed_one_is_seen_at_the_cost_of_one_request(any_server: ForgeServer) -> None:
    """A label put on it, a box ticked: whatever is done to it moves it up in a list by last change."""
    labels = ("image-update", "imagebot/retry") if facts(any_server).labels else ()
    closed = {"state": "closed", "closed_at": "2026-01-01T12:00:00Z"}
    for number in range(60):
        any_server.add(f"imagebot/staging/old-{number}", changed_at="2026-01-02T00:00:00Z", **closed)
    any_server.add("imagebot/staging/open", changed_at="2026-01-05T00:00:00Z")
    any_server.add("people/other", changed_at="2026-01-05T00:00:00Z", **closed)
    any_server.add(
        "imagebot/staging/fork", changed_at="2026-01-05T00:00:00Z", head_repo="mallory/environments", **closed
    )
    any_server.add(
        "imagebot/staging/done", changed_at="2026-01-05T00:00:00Z", merged_at="2026-01-05T00:00:00Z", **closed
    )
    any_server.add(
        BRANCH, changed_at="2026-01-04T00:00:00Z", labels=["image-update", "imagebot/retry"], body=body("f1"), **closed
    )
    found = any_client(any_server).closed_since("imagebot/", SINCE)

    assert [(pull.branch, pull.labels) for pull in found] == [(BRANCH, labels)]
    assert "f1" in str(block.read(found[0].body))
    # Azure says nothing of more pages, and keeps the machine block apart.
    assert len(any_server.calls) == (1 if facts(any_server).block_in_body else 3)


def test_a_renamed_repository_is_told_with_the_url_that_it_has_now(gitea_server: GiteaServer) -> None:
    """Gitea answers with a redirect to the same question under the new name (`RedirectToRepo`)."""
    gitea_server.renamed_to = "acme/env"
    forge = any_client(gitea_server)
    for ask in (lambda: forge.open_pulls(""), lambda: forge.create(proposal())):
        with pytest.raises(Refused, match=r"moved to https://forge\.test/acme/env\.git: write that as its url"):
            ask()

    assert len(gitea_server.calls) == 2


@pytest.mark.parametrize("host", ["http://evil.test", "//evil.test", "https://user:secret@evil.test:8443"])
def test_a_redirect_to_another_host_is_told_and_not_followed(any_server: ForgeServer, host: str) -> None:
    location = f"{host}/api/v1/repos/acme/env/pulls?token=secret"
    any_server.faults = [Fault("GET", 302, headers=(("Location", location),))]
    with pytest.raises(
        Refused, match=r"sends us elsewhere .* to \S*evil\.test\S*/pulls; nothing was sent there"
    ) as caught:
        any_client(any_server).open_pulls("")

    assert "secret" not in str(caught.value)
    assert len(any_server.calls) == 1


SCOPES = [
    pytest.param("comments", lambda forge, pull: forge.say(pull, "words", pull.body), id="comments"),
    pytest.param("pulls", lambda forge, pull: forge.rewrite(pull, proposal("f2")), id="pull requests"),
]


@pytest.mark.parametrize(("scope", "ask"), SCOPES)
def test_a_token_that_may_not_do_everything_is_told_what_it_lacks(
    any_server: ForgeServer, scope: str, ask: Callable[[Forge, PullRequest], object]
) -> None:
    """As one that may write contents and no issues, or a conversation that people locked."""
    any_server.add(BRANCH, body=body("f1"))
    any_server.may_not = {scope}
    forge = any_client(any_server)
    (pull,) = forge.open_pulls("imagebot/")
    with pytest.raises(Refused, match="The token needs"):
        ask(forge, pull)

    assert any_server.pulls[1].comments == []
    assert kept(any_server, any_server.pulls[1].body) == body("f1").strip()


def test_labels_that_a_token_may_not_put_on_are_a_warning_until_it_may(labelling_server: ForgeServer) -> None:
    """GitLab takes labels with the merge request itself."""
    labelling_server.may_not = {"labels"}
    wanted = replace(proposal(), labels=("minor",))
    done = ensure(any_client(labelling_server), wanted, None)
    if not facts(labelling_server).opens_whole:
        assert (done.action, done.pull.labels, len(done.warnings)) == ("opened", (), 1)
        labelling_server.may_not = set()
        assert any_client(labelling_server).add(done.pull, wanted).pull.labels == ("minor",)
    assert labelling_server.pulls[1].labels == ["minor"]
