"""What is peculiar to Azure DevOps: the block beside the words, people by their teams, the names of a repository."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from imagebot.errors import BadInput, Refused
from imagebot.forge import azure
from imagebot.forge.azure import AzureRepository
from imagebot.forge.ensure import ensure
from imagebot.pulls import block
from imagebot.secret import Secret
from imagebot.settings.resolve import TokenCredentials
from tests.forge.conftest import only, rest_client, rest_settings
from tests.support import azure_server
from tests.support.azure_server import AzureServer
from tests.support.forge_server import Fault
from tests.support.proposals import BRANCH, body, proposal, wish

LONG = "w" * 5000


@pytest.fixture
def server() -> Iterator[AzureServer]:
    with azure_server.running() as running:
        yield running


def test_the_block_is_kept_beside_the_words(server: AzureServer) -> None:
    ensure(rest_client(server), proposal(), None)

    assert "imagebot:v1" not in str(server.pulls[1].body)
    assert block.read(server.properties[1]["imagebot.block"]) == block.read(proposal().body)
    assert only(server).body == proposal().body


def test_words_that_are_longer_than_a_list_shows_are_read_whole(server: AzureServer) -> None:
    ensure(rest_client(server), replace(proposal(), body=body("f1", words="w" * 3000)), None)

    assert only(server).body.count("w") >= 3000


def test_words_that_are_too_long_are_cut_and_the_block_is_not(server: AzureServer) -> None:
    wanted = replace(proposal(), body=body("f1", words=LONG))
    ensure(rest_client(server), wanted, None)

    assert len(str(server.pulls[1].body)) == 4000
    assert ensure(rest_client(server), wanted, only(server)).action == "kept"


def test_a_block_that_people_wrote_into_the_words_is_none(server: AzureServer) -> None:
    server.add(BRANCH, body=body("f1"))
    server.pulls[1].body = body("f9")

    found = block.read(only(server).body)
    assert found is not None
    assert found.fingerprint == "f1"


def test_one_whose_properties_cannot_be_read_hides_no_other(server: AzureServer) -> None:
    server.add(BRANCH, body=body("f1"))
    server.add("imagebot/staging/other", body=body("f1"))
    server.faults = [Fault("GET", 403, ending="/1/properties")]
    found = rest_client(server).open_pulls("imagebot/")

    assert [pull.branch for pull in found] == ["imagebot/staging/other"]
    assert "cannot be read" in found.doubt(BRANCH)
    assert found.doubt("imagebot/staging/other") == ""


def test_a_block_that_could_not_be_kept_at_the_opening_is_kept_after_it(server: AzureServer) -> None:
    server.next_writes = {2: Fault("*", "reset")}
    assert ensure(rest_client(server), proposal(), None).action == "opened"

    assert only(server).body.strip() == proposal().body.strip()
    assert len(server.pulls) == 1


def test_closing_tells_that_it_was_us_before_it_is_closed(server: AzureServer) -> None:
    server.add(BRANCH, body=body("f1"))
    last = block.stamped(body("f1"), closed_by_bot=True)
    rest_client(server).close(only(server), "main has it", last)

    assert [call.path.rpartition("/")[2] for call in server.writes] == ["threads", "properties", "1"]
    assert server.pulls[1].state == "closed"


def test_people_and_teams_are_known_by_the_projects_teams(server: AzureServer) -> None:
    wanted = replace(proposal(), reviewers=("Alice", "team:platform", "nobody"))
    done = ensure(rest_client(server), wanted, None)

    assert sorted(done.pull.reviewers) == ["alice", "team:platform"]
    assert done.warnings == ("no team of platform has nobody, or is it",)


def test_nobody_is_asked_where_teams_may_not_be_seen(server: AzureServer) -> None:
    server.faults = [Fault("GET", 403, ending="/teams")]
    done = ensure(rest_client(server), replace(proposal(), reviewers=("alice",)), None)

    assert done.action == "opened"
    assert "alice cannot be asked for a review" in done.warnings[0]


@pytest.mark.parametrize(("allowed", "taken"), [(["rebase", "squash"], "squash"), (["rebase"], "rebase")])
def test_it_is_completed_as_the_policy_allows(server: AzureServer, allowed: list[str], taken: str) -> None:
    """The fake fails where it is asked for another."""
    server.strategies = allowed
    ensure(rest_client(server), replace(wish("f1", auto_merge=True), message="one\n\ntwo"), None)

    assert server.pulls[1].auto_merge
    assert (server.pulls[1].merge_message[1] is not None) is (taken == "squash")


def test_what_is_abandoned_comes_back_only_by_people(server: AzureServer) -> None:
    server.add(BRANCH, state="closed", closed_at="2026-01-01T12:00:00Z", closed_by="alice", body=body("f1"))
    (closed,) = rest_client(server).closed_pulls(BRANCH)

    assert (closed.closed_by, block.read(closed.body)) == ("alice", block.read(body("f1")))


def test_a_token_that_is_no_good_is_told(server: AzureServer) -> None:
    wrong = rest_settings(server).model_copy(update={"credentials": TokenCredentials(Secret("wrong"))})
    with pytest.raises(Refused, match="does not accept our credentials"):
        rest_client(server, changed=wrong).open_pulls("")


CLOUD, OLD, OWN = "https://dev.azure.com", "https://acme.visualstudio.com", "https://git.acme.test"


@pytest.mark.parametrize(
    ("url", "api", "place"),
    [
        (f"{CLOUD}/acme/platform/_git/env", CLOUD, AzureRepository(("acme",), "platform", "env")),
        (f"{CLOUD}/acme/_git/env", CLOUD, AzureRepository(("acme",), "env", "env")),
        (f"{CLOUD}/acme/My%20Team/_git/env", CLOUD, AzureRepository(("acme",), "My Team", "env")),
        ("git@ssh.dev.azure.com:v3/acme/platform/env", CLOUD, AzureRepository(("acme",), "platform", "env")),
        (f"{OLD}/platform/_git/env", OLD, AzureRepository((), "platform", "env")),
        (f"{OLD}/_git/env", OLD, AzureRepository((), "env", "env")),
        (f"{OWN}/tfs/One/platform/_git/env", OWN, AzureRepository(("tfs", "One"), "platform", "env")),
        (f"{OWN}/tfs/One/platform/_git/env", f"{OWN}/tfs", AzureRepository(("One",), "platform", "env")),
    ],
)
def test_a_repository_is_found_by_its_url(url: str, api: str, place: AzureRepository) -> None:
    assert azure.place(url, api) == place


@pytest.mark.parametrize(
    "url",
    [
        "https://dev.azure.com/acme/platform/env",
        "https://dev.azure.com/acme/platform/_git/env/x",
        "https://dev.azure.com/acme/../_git/env",
        "https://dev.azure.com/acme/a%2Fb/_git/env",
        "https://dev.azure.com/acme/%2e%2e/_git/env",
        "/srv/env.git",
    ],
)
def test_what_names_no_repository_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="needs a repository's URL"):
        azure.place(url, "https://dev.azure.com")


def test_paths_are_quoted() -> None:
    assert AzureRepository(("acme", "a b"), "My Team", "env").home == "/acme/a%20b/My%20Team"
