"""The fake GitHub is only worth something if it refuses what GitHub's description does not allow."""

from __future__ import annotations

import json
import re

import pytest

from tests.support.github_server import GitHubServer
from tests.support.openapi import Call

PULLS = "/repos/acme/environments/pulls"
OPENING = {"title": "t", "head": "h", "base": "main"}


def wrong(server: GitHubServer, verb: str, path: str, query: str = "", data: object = None) -> str:
    body = b"" if data is None else json.dumps(data).encode()
    return server.description.wrong_with_request(Call(verb, path, query, body))


@pytest.mark.parametrize(
    ("verb", "path", "query", "data", "message"),
    [
        pytest.param("GET", PULLS, "state=opened", None, "state", id="query out of range"),
        pytest.param("GET", PULLS, "stat=open", None, "not in the description: stat", id="unknown query"),
        pytest.param("GET", PULLS, "page=one", None, "page", id="query of another type"),
        pytest.param("POST", PULLS, "", {"head": "h"}, "base", id="required field missing"),
        pytest.param("POST", PULLS, "", {**OPENING, "title": 1}, "title|not of type", id="field of another type"),
        pytest.param(
            "POST", PULLS, "", {**OPENING, "labels": []}, "not in the description: labels", id="unknown field"
        ),
        pytest.param("DELETE", PULLS, "", None, "not among the operations in use", id="unknown verb"),
        pytest.param("GET", "/user", "", None, "not among the operations in use", id="unknown path"),
    ],
)
def test_a_request_that_github_does_not_describe_is_refused(
    github_server: GitHubServer, verb: str, path: str, query: str, data: object, message: str
) -> None:
    assert re.search(message, wrong(github_server, verb, path, query, data))


def test_a_request_as_github_describes_it_passes(github_server: GitHubServer) -> None:
    assert wrong(github_server, "GET", PULLS, "state=open&head=acme:b&per_page=100&page=2") == ""
    assert wrong(github_server, "POST", PULLS, "", OPENING) == ""


def test_an_answer_that_github_does_not_describe_is_refused(github_server: GitHubServer) -> None:
    opening = Call("POST", PULLS, "", json.dumps(OPENING).encode())
    pull = github_server.description.sample("pull-request")

    assert github_server.description.wrong_with_answer(opening, 201, json.dumps(pull).encode()) == ""
    assert github_server.description.wrong_with_answer(opening, 201, json.dumps({**pull, "number": "1"}).encode())
    del pull["html_url"]
    assert github_server.description.wrong_with_answer(opening, 201, json.dumps(pull).encode())
