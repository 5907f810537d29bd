"""Drafts and auto-merge, on every forge with a server: what the bot wants, what people set, what a kill leaves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from imagebot.errors import WorldError
from imagebot.forge.ensure import Ensured, ensure
from imagebot.forge.protocol import Proposal, PullRequest
from imagebot.pulls import block
from tests.forge.conftest import any_client, facts, only
from tests.support import bitbucket_cloud_server
from tests.support.azure_server import NOBODY, AzureServer
from tests.support.bitbucket_dc_server import BitbucketDataCenterServer
from tests.support.forge_server import Fault, ForgeServer, Kind
from tests.support.gitea_server import GiteaServer
from tests.support.github_server import GitHubServer
from tests.support.gitlab_server import GitLabServer
from tests.support.proposals import BRANCH, body, proposal, wish

OTHER_HEAD = "2" * 40


def a_pass(server: ForgeServer, wanted: Proposal) -> Ensured:
    forge = any_client(server)
    return ensure(forge, wanted, next(iter(forge.open_pulls("imagebot/")), None))


def settled(server: ForgeServer, wanted: Proposal) -> PullRequest:
    """The pull request, after a further pass that writes nothing."""
    before = len(server.writes)
    done = a_pass(server, wanted)

    assert (done.action, len(server.writes) - before, done.warnings) == ("kept", 0, ())
    return done.pull


def merges(server: ForgeServer) -> bool:
    """Whether the forge will merge it by itself."""
    return server.pulls[1].auto_merge


def set_draft(server: ForgeServer, *, wanted: bool) -> None:
    """As a person does in the browser."""
    pull = server.pulls[1]
    if not facts(server).draft_prefix:
        pull.draft = wanted
    elif wanted:
        pull.title = f"{'Draft' if isinstance(server, GitLabServer) else 'WIP'}: {pull.title}"
    else:
        pull.title = pull.title.partition(": ")[2]


def test_a_draft_is_opened_as_one_and_let_go_of(any_server: ForgeServer) -> None:
    assert a_pass(any_server, wish("f1", draft=True)).action == "opened"
    assert settled(any_server, wish("f1", draft=True)).draft

    a_pass(any_server, wish("f2"))
    pull = settled(any_server, wish("f2"))
    assert (pull.draft, pull.title) == (False, proposal("f2").title)


def test_an_open_one_can_become_a_draft(any_server: ForgeServer) -> None:
    """As when a newer version has to soak."""
    a_pass(any_server, wish("f1"))
    a_pass(any_server, wish("f2", draft=True))
    assert settled(any_server, wish("f2", draft=True)).draft

    a_pass(any_server, wish("f3", draft=True))
    assert settled(any_server, wish("f3", draft=True)).draft
    a_pass(any_server, wish("f4"))
    assert not settled(any_server, wish("f4")).draft


def test_a_draft_that_a_person_made_stays_one(any_server: ForgeServer) -> None:
    a_pass(any_server, wish("f1"))
    set_draft(any_server, wanted=True)
    a_pass(any_server, wish("f2"))

    pull = settled(any_server, wish("f2"))
    assert pull.draft
    assert pull.title.endswith(proposal("f2").title)


def test_a_draft_that_a_person_lifted_is_made_none_again(any_server: ForgeServer) -> None:
    a_pass(any_server, wish("f1", draft=True))
    set_draft(any_server, wanted=False)
    a_pass(any_server, wish("f2", draft=True))

    assert not settled(any_server, wish("f2", draft=True)).draft


def test_auto_merge_is_on_from_the_opening(merging_server: ForgeServer) -> None:
    done = a_pass(merging_server, wish(auto_merge=True))

    assert (done.action, done.warnings) == ("opened", ())
    assert merges(merging_server)
    settled(merging_server, wish(auto_merge=True))


def squashes(server: ForgeServer) -> None:
    """Have the repository's pull requests squashed."""
    if isinstance(server, AzureServer):
        server.strategies = ["squash"]
    if isinstance(server, GitHubServer):
        server.merging.used_last = "SQUASH"


