"""One odd pull request on a list is no reason to know nothing of the others; a list that may be short is no list."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imagebot.errors import BadResponse, WorldError
from imagebot.forge.ensure import ensure
from imagebot.forge.pages import ListPage, ListPages
from tests.forge.conftest import BITBUCKETS, any_client, within
from tests.fuzz.answers.json_slips import slipped
from tests.support.azure_server import AzureServer
from tests.support.bitbucket_cloud_server import BitbucketCloudServer
from tests.support.forge_server import Fault, ForgeServer
from tests.support.gitea_server import GiteaServer
from tests.support.github_server import GitHubServer
from tests.support.gitlab_server import GitLabServer
from tests.support.proposals import BRANCH, body, proposal

ODD = "imagebot/staging/odd"
CLOSED = {"state": "closed", "closed_at": "2026-01-01T12:00:00Z"}
SINCE = datetime(2025, 1, 1, tzinfo=UTC)


def listed(server: ForgeServer) -> list[dict[str, Any]]:
    """What the forge shows of each pull request, first the odd one's."""
    pulls = sorted(server.pulls.values(), key=lambda pull: pull.head != ODD)
    if isinstance(server, GitHubServer):
        return [server.shown(pull, "pull-request-simple") for pull in pulls]
    return [server.shown(pull) for pull in pulls]  # type: ignore[attr-defined]


def page(server: ForgeServer, items: object) -> bytes:
    """Such a list, as the forge sends it."""
    return json.dumps(within(server, items) if isinstance(items, list) else items).encode()


def answers(server: ForgeServer, items: object, **headers: str) -> None:
    """The next listing is this."""
    told = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    server.faults = [Fault("GET", 200, body=page(server, items), headers=told)]


def names(server: ForgeServer) -> dict[str, str]:
    """What this forge calls things."""
    if isinstance(server, GitLabServer):
        return {"number": "iid", "body": "description", "url": "web_url", "reviewers": "reviewers"}
    if isinstance(server, AzureServer):
        return {"number": "pullRequestId", "body": "description", "url": "repository", "state": "status"}
    if isinstance(server, BITBUCKETS):
        opened = "created_on" if isinstance(server, BitbucketCloudServer) else "createdDate"
        return {"number": "id", "body": "description", "url": "links", "created_at": opened}
    return {"number": "number", "body": "body", "url": "html_url", "reviewers": "requested_reviewers"}


def test_a_team_that_was_asked_for_a_review_stops_nobody(gitea_server: GiteaServer) -> None:
    """Gitea up to 1.22 and Forgejo up to 8 list null beside the people, on any pull request of the repository."""
    gitea_server.add(ODD, reviewers=["alice"])
    gitea_server.add(BRANCH)
    items = listed(gitea_server)
    items[0]["requested_reviewers"] = [{"login": "alice"}, None]
    answers(gitea_server, items)
    found = any_client(gitea_server).open_pulls("imagebot/")

    assert [(pull.branch, pull.reviewers) for pull in found] == [(ODD, ("alice",)), (BRANCH, ())]
    assert found.unread == ()


@pytest.mark.parametrize(
    "odd", [None, [], {}, "x", 7, -1, 1e400, True, "\ud800", "9" * 400, [None], [{}], [{"id": None}]]
)
@pytest.mark.parametrize("field", ["title", "body", "url", "reviewers", "labels", "assignees", "draft", "created_at"])
def test_what_is_odd_about_one_is_left_out_and_the_rest_is_read(
    read_server: ForgeServer, field: str, odd: object
) -> None:
    read_server.add(ODD, title="t")
    read_server.add(BRANCH, title="t")
    items = listed(read_server)
    items[0][names(read_server).get(field, field)] = odd
    answers(read_server, items)
    found = any_client(read_server).open_pulls("imagebot/")

    assert [pull.branch for pull in found] == [ODD, BRANCH]
    assert found.unread == ()


@pytest.mark.parametrize("number", ["1", 1.0])
def test_a_number_is_a_number_however_it_is_written(any_server: ForgeServer, number: object) -> None:
    any_server.add(ODD)
    items = listed(any_server)
    items[0][names(any_server)["number"]] = number
    answers(any_server, items)

    assert [pull.number for pull in any_client(any_server).open_pulls("imagebot/")] == [1]


@pytest.mark.parametrize("odd", [None, 0, -1, 2**80, "x", "1" * 5000, [], True])
@pytest.mark.parametrize("field", ["number", "state"])
def test_what_the_bot_cannot_do_without_makes_that_branch_unknown_and_no_other(
    read_server: ForgeServer, field: str, odd: object
) -> None:
    """It is open, and nobody knows which it is: a second one must not be opened beside it."""
    read_server.add(ODD)
    read_server.add(BRANCH)
    items = listed(read_server)
    items[0][names(read_server).get(field, field)] = odd
    answers(read_server, items)
    found = any_client(read_server).open_pulls("imagebot/")

    assert [pull.branch for pull in found] == [BRANCH]
    assert "cannot be read" in found.doubt(ODD)
    assert found.doubt("imagebot/staging/third") == ""


