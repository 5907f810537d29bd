"""The fake of Azure DevOps refuses what a client may guess wrongly, as the real one would."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest

from tests.support import azure_server
from tests.support.azure_api import PREVIEW, VERSION
from tests.support.azure_server import AzureServer
from tests.support.forge_server import Answer
from tests.support.openapi import Call

PULLS = "/acme/platform/_apis/git/repositories/environments/pullrequests"
ONE = f"{PULLS.replace('pullrequests', 'pullRequests')}/1"
V = f"api-version={VERSION}"
OPENING = {"title": "t", "sourceRefName": "refs/heads/h", "targetRefName": "refs/heads/main"}
BLOCK = [{"op": "add", "path": "/imagebot.block", "value": "v"}]


def azure() -> AzureServer:
    server = AzureServer(azure_server.described())
    server.add("there", title="t")
    return server


def ask(server: AzureServer, verb: str, path: str, query: str = V, data: object = None, **said: str) -> Answer:
    body = b"" if data is None else json.dumps(data).encode()
    token = base64.b64encode(f":{server.token}".encode()).decode()
    return server.answer(Call(verb, path, query, body, **said), f"Basic {token}")


@pytest.mark.parametrize(
    ("verb", "path", "query", "data", "message"),
    [
        pytest.param("GET", PULLS, "", None, "api-version", id="no version"),
        pytest.param("GET", PULLS, f"api-version={PREVIEW}", None, "api-version", id="another version"),
        pytest.param("GET", PULLS, f"{V}&searchCriteria.status=open", None, "status", id="query out of range"),
        pytest.param("GET", PULLS, f"{V}&$page=2", None, "not in the description", id="unknown query"),
        pytest.param("GET", PULLS, f"{V}&searchCriteria.sourceRefName=h", None, "ref", id="half a name"),
        pytest.param(
            "GET", PULLS, f"{V}&searchCriteria.minTime=2026-01-01", None, "without its kind", id="a bare time"
        ),
        pytest.param("POST", PULLS, V, {**OPENING, "sourceRefName": "h"}, "heads", id="a branch's half name"),
        pytest.param("POST", PULLS, V, {**OPENING, "title": 1}, "string", id="another type"),
        pytest.param("POST", PULLS, V, {**OPENING, "title": "t" * 401}, "long", id="a title too long"),
        pytest.param("POST", PULLS, V, {**OPENING, "description": "d" * 4001}, "long", id="a character too many"),
        pytest.param("POST", PULLS, V, {**OPENING, "autoComplete": True}, "autoComplete", id="unknown field"),
        pytest.param("POST", PULLS, V, {**OPENING, "labels": ["minor"]}, "object", id="labels by name"),
        pytest.param("PATCH", f"{PULLS}/1", V, {"status": "completed"}, "completed", id="a merge"),
        pytest.param("PATCH", f"{PULLS}/1", V, {"labels": []}, "labels", id="what a change cannot change"),
        pytest.param("PATCH", f"{ONE}/properties", V, BLOCK, "json-patch|kind|media", id="properties as plain JSON"),
        pytest.param("POST", f"{ONE}/threads", V, {"comments": [{"content": "c"}]}, "nobody resolves", id="active"),
        pytest.param("DELETE", f"{PULLS}/1", V, None, "not among the operations", id="unknown verb"),
    ],
)
def test_a_guess_is_a_violation(verb: str, path: str, query: str, data: object, message: str) -> None:
    server = azure()
    ask(server, verb, path, query, data)

    assert re.search(message, "\n".join(server.violations))


def test_what_is_waited_for_by_nobody_is_completed_at_once_and_that_is_a_violation() -> None:
    server = azure()
    server.required = [("approved", True), ("queued", False)]
    ask(server, "PATCH", f"{PULLS}/1", V, {"autoCompleteSetBy": {"id": server.person("imagebot")["id"]}})

    assert server.violations == ["a pull request was completed at once"]


def test_who_may_not_write_changes_nothing_and_a_bad_token_is_sent_to_sign_in() -> None:
    server = azure()
    server.may_not = {"pulls", "comments", "labels"}
    said = {"comments": [{"content": "c"}], "status": "closed"}

    assert ask(server, "POST", f"{ONE}/threads", V, said)[0] == 403
    assert ask(server, "PATCH", f"{PULLS}/1", V, {"title": "other"})[0] == 403
    assert ask(server, "POST", f"{ONE}/labels", V, {"name": "minor"})[0] == 403
    assert (server.pulls[1].comments, server.pulls[1].labels, server.pulls[1].title) == ([], [], "t")
    assert server.answer(Call("GET", PULLS, V, b""), f"Bearer {server.token}")[0] == 203


def listed(server: AzureServer, query: str) -> Any:
    return ask(server, "GET", PULLS, f"{V}&{query}")[1]["value"]


def test_a_list_cuts_what_is_said_and_goes_on_without_saying_so() -> None:
    server = azure()
    server.pulls[1].body = "x" * 1000
    for number in range(3):
        server.add(f"imagebot/{number}")

    assert len(listed(server, "$skip=3")[0]["description"]) == 400
    assert len(ask(server, "GET", f"{PULLS}/1")[1]["description"]) == 1000
    assert [len(listed(server, f"$top=3&$skip={skip}")) for skip in (0, 3)] == [3, 1]
    assert server.violations == []


def test_properties_are_kept_and_an_abandoned_one_comes_back() -> None:
    server = azure()
    kind = "application/json-patch+json"

    assert ask(server, "PATCH", f"{ONE}/properties", V, BLOCK, kind=kind)[0] == 200
    assert ask(server, "GET", f"{ONE}/properties")[1]["value"]["imagebot.block"]["$value"] == "v"
    assert ask(server, "PATCH", f"{PULLS}/1", V, {"status": "abandoned"})[1]["status"] == "abandoned"
    assert ask(server, "PATCH", f"{PULLS}/1", V, {"status": "active"})[1]["status"] == "active"
    assert server.violations == []