def will_say(server: ForgeServer) -> str:
    """What the commit on the base branch will say, as far as we said it."""
    title, message = server.pulls[1].merge_message
    return "\n\n".join(part for part in (title, message) if part)


MESSAGE = "deps(staging): podinfo {}\n\nwhy\n\nImage-Update: podinfo 6.5.0 -> {}\nImage-Field: a.yaml /spec/image\n"


def test_a_squash_by_auto_merge_keeps_the_message_of_the_commit(merging_server: ForgeServer) -> None:
    """Its trailers tell what landed: without them the version would be proposed again after a person took it back."""
    squashes(merging_server)
    a_pass(merging_server, replace(wish("f1", auto_merge=True), message=MESSAGE.format("6.5.1", "6.5.1")))

    first, _, rest = MESSAGE.format("6.5.1", "6.5.1").strip().partition("\n")
    assert merges(merging_server)
    # A number behind `#` is a work item's on Azure.
    said = f"Merged PR 1: {first}" if isinstance(merging_server, AzureServer) else f"{first} (#1)"
    assert will_say(merging_server) == f"{said}\n{rest}"


def test_the_next_version_is_not_squashed_with_the_words_of_the_last(merging_server: ForgeServer) -> None:
    squashes(merging_server)
    a_pass(merging_server, replace(wish("f1", auto_merge=True), message=MESSAGE.format("6.5.1", "6.5.1")))
    merging_server.pulls[1].head_sha = OTHER_HEAD
    wanted = replace(wish("f2", auto_merge=True), message=MESSAGE.format("6.5.2", "6.5.2"), head=OTHER_HEAD)
    assert a_pass(merging_server, wanted).warnings == ()

    assert merges(merging_server)
    assert "6.5.2" in will_say(merging_server)
    assert "6.5.1" not in will_say(merging_server)


def test_what_is_merged_with_its_own_commit_is_given_no_message(merging_server: ForgeServer) -> None:
    """The commit stays, and says all this itself."""
    if isinstance(merging_server, GitLabServer):
        merging_server.squash = False
    if isinstance(merging_server, BitbucketDataCenterServer):
        merging_server.strategy = "no-ff"
    if isinstance(merging_server, GiteaServer):
        merging_server.styles, merging_server.style = ["merge"], "merge"
    a_pass(merging_server, replace(wish("f1", auto_merge=True), message=MESSAGE.format("6.5.1", "6.5.1")))

    assert merges(merging_server)
    assert will_say(merging_server) == ""


def test_auto_merge_that_a_person_switched_on_is_left_to_them(merging_server: ForgeServer) -> None:
    squashes(merging_server)
    a_pass(merging_server, wish("f1"))
    merging_server.pulls[1].auto_merge = True
    before = len(merging_server.writes)
    done = a_pass(merging_server, replace(wish("f2", auto_merge=True), message=MESSAGE.format("6.5.2", "6.5.2")))

    assert done.warnings == ()
    assert merges(merging_server)
    if isinstance(merging_server, GitHubServer):
        assert [call.verb for call in merging_server.writes[before:]] == ["PATCH", "PATCH"]


def test_auto_merge_is_switched_on_and_off_with_the_proposal(merging_server: ForgeServer) -> None:
    a_pass(merging_server, wish("f1"))
    a_pass(merging_server, wish("f2", auto_merge=True))
    assert merges(merging_server)
    settled(merging_server, wish("f2", auto_merge=True))

    a_pass(merging_server, wish("f3"))
    assert not merges(merging_server)
    settled(merging_server, wish("f3"))