@pytest.mark.parametrize("odd", [None, [], 7, {}])
def test_one_of_which_not_even_the_branch_is_told_may_be_anybodys(any_server: ForgeServer, odd: object) -> None:
    any_server.add(BRANCH)
    answers(any_server, [odd, *listed(any_server)])
    found = any_client(any_server).open_pulls("imagebot/")

    assert [pull.branch for pull in found] == [BRANCH]
    assert "cannot be read" in found.doubt("imagebot/staging/third")


@pytest.mark.parametrize("facts", [{"base": "release"}, {"head_repo": "mallory/environments"}])
def test_an_odd_one_that_is_not_ours_for_sure_is_no_matter_of_ours(
    any_server: ForgeServer, facts: dict[str, str]
) -> None:
    any_server.add(ODD, **facts)
    any_server.add("people/odd")
    items = listed(any_server)
    for item in items:
        item[names(any_server)["number"]] = None
    answers(any_server, items)

    assert any_client(any_server).open_pulls("imagebot/").unread == ()


def test_a_number_of_thousands_of_digits_spoils_no_other(any_server: ForgeServer) -> None:
    any_server.add(BRANCH)
    text = (
        page(any_server, listed(any_server)).decode().replace('"title"', f'"id_of_something": {"9" * 5000}, "title"', 1)
    )
    any_server.faults = [Fault("GET", 200, body=text.encode())]

    assert [pull.branch for pull in any_client(any_server).open_pulls("imagebot/")] == [BRANCH]


def test_half_a_character_is_shown_as_none(any_server: ForgeServer) -> None:
    """No file, no terminal and no database takes one."""
    any_server.add(BRANCH, title="a")
    items = listed(any_server)
    items[0]["title"] = "a\ud800\\ud800"
    answers(any_server, items)
    (pull,) = any_client(any_server).open_pulls("imagebot/")

    assert pull.title == "a\N{REPLACEMENT CHARACTER}\\ud800"


def test_a_closed_one_that_cannot_be_read_may_be_a_no(any_server: ForgeServer) -> None:
    any_server.add(ODD, body=body("f1"), **CLOSED)
    any_server.add(BRANCH, **CLOSED)
    items = listed(any_server)
    items[0][names(any_server)["number"]] = None
    only_odd = items[:1] if not isinstance(any_server, GiteaServer) else items
    answers(any_server, only_odd)

    with pytest.raises(BadResponse, match="cannot be read"):
        any_client(any_server).closed_pulls(ODD)


def test_a_closed_one_of_somebodys_is_no_no(any_server: ForgeServer) -> None:
    any_server.add(BRANCH, **CLOSED)
    answers(any_server, [{"number": 7, "state": "closed", "body": "by hand"}, *listed(any_server)])
    found = any_client(any_server).closed_since("imagebot/", SINCE)

    assert [pull.branch for pull in found] == [BRANCH]
    assert found.unread == ()


@pytest.mark.parametrize(
    ("items", "headers"),
    [
        pytest.param(lambda items: items[:1], {"Link": "<http://x.test/>; rel=next"}, id="a link without quotes"),
        pytest.param(lambda items: items[:1], {"Link": '<x>; title="a"; REL="prev Next"'}, id="a link of two kinds"),
        pytest.param(lambda items: items[:1], {"X_Total_Count": "2"}, id="a count"),
        pytest.param(lambda items: items[:1], {"X_Total": "2"}, id="a count of GitLab's"),
        pytest.param(lambda items: items, {"X_Total_Count": "1"}, id="a count of fewer"),
        pytest.param(lambda items: [*items] * 26, {}, id="more than asked for"),
        pytest.param(lambda items: {"items": items}, {}, id="no list"),
        pytest.param(lambda items: None, {}, id="null"),
    ],
)
def test_a_list_that_may_be_short_is_no_list(
    any_server: ForgeServer, items: Callable[[list[Any]], Any], headers: dict[str, str]
) -> None:
    """Where there is more, and nothing or the same comes."""
    any_server.add(ODD)
    any_server.add(BRANCH)
    told = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    whole = page(any_server, items(listed(any_server)))
    any_server.faults = [Fault("GET", 200, nth=nth, body=whole, headers=told) for nth in range(1, 5)]
    with pytest.raises(BadResponse):
        any_client(any_server).open_pulls("imagebot/")


@pytest.mark.parametrize("second", [b"", b"<html>", b'[{"number": 1', b"[]"], ids=["empty", "HTML", "cut", "nothing"])
@pytest.mark.parametrize("link", [(), (("Link", '<x>; rel="next"'),)], ids=["no more", "more"])
def test_a_second_page_that_is_none_makes_the_list_unknown(
    any_server: ForgeServer, second: bytes, link: tuple[tuple[str, str], ...]
) -> None:
    """The first one said that it comes."""
    any_server.page = 1
    any_server.add(ODD)
    any_server.add(BRANCH)
    any_server.faults = [Fault("GET", 200, nth=2, body=second, headers=link)]

    with pytest.raises(BadResponse):
        any_client(any_server).open_pulls("imagebot/")


