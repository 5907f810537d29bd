"""The fakes of Bitbucket refuse what a client may guess wrongly, as the real ones would."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.support import bitbucket_cloud_server, bitbucket_dc_server
from tests.support.bitbucket_cloud_server import BitbucketCloudServer
from tests.support.bitbucket_dc_server import BitbucketDataCenterServer
from tests.support.forge_server import Answer, ForgeServer
from tests.support.openapi import Call

CLOUD = "/repositories/acme/environments/pullrequests"
CENTER = "/projects/ACME/repos/environments/pull-requests"
OPENING = {"title": "t", "source": {"branch": {"name": "h"}}, "destination": {"branch": {"name": "main"}}}
OFFER = {"title": "t", "fromRef": {"id": "refs/heads/h"}, "toRef": {"id": "refs/heads/main"}}
CHANGE = {"title": "t", "description": "d", "reviewers": [], "version": 0}


def cloud() -> BitbucketCloudServer:
    return BitbucketCloudServer(bitbucket_cloud_server.described())


def center() -> BitbucketDataCenterServer:
    return BitbucketDataCenterServer(bitbucket_dc_server.described())


def ask(server: ForgeServer, verb: str, path: str, query: str = "", data: object = None) -> Answer:
    body = b"" if data is None else json.dumps(data).encode()
    return server.answer(Call(verb, path, query, body), f"Bearer {server.token}")


@pytest.mark.parametrize(
    ("make", "verb", "path", "query", "data", "message"),
    [
        pytest.param(cloud, "GET", CLOUD, "state=open", None, "state", id="Cloud: a state that is none"),
        pytest.param(cloud, "GET", CLOUD, "per_page=50", None, "description: per_page", id="Cloud: unknown query"),
        pytest.param(cloud, "GET", CLOUD, "pagelen=51", None, "Invalid pagelen", id="Cloud: a page too large"),
        pytest.param(cloud, "GET", CLOUD, 'q=head = "h"', None, "does not filter", id="Cloud: unknown filter"),
        pytest.param(cloud, "POST", CLOUD, "", {**OPENING, "title": 1}, "'string'", id="Cloud: another type"),
        pytest.param(cloud, "POST", CLOUD, "", {**OPENING, "body": "b"}, "description: body", id="Cloud: a field"),
        pytest.param(
            cloud,
            "POST",
            CLOUD,
            "",
            {**OPENING, "source": {"branch": {"ref": "h"}}},
            "description: ref",
            id="Cloud: a field within",
        ),
        pytest.param(cloud, "PUT", f"{CLOUD}/1", "", {"title": "t"}, "takes that off", id="Cloud: reviewers lost"),
        pytest.param(cloud, "POST", f"{CLOUD}/1/merge", "", {}, "not among the operations", id="Cloud: a merge"),
        pytest.param(center, "GET", CENTER, "state=CLOSED", None, "no state", id="Data Center: a state that is none"),
        pytest.param(center, "GET", CENTER, "at=main", None, "no branch in full", id="Data Center: half a name"),
        pytest.param(center, "GET", CENTER, "page=2", None, "description: page", id="Data Center: unknown query"),
        pytest.param(center, "POST", CENTER, "", {**OFFER, "body": "b"}, "description: body", id="Data Center: field"),
        pytest.param(
            center,
            "PUT",
            f"{CENTER}/1",
            "",
            {**CHANGE, "reviewers": [{"name": "bob"}]},
            "description: name",
            id="Data Center: a field within",
        ),
        pytest.param(
            center,
            "PUT",
            f"{CENTER}/1",
            "",
            {"title": "t", "version": 0},
            "loses that",
            id="Data Center: a description lost",
        ),
        pytest.param(center, "POST", f"{CENTER}/1/decline", "", None, "names no version", id="Data Center: no version"),
        pytest.param(
            center,
            "POST",
            f"{CENTER}/1/merge",
            "version=0",
            {"version": 0},
            "merged at once",
            id="Data Center: now",
        ),
    ],
)
def test_a_guess_is_a_violation(
    make: Callable[[], ForgeServer], verb: str, path: str, query: str, data: object, message: str
) -> None:
    server = make()
    server.add("h")
    ask(server, verb, path, query, data)

    assert re.search(message, "\n".join(server.violations))


@pytest.mark.parametrize(
    ("make", "verb", "path", "data", "status", "words"),
    [
        pytest.param(cloud, "POST", CLOUD, {**OPENING, "title": "t" * 256}, 400, "at most 255", id="Cloud: a title"),
        pytest.param(
            cloud, "POST", CLOUD, {**OPENING, "description": "d" * 32_769}, 400, "at most 32768", id="Cloud: a body"
        ),
        pytest.param(
            cloud, "POST", CLOUD, {**OPENING, "reviewers": [{"uuid": "{no}"}]}, 400, "Malformed", id="Cloud: nobody"
        ),
        pytest.param(center, "POST", CENTER, {**OFFER, "title": "t" * 256}, 400, "than 255", id="Data Center: a title"),
        pytest.param(
            center,
            "PUT",
            f"{CENTER}/1",
            {**CHANGE, "description": "d" * 32_769},
            400,
            "than 32768",
            id="Data Center: a body",
        ),
        pytest.param(
            center, "POST", f"{CENTER}/1/comments", {"text": "c" * 32_769}, 400, "32768", id="Data Center: a comment"
        ),
        pytest.param(
            center,
            "POST",
            CENTER,
            {**OFFER, "reviewers": [{"user": {"name": "nobody"}}]},
            409,
            "not a user",
            id="Data Center: nobody",
        ),
        pytest.param(
            center, "PUT", f"{CENTER}/1", {**CHANGE, "version": 7}, 409, "out-of-date", id="Data Center: an old version"
        ),
    ],
)
def test_what_the_real_one_would_refuse_is_refused(
    make: Callable[[], ForgeServer], verb: str, path: str, data: object, status: int, words: str
) -> None:
    server = make()
    server.add("there", title="t", body="d")
    before = json.dumps(vars(server.pulls[1]))
    answered, said = ask(server, verb, path, "", data)

    assert (answered, server.violations) == (status, [])
    assert words in json.dumps(said)
    assert json.dumps(vars(server.pulls[1])) == before
    assert len(server.pulls) == 1


@pytest.mark.parametrize(("make", "path"), [(cloud, CLOUD), (center, CENTER)], ids=["Cloud", "Data Center"])
def test_who_may_not_write_changes_nothing(make: Callable[[], ForgeServer], path: str) -> None:
    server = make()
    server.add("h")
    server.may_not = {"pulls", "comments"}
    text: object = {"content": {"raw": "c"}} if make is cloud else {"text": "c"}

    assert ask(server, "POST", f"{path}/1/comments", "", text)[0] in (401, 403)
    assert ask(server, "PUT", f"{path}/1", "", CHANGE if make is center else {"title": "t", "reviewers": []})[0] >= 401
    assert (server.pulls[1].comments, server.pulls[1].title) == ([], "")


def listed(server: ForgeServer, path: str, query: str) -> Any:
    return ask(server, "GET", path, query)[1]


def test_a_list_is_cut_and_says_so() -> None:
    """Whoever asks for more than a page has takes what there is of the page for all there is."""
    servers = (cloud(), center())
    for server in servers:
        server.page = 2
        for number in range(3):
            server.add(f"imagebot/{number}", title="t")
    first, second = listed(servers[0], CLOUD, "pagelen=50"), listed(servers[1], CENTER, "limit=100")

    assert (len(first["values"]), first["size"], "page=2" in first["next"]) == (2, 3, True)
    assert (len(second["values"]), second["isLastPage"], second["nextPageStart"]) == (2, False, 2)
    assert "next" not in listed(servers[0], CLOUD, "pagelen=50&page=2")
    assert listed(servers[1], CENTER, "start=2")["isLastPage"]


def test_clouds_lists_tell_less_unless_they_are_asked() -> None:
    server = cloud()
    server.add("h", reviewers=["alice"])

    assert "reviewers" not in listed(server, CLOUD, "")["values"][0]
    assert listed(server, CLOUD, "fields=%2Bvalues.reviewers")["values"][0]["reviewers"][0]["nickname"] == "alice"
    assert server.violations == []


def test_what_is_declined_stays_so_on_cloud() -> None:
    server = cloud()
    server.add("h", title="t")

    assert ask(server, "POST", f"{CLOUD}/1/decline")[0] == 200
    assert ask(server, "PUT", f"{CLOUD}/1", "", {"title": "t", "reviewers": []})[0] == 400
    assert ask(server, "POST", CLOUD, "", OPENING)[1]["id"] == 2
    assert ask(server, "POST", CLOUD, "", {**OPENING, "title": "again"})[1]["id"] == 2