def test_what_soaks_as_a_draft_merges_by_itself_afterwards(merging_server: ForgeServer) -> None:
    soaking = wish("f1", draft=True, auto_merge=True)
    a_pass(merging_server, soaking)
    assert (settled(merging_server, soaking).draft, merges(merging_server)) == (True, False)

    done = a_pass(merging_server, wish("f2", auto_merge=True))
    assert (done.pull.draft, merges(merging_server), done.warnings) == (False, True, ())


def test_auto_merge_that_a_person_switched_on_stays_on(merging_server: ForgeServer) -> None:
    a_pass(merging_server, wish("f1"))
    merging_server.pulls[1].auto_merge = True
    a_pass(merging_server, wish("f2"))

    assert merges(merging_server)


def test_stopping_auto_merge_stops_it_and_can_be_done_twice(merging_server: ForgeServer) -> None:
    a_pass(merging_server, wish(auto_merge=True))
    for _ in range(2):
        any_client(merging_server).stop_auto_merge(only(merging_server))
        assert not merges(merging_server)


def test_auto_merge_that_may_still_be_on_is_no_warning(merging_server: ForgeServer) -> None:
    """Else the next version, which nobody wants merged unseen, would be."""
    a_pass(merging_server, wish("f1", auto_merge=True))
    merging_server.faults = [
        Fault("POST", 500, ending="/graphql", text="disable"),
        Fault("POST", 500, ending="/cancel_merge_when_pipeline_succeeds"),
        Fault("DELETE", 500, ending="/merge"),
        Fault("DELETE", 500, ending="/auto-merge"),
        Fault("PATCH", 500, text=NOBODY),
    ]
    with pytest.raises(WorldError):
        a_pass(merging_server, wish("f2"))

    assert only(merging_server).title == proposal("f1").title
    merging_server.faults = []
    a_pass(merging_server, wish("f2"))
    assert not merges(merging_server)


def test_a_moved_branch_gets_auto_merge_again_and_keeps_peoples_words(merging_server: ForgeServer) -> None:
    """On some forges a new commit ends it."""
    a_pass(merging_server, wish(auto_merge=True))
    pull = merging_server.pulls[1]
    pull.auto_merge, pull.body = False, body("f1", words="wait for Monday", auto_merge=True)
    forge = any_client(merging_server)
    done = ensure(forge, wish(auto_merge=True), forge.open_pulls("")[0], moved=True)

    assert (done.action, merges(merging_server)) == ("kept", True)
    assert only(merging_server).body.startswith("wait for Monday")


def test_what_was_not_pushed_yet_is_not_merged(merging_server: ForgeServer) -> None:
    """The forge still shows the old commit: the body stays unfinished, and the next pass asks again."""
    wanted = replace(wish(auto_merge=True), head=OTHER_HEAD)
    done = a_pass(merging_server, wanted)
    assert not merges(merging_server)
    assert "has not seen what was pushed; the next pass asks again" in done.warnings[-1]

    merging_server.pulls[1].head_sha = OTHER_HEAD
    a_pass(merging_server, wanted)
    assert merges(merging_server)
    settled(merging_server, wanted)


def test_what_people_wrote_into_an_unfinished_body_stays(merging_server: ForgeServer) -> None:
    wanted = replace(wish(auto_merge=True), head=OTHER_HEAD)
    a_pass(merging_server, wanted)
    pull = merging_server.pulls[1]
    pull.head_sha, pull.title, pull.body = OTHER_HEAD, "WAIT", f"wait for Monday\n\n{pull.body}"
    a_pass(merging_server, wanted)

    shown = settled(merging_server, wanted)
    assert (shown.title, shown.body.partition("\n")[0]) == ("WAIT", "wait for Monday")


def require_nothing(server: ForgeServer) -> None:
    match server:
        case GitHubServer():
            server.merging.state = "clean"
        case GitLabServer():
            server.strategies, server.merge_status = [], "MERGEABLE"
        case GiteaServer():
            server.required = []
        case AzureServer():
            server.required = [("approved", True), ("queued", False)]
        case BitbucketDataCenterServer():
            server.vetoes = []