def test_a_full_page_without_a_word_of_more_is_asked_about(any_server: ForgeServer) -> None:
    """A proxy between may keep the link to itself."""
    for number in range(51):
        any_server.add(f"imagebot/staging/app-{number}")
    items = listed(any_server)
    any_server.faults = [
        Fault("GET", 200, nth=1, body=page(any_server, items[:50])),
        Fault("GET", 200, nth=2, body=page(any_server, items[50:])),
    ]

    assert len(any_client(any_server).open_pulls("imagebot/")) == 51


def test_one_that_comes_twice_while_pages_move_on_is_one(any_server: ForgeServer) -> None:
    any_server.add(ODD)
    any_server.add(BRANCH)
    items = listed(any_server)
    link = (("Link", '<x>; rel="next"'),)
    any_server.faults = [
        Fault("GET", 200, nth=1, body=page(any_server, items[:1]), headers=link),
        Fault("GET", 200, nth=2, body=page(any_server, items)),
    ]

    assert [pull.branch for pull in any_client(any_server).open_pulls("imagebot/")] == [ODD, BRANCH]


def test_pages_that_go_round_in_a_circle_are_seen() -> None:
    pages = ListPages("forge.test", "list", 50)
    link = {"Link": '<x>; rel="next"'}
    pages.add(ListPage([1], link, "a"))
    pages.add(ListPage([2], link, "b"))
    with pytest.raises(BadResponse, match="sends the same page again when asked to list"):
        pages.add(ListPage([1], link, "a"))


def test_pull_requests_with_long_bodies_are_read_a_few_at_a_time(any_server: ForgeServer) -> None:
    """Anybody may write a megabyte; a page of them is more than an answer may have."""
    for number in range(12):
        any_server.add(f"imagebot/staging/app-{number}", body="é" * 500_000)

    assert len(any_client(any_server).open_pulls("imagebot/")) == 12


def test_one_that_is_too_large_to_be_read_hides_no_other(any_server: ForgeServer) -> None:
    """GitLab takes a megabyte of text, of which each `<` becomes six bytes."""
    any_server.add(ODD, body="<" * 4_000_000)
    for number in range(3):
        any_server.add(f"imagebot/staging/app-{number}")
    found = any_client(any_server).open_pulls("imagebot/")

    assert len(found) == 3
    assert "cannot be read" in found.doubt(ODD)


@given(seed=st.integers(0, 2**32))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_slips_in_one_the_others_are_known_and_only_ours_errors_come_out(
    any_server: ForgeServer, seed: int
) -> None:
    """A slip within one element of a real listing; the others stay what they are."""
    any_server.pulls.clear()
    any_server.calls.clear()
    any_server.add(ODD, labels=["minor"], reviewers=["alice"], assignees=["bob"], body=body("f1"))
    any_server.add(BRANCH, body=body("f1"))
    odd, sound = listed(any_server)
    broken = slipped(json.dumps(odd).encode(), Random(seed))
    whole = page(any_server, ["BROKEN", sound]).replace(b'"BROKEN"', broken)
    any_server.faults = [Fault("GET", 200, nth=1, body=whole)]
    forge = any_client(any_server)
    try:
        json.loads(whole, parse_int=str)
    except (ValueError, RecursionError):
        # No JSON at all: nothing is known of any.
        with pytest.raises(WorldError):
            forge.open_pulls("imagebot/")
        return
    found = forge.open_pulls("imagebot/")

    branches = {pull.branch for pull in found}
    assert BRANCH in branches or found.doubt(BRANCH)
    key = names(any_server)["number"]
    assert (BRANCH in branches) is not has_number_of(key, json.loads(broken, parse_int=str), sound)
    assert ODD in branches or not is_still_ours(key, json.loads(broken, parse_int=str), odd)


def has_number_of(key: str, broken: object, sound: dict[str, Any]) -> bool:
    """Whether it has slipped to the other's number, and comes before it: then the other is in doubt."""
    return isinstance(broken, dict) and broken.get(key) == str(sound[key])


def is_still_ours(key: str, broken: object, odd: dict[str, Any]) -> bool:
    """Whether nothing slipped that tells whose it is, and which."""
    ours = ("state", "head", "base", "source_branch", "target_branch", "merged", "merged_at", "version")
    ends = ("source_project_id", "target_project_id", "source", "destination", "fromRef", "toRef")
    refs = ("status", "sourceRefName", "targetRefName", "forkSource")
    before = json.loads(json.dumps(odd), parse_int=str)
    return isinstance(broken, dict) and all(broken.get(name) == before.get(name) for name in (key, *ours, *ends, *refs))


def test_two_bots_that_open_at_once_are_both_listed(gitea_server: GiteaServer) -> None:
    """Gitea and Forgejo look whether there is one, and then open it: two who ask at once both get one."""
    gitea_server.checks_first = False
    forge = any_client(gitea_server)
    ensure(forge, proposal(), None)
    ensure(any_client(gitea_server), proposal(), None)

    assert sorted(pull.number for pull in forge.open_pulls("imagebot/")) == [1, 2]
