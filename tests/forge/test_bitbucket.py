"""What is peculiar to Bitbucket: what people ask by comments, versions, nicknames, and the two ways to be known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from imagebot.errors import BadInput, Refused
from imagebot.forge import bitbucket, commented
from imagebot.forge.commented import PullComment
from imagebot.forge.ensure import ensure
from imagebot.pulls import block
from imagebot.secret import Secret
from imagebot.settings.resolve import RepositorySettings, TokenCredentials
from tests.forge.conftest import FAST, REST, only, rest_client, rest_settings
from tests.support import bitbucket_cloud_server, bitbucket_dc_server
from tests.support.forge_server import Fault, ForgeServer
from tests.support.proposals import BRANCH, body, proposal, wish
from tests.support.web_function import Answer, serving

NOWHERE = RepositorySettings.model_construct(
    name="environments", url="", forge="bitbucket", credentials=TokenCredentials(Secret("token"))
)
REBUILD, HOLD, RETRY = "imagebot/rebuild", "imagebot/hold", "imagebot/retry"


@pytest.fixture(params=["bitbucket cloud", "bitbucket data center"])
def server(request: pytest.FixtureRequest) -> Iterator[ForgeServer]:
    with REST[request.param]() as running:
        yield running


@pytest.mark.parametrize(
    ("said", "labels"),
    [
        pytest.param([], (), id="nothing"),
        pytest.param(["alice: imagebot rebuild"], (REBUILD,), id="one"),
        pytest.param(["alice: IMAGEBOT  rebuild\n"], (REBUILD,), id="in other letters"),
        pytest.param(["alice: please imagebot rebuild"], (), id="within a sentence"),
        pytest.param(["alice: > imagebot rebuild"], (), id="quoted"),
        pytest.param(["alice: imagebot reboot"], (), id="unknown"),
        pytest.param(["carol: imagebot rebuild"], (), id="who may only read"),
        pytest.param(["alice: imagebot hold", "bob: imagebot retry"], (HOLD, RETRY), id="two"),
        pytest.param(["alice: imagebot hold", "bob: imagebot release"], (), id="held and let go"),
        pytest.param(["alice: imagebot hold", "carol: imagebot release"], (HOLD,), id="let go by who may not"),
        pytest.param(["alice: imagebot release", "alice: imagebot hold"], (HOLD,), id="let go and held"),
    ],
)
def test_whoever_may_write_asks_by_a_comment(server: ForgeServer, said: list[str], labels: tuple[str, ...]) -> None:
    server.add(BRANCH, body=body("f1"), comments=said)

    assert only(server).labels == labels


def test_what_was_asked_is_done_once_and_can_be_asked_again(server: ForgeServer) -> None:
    server.add(BRANCH, body=body("f1"), comments=["alice: imagebot rebuild", "alice: imagebot hold"])
    left = rest_client(server).remove_labels(only(server), (REBUILD,))

    assert left.labels == only(server).labels == (HOLD,)
    assert server.pulls[1].comments[-1] == "Heard: `rebuild`.\n\n[//]: # (imagebot:heard 1 rebuild)"
    server.pulls[1].comments.append("bob: imagebot rebuild")
    assert only(server).labels == (REBUILD, HOLD)


def test_what_is_asked_for_while_another_wish_is_carried_out_is_not_lost(server: ForgeServer) -> None:
    """As two labels are two: one that is taken off leaves the other, whichever was there first."""
    server.add(BRANCH, body=body("f1"), comments=["alice: imagebot retry", "alice: imagebot rebuild"])
    seen = only(server)
    server.pulls[1].comments.append("bob: imagebot retry")
    rest_client(server).remove_labels(seen, (REBUILD,))

    assert only(server).labels == (RETRY,)
    rest_client(server).remove_labels(only(server), (RETRY,))
    assert only(server).labels == ()


def test_what_was_heard_before_marks_told_of_what_stays_heard(server: ForgeServer) -> None:
    heard = ["Heard: `rebuild`.\n\n[//]: # (imagebot:heard 2)", "bob: imagebot retry"]
    server.add(BRANCH, comments=["alice: imagebot rebuild", "alice: imagebot retry", *heard])

    assert only(server).labels == (RETRY,)
    server.pulls[1].comments.pop()
    assert only(server).labels == ()


def test_who_says_that_we_heard_is_not_believed(server: ForgeServer) -> None:
    server.add(BRANCH, comments=["alice: imagebot rebuild", "carol: [//]: # (imagebot:heard 9)"])

    assert only(server).labels == (REBUILD,)


def test_a_closed_one_is_asked_for_again_by_a_comment(server: ForgeServer) -> None:
    server.add(BRANCH, state="closed", closed_at="2026-01-01T12:00:00Z", comments=["bob: imagebot retry"])

    assert rest_client(server).closed_pulls(BRANCH)[0].labels == (RETRY,)


def test_comments_are_read_again_only_where_there_are_more() -> None:
    with bitbucket_cloud_server.running() as cloud:
        cloud.add(BRANCH, comments=["words"])
        cloud.add("imagebot/staging/other")
        forge = rest_client(cloud)
        for _ in range(3):
            forge.open_pulls("imagebot/")
        assert sum(call.path.endswith("/comments") for call in cloud.calls) == 1
        cloud.pulls[1].comments.append("alice: imagebot hold")

        assert [pull.labels for pull in forge.open_pulls("imagebot/")] == [(), (HOLD,)]


def test_where_it_is_not_told_who_may_write_reviewers_are_heard() -> None:
    """Only who administers a Cloud repository may ask that."""
    with bitbucket_cloud_server.running() as cloud:
        cloud.may_not = {"permissions"}
        cloud.add(BRANCH, reviewers=["bob"], comments=["alice: imagebot rebuild", "bob: imagebot hold"])

        assert only(cloud).labels == (HOLD,)


def test_what_is_said_on_peoples_own_pull_requests_is_not_read(server: ForgeServer) -> None:
    server.add(BRANCH, comments=["alice: imagebot hold"])
    server.add("feature/checkout", comments=["words"] * 3)
    server.add(BRANCH, base="release", comments=["words"])
    server.add("imagebot/staging/other", base="release", state="closed", comments=["words"])
    server.add("renovate/shop", state="closed", closed_at="2026-01-01T12:00:00Z", comments=["words"])

    assert [pull.labels for pull in rest_client(server).open_pulls("imagebot/")] == [(HOLD,)]
    rest_client(server).closed_since("imagebot/", datetime(2025, 1, 1, tzinfo=UTC))
    assert sum(call.path.endswith(("/activities", "/comments")) for call in server.calls) == 1


def test_who_may_write_is_asked_once_a_pass_also_where_it_is_not_told() -> None:
    with bitbucket_cloud_server.running() as cloud:
        cloud.may_not = {"permissions"}
        for app in ("shop", "cart"):
            cloud.add(f"imagebot/staging/{app}", reviewers=["alice"], comments=["alice: imagebot hold"] * 2)

        assert [pull.labels for pull in rest_client(cloud).open_pulls("imagebot/")] == [(HOLD,), (HOLD,)]
        assert sum(call.path.endswith("/permissions/repositories/environments") for call in cloud.calls) == 1


def test_comments_that_cannot_be_read_hold_that_one_and_no_other(server: ForgeServer) -> None:
    """What was asked there is not known: a hold, perhaps."""
    server.add(BRANCH, comments=["alice: imagebot rebuild"])
    server.add("imagebot/staging/other")
    server.faults = [Fault("GET", 200, ending=ending, body=b"[]") for ending in ("/comments", "/activities")]

    assert {pull.labels for pull in rest_client(server).open_pulls("imagebot/")} == {(HOLD,), ()}


def test_a_mark_of_nobody_is_none() -> None:
    said = [PullComment(1, "", "imagebot retry"), PullComment(2, "", "[//]: # (imagebot:heard 9)")]

    assert commented.labels(said, "", lambda _: True) == (RETRY,)


def test_our_marks_are_not_shown(server: ForgeServer) -> None:
    ensure(rest_client(server), proposal(), None)

    assert "<!--" not in str(server.pulls[1].body)
    assert "[//]: # (imagebot:v1 " in str(server.pulls[1].body)
    assert block.read(only(server).body) == block.read(proposal().body)


def test_what_was_merged_tells_what_it_proposed(server: ForgeServer) -> None:
    ensure(rest_client(server), proposal(), None)
    pull = server.pulls[1]
    pull.state, pull.merged_at, pull.closed_by = "closed", "2026-01-02T00:00:00Z", "alice"

    (merged,) = rest_client(server).merged_pulls("imagebot/", None)
    assert block.read(merged.pull.body) == block.read(proposal().body)


def test_what_nobody_knows_is_a_warning_and_the_others_are_asked(server: ForgeServer) -> None:
    server.add(BRANCH, body=body("f1"), reviewers=["bob"])
    wanted = replace(proposal(), reviewers=("alice", "nobody", "imagebot", "team:platform"))
    done = rest_client(server).add(only(server), wanted)

    assert sorted(done.pull.reviewers) == ["alice", "bob"]
    assert [next(name for name in ("nobody", "imagebot", "platform") if name in text) for text in done.warnings] == [
        "platform",
        "nobody",
        "imagebot",
    ]


def test_what_is_closed_meanwhile_is_not_written_to(server: ForgeServer) -> None:
    server.add(BRANCH, body=body("f1"))
    seen = only(server)
    server.pulls[1].state = "closed"

    assert rest_client(server).rewrite(seen, proposal("f2")).pull.state == "closed"
    assert server.writes == []


def test_somebody_elses_change_in_the_same_moment_is_not_overwritten() -> None:
    with bitbucket_dc_server.running() as center:
        center.add(BRANCH, body=body("f1"))
        center.faults = [Fault("PUT", 409, body=b'{"errors": [{"message": "out-of-date information"}]}')]
        with pytest.raises(Exception, match="out-of-date"):
            rest_client(center).say(only(center), "", body("f1", words="other"))

        rest_client(center).say(only(center), "", body("f1", words="other"))
        assert only(center).body.startswith("other")


def test_what_waits_with_the_same_words_is_left_alone() -> None:
    with bitbucket_dc_server.running() as center:
        ensure(rest_client(center), wish("f1", auto_merge=True), None)
        before = len([call for call in center.writes if call.path.endswith("merge")])
        forge = rest_client(center)
        ensure(forge, wish("f1", auto_merge=True), only(center), moved=True)

        assert len([call for call in center.writes if call.path.endswith("merge")]) == before == 1


def test_a_repository_that_does_not_merge_by_itself_says_so() -> None:
    with bitbucket_dc_server.running() as center:
        center.auto_merges = False
        done = ensure(rest_client(center), wish("f1", auto_merge=True), None)

        assert "Auto-merge is not enabled for this repository" in done.warnings[0]


def test_before_there_were_drafts_there_are_none() -> None:
    with bitbucket_dc_server.running() as center:
        center.drafts = False
        center.add(BRANCH, body=body("f1"))
        done = ensure(rest_client(center), wish("f2", draft=True), only(center))

        assert done.warnings == ("pull request 1 is no draft: this Bitbucket has none",)
        assert ensure(rest_client(center), wish("f2", draft=True), only(center)).action == "kept"


def test_an_api_token_goes_with_an_address() -> None:
    with bitbucket_cloud_server.running() as cloud:
        cloud.email = "bot@acme.test"
        token = Secret(cloud.token)
        known = rest_settings(cloud).model_copy(update={"credentials": TokenCredentials(token, "bot@acme.test")})
        assert rest_client(cloud, changed=known).open_pulls("") == ()

        with pytest.raises(Refused, match="does not accept our credentials"):
            rest_client(cloud).open_pulls("")


def test_whoever_may_not_is_told_apart_from_whoever_is_not_known() -> None:
    with bitbucket_dc_server.running() as center:
        center.may_not = {"pulls"}
        with pytest.raises(Refused, match=r"not permitted .* The token needs the permission to write"):
            rest_client(center).create(proposal())
        center.token = "an0ther"
        wrong = rest_settings(center).model_copy(update={"credentials": TokenCredentials(Secret("wrong"))})
        with pytest.raises(Refused, match="does not accept our credentials"):
            rest_client(center, changed=wrong).open_pulls("")


@pytest.mark.parametrize(
    ("api", "url", "path"),
    [
        ("/2.0", "https://bitbucket.org/acme/environments.git", "/repositories/acme/environments/"),
        ("/2.0", "git@bitbucket.org:acme/environments.git", "/repositories/acme/environments/"),
        ("/rest/api/latest", "https://git.acme.test/scm/acme/environments.git", "/projects/acme/repos/environments/"),
        ("/rest/api/latest", "ssh://git@git.acme.test:7999/acme/environments.git", "/projects/acme/repos/environ"),
        ("/rest/api/1.0", "https://git.acme.test/scm/~alice/environments.git", "/projects/~alice/repos/environments/"),
        ("/git/rest/api/latest", "https://acme.test/git/scm/acme/environments.git", "/projects/acme/repos/environ"),
    ],
)
def test_a_repository_is_found_by_its_url(api: str, url: str, path: str) -> None:
    with serving(lambda _: Answer(body=b'{"values": [], "isLastPage": true}')) as served:
        told = NOWHERE.model_copy(update={"url": url, "api_url": served.url + api})
        assert bitbucket.connect(told, FAST).open_pulls("imagebot/") == ()

        assert served.asked[0].path.startswith(api + path)


@pytest.mark.parametrize("api", ["https://bitbucket.acme.test/api/v1", "https://bitbucket.acme.test"])
def test_an_api_that_is_neither_is_refused(api: str) -> None:
    with pytest.raises(BadInput, match=r"ends with /2\.0 on Cloud, with /rest/api/latest on Data Center"):
        bitbucket.connect(NOWHERE.model_copy(update={"api_url": api}), FAST)