def test_where_nothing_is_waited_for_it_is_never_merged_at_once(merging_server: ForgeServer) -> None:
    """The fakes fail if they are told to. Refused, it is a warning that says what to do, and no reason to ask on."""
    require_nothing(merging_server)
    warnings = [warning for _ in range(2) for warning in a_pass(merging_server, wish(auto_merge=True)).warnings]

    assert not merges(merging_server)
    assert all("pull request 1 will not" in text or "merge request 1 will not" in text for text in warnings)
    assert all("require" in text for text in warnings)
    assert warnings
    settled(merging_server, wish(auto_merge=True))


FAULTS = [
    pytest.param(500, False, id="500 before"),
    pytest.param(500, True, id="500 after"),
    pytest.param("reset", True, id="no answer after"),
]


@pytest.mark.parametrize(("answer", "after"), FAULTS)
@pytest.mark.parametrize("nth", range(1, 6))
@pytest.mark.parametrize("wanted", [wish("f2", draft=True), wish("f2", auto_merge=True)], ids=["draft", "auto-merge"])
def test_killed_after_any_write_what_was_switched_on_is_switched_off_when_it_is_not_wanted(
    merging_server: ForgeServer, wanted: Proposal, nth: int, answer: int | Kind, *, after: bool
) -> None:
    """Whatever a killed pass switched on, the body tells that it was us: it is no person's task that would stay."""
    a_pass(merging_server, wish("f1"))
    strike(merging_server, nth, answer, after=after)
    a_pass_or_none(merging_server, wanted)
    merging_server.next_writes = {}
    shown = only(merging_server)
    told = block.read(shown.body)
    assert told is not None
    assert not (merges(merging_server) and not told.auto_merge)
    assert not (shown.draft and not told.draft)

    a_pass(merging_server, wish("f3"))
    assert (only(merging_server).draft, merges(merging_server)) == (False, False)
    settled(merging_server, wish("f3"))


@pytest.mark.parametrize(("answer", "after"), FAULTS)
@pytest.mark.parametrize("nth", range(1, 6))
def test_killed_after_any_write_the_next_pass_switches_on_what_is_wanted(
    merging_server: ForgeServer, nth: int, answer: int | Kind, *, after: bool
) -> None:
    wanted = wish("f2", auto_merge=True)
    strike(merging_server, nth, answer, after=after)
    a_pass_or_none(merging_server, wanted)
    merging_server.next_writes = {}
    a_pass_or_none(merging_server, wanted)

    assert merges(merging_server)
    settled(merging_server, wanted)
    assert len(merging_server.pulls) == 1


def strike(server: ForgeServer, nth: int, answer: int | Kind, *, after: bool) -> None:
    """The nth write from now on fails, whatever it is."""
    server.next_writes = {len(server.writes) + nth: Fault("*", answer, after=after)}


def a_pass_or_none(server: ForgeServer, wanted: Proposal) -> None:
    try:
        a_pass(server, wanted)
    except WorldError:
        return


def test_what_is_listed_tells_of_drafts_and_when_it_was_opened(any_server: ForgeServer) -> None:
    any_server.add(BRANCH, title="t", body=body("f1"))
    assert (only(any_server).draft, only(any_server).opened_at[:16]) == (False, "2026-01-01T10:00")

    set_draft(any_server, wanted=True)
    assert only(any_server).draft


def test_where_nothing_merges_by_itself_that_is_told_once_and_all_else_is_done() -> None:
    with bitbucket_cloud_server.running() as server:
        done = a_pass(server, wish(auto_merge=True))

        assert done.action == "opened"
        assert "will not merge by itself: Bitbucket Cloud's API cannot be told" in done.warnings[0]
        any_client(server).stop_auto_merge(only(server))
        settled(server, wish(auto_merge=True))
