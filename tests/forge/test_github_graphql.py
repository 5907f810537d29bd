"""What GitHub offers by GraphQL alone: the queries fit its schema, and each refusal has its line."""

from __future__ import annotations

import json
import re

import pytest

from imagebot.bans import ToldToWait
from imagebot.errors import NotFound, Refused, Unavailable, WorldError
from imagebot.forge import github, github_graphql
from imagebot.forge.ensure import ensure
from tests.forge.conftest import FAST, client, settings
from tests.support import github_server as fake
from tests.support.github_server import Fault, GitHubServer
from tests.support.proposals import BRANCH, body, wish

QUERIES = ("DRAFT", "MERGE", "MERGED", "READY", "STATE", "STOP", "VIEWER")


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_is_as_github_describes_it(name: str) -> None:
    assert fake.described_graph().wrong_with(getattr(github_graphql, name)) == ""


def test_a_query_that_github_does_not_describe_is_refused() -> None:
    assert "Cannot query field 'isDraftish'" in fake.described_graph().wrong_with(
        github_graphql.STATE.replace("isDraft", "isDraftish")
    )
    assert "Unknown argument 'numbers'" in fake.described_graph().wrong_with(
        github_graphql.STATE.replace("(number:", "(numbers:")
    )


@pytest.mark.parametrize(
    ("last", "allowed", "asked"),
    [
        pytest.param("SQUASH", ("MERGE", "SQUASH", "REBASE"), "SQUASH", id="what was used last"),
        pytest.param("MERGE", ("SQUASH",), "SQUASH", id="the one that is allowed"),
        pytest.param("SQUASH", ("REBASE", "MERGE"), "MERGE", id="one of two"),
    ],
)
def test_it_is_merged_as_the_repository_wants_it(
    github_server: GitHubServer, last: str, allowed: tuple[str, ...], asked: str
) -> None:
    """GitHub takes a merge commit if it is not told otherwise, also where that is not allowed."""
    github_server.merging.used_last, github_server.merging.methods = last, allowed
    done = ensure(client(github_server), wish(auto_merge=True), None)

    assert (done.warnings, github_server.pulls[1].auto_merge) == ((), True)
    (call,) = [call for call in github_server.writes if b"enablePullRequestAutoMerge" in call.body]
    assert call.data["variables"]["method"] == asked


def test_it_is_merged_only_as_it_was_seen(github_server: GitHubServer) -> None:
    ensure(client(github_server), wish(auto_merge=True), None)

    (call,) = [call for call in github_server.writes if b"enablePullRequestAutoMerge" in call.body]
    assert call.data["variables"]["head"] == github_server.pulls[1].head_sha


@pytest.mark.parametrize(
    ("state", "warning"),
    [
        pytest.param(
            "clean", "nothing is required before a merge, so there is nothing to wait for; require", id="clean"
        ),
        pytest.param("unstable", "nothing is required before a merge", id="unstable"),
        pytest.param("dirty", "would not let pull request 1 merge by itself: Pull request .* dirty status", id="dirty"),
        pytest.param("unknown", "unknown status", id="unknown"),
    ],
)
def test_why_github_will_not_merge_is_said(github_server: GitHubServer, state: str, warning: str) -> None:
    github_server.merging.state = state
    done = ensure(client(github_server), wish(auto_merge=True), None)

    assert done.action == "opened"
    assert all(re.search(warning, said) for said in done.warnings)
    assert done.warnings


def test_a_state_that_github_is_still_finding_out_is_asked_for_again(github_server: GitHubServer) -> None:
    github_server.merging.state = "unknown"
    ensure(client(github_server), wish(auto_merge=True), None)
    github_server.merging.state = "blocked"
    forge = client(github_server)
    done = ensure(forge, wish(auto_merge=True), forge.open_pulls("")[0])

    assert (done.warnings, github_server.pulls[1].auto_merge) == ((), True)


def test_a_repository_that_does_not_allow_it_is_told_how(github_server: GitHubServer) -> None:
    github_server.merging.allowed = False
    done = ensure(client(github_server), wish(auto_merge=True), None)

    assert done.warnings == (
        "pull request 1 will not merge by itself: tick `Allow auto-merge` in the settings of acme/environments",
    )
    assert [call.path for call in github_server.writes if b"enable" in call.body] == []


def test_where_drafts_are_not_to_be_had_it_is_opened_all_the_same(github_server: GitHubServer) -> None:
    github_server.drafts_allowed = False
    done = ensure(client(github_server), wish(draft=True), None)

    assert (done.action, done.pull.draft) == ("opened", False)
    (warning,) = done.warnings
    assert "Draft pull requests are not supported in this repository" in warning
    forge = client(github_server)
    assert ensure(forge, wish("f2", draft=True), forge.open_pulls("")[0]).warnings == ()


def test_an_open_one_that_cannot_become_a_draft_is_a_warning(github_server: GitHubServer) -> None:
    github_server.drafts_allowed = False
    github_server.add(BRANCH, body=body("f1"))
    forge = client(github_server)
    done = ensure(forge, wish("f2", draft=True), forge.open_pulls("")[0])

    assert (done.action, len(done.warnings)) == ("rewritten", 1)


def graph(*errors: dict[str, object]) -> bytes:
    return json.dumps({"data": None, "errors": list(errors)}).encode()


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        pytest.param(graph({"type": "NOT_FOUND", "message": "no"}), NotFound, "no. It says the same", id="not found"),
        pytest.param(graph({"type": "FORBIDDEN", "message": "no"}), Refused, "pull requests: write", id="forbidden"),
        pytest.param(graph({"type": "RATE_LIMITED", "message": "slow"}), ToldToWait, "slow down", id="limit"),
        pytest.param(graph({"message": "You have exceeded a secondary rate limit"}), ToldToWait, "slow", id="second"),
        pytest.param(graph({"message": "Something went wrong while"}), Unavailable, "Something went", id="their bug"),
        pytest.param(graph({"type": "X", "message": "a\x1b[31mb"}), WorldError, r"a\\x1b\[31mb", id="odd"),
        pytest.param(b'{"errors": "x"}', WorldError, "would not show", id="errors of another shape"),
        pytest.param(b'{"data": {"repository": null}}', WorldError, r"repository: Input", id="nothing"),
        pytest.param(b"[]", WorldError, "makes no sense", id="a list"),
        pytest.param(b"<html>", WorldError, "is no JSON", id="HTML"),
    ],
)
def test_what_graphql_refuses_with_a_status_of_200_has_its_line(
    github_server: GitHubServer, answer: bytes, error: type[WorldError], message: str
) -> None:
    github_server.add(BRANCH)
    github_server.faults = [Fault("POST", 200, ending="/graphql", body=answer)]
    forge = client(github_server)
    with pytest.raises(error, match=message):
        forge.stop_auto_merge(forge.open_pulls("")[0])


def test_another_repository_is_not_found(github_server: GitHubServer) -> None:
    forge = github.connect(settings(github_server).model_copy(update={"url": "https://github.test/acme/other"}), FAST)
    with pytest.raises(NotFound, match="Could not resolve to a Repository"):
        forge.merged_pulls("", None)


def test_a_question_is_no_write(github_server: GitHubServer) -> None:
    forge = client(github_server)
    forge.merged_pulls("", None)

    assert (forge.writes, len(github_server.calls)) == (0, 1)
