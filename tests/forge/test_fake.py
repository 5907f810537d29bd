"""A fake is only worth something if it refuses what the forge's description does not allow."""

from __future__ import annotations

import json
import re

import pytest

from imagebot.forge import gitlab_auto_merge
from tests.support import gitlab_server as gitlab_server_
from tests.support import graphql_schema
from tests.support.azure_server import AzureServer
from tests.support.bitbucket_cloud_server import BitbucketCloudServer
from tests.support.bitbucket_dc_server import BitbucketDataCenterServer
from tests.support.forge_server import ForgeServer
from tests.support.gitea_server import GiteaServer
from tests.support.github_server import GitHubServer
from tests.support.gitlab_server import GitLabServer
from tests.support.openapi import Call

PULLS = "/repos/acme/environments/pulls"
OPENING = {"title": "t", "head": "h", "base": "main"}


def wrong(server: ForgeServer, verb: str, path: str, query: str = "", data: object = None) -> str:
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


REQUESTS = "/projects/acme%2Fenv/merge_requests"


@pytest.mark.parametrize(
    ("verb", "path", "query", "data", "message"),
    [
        pytest.param("GET", REQUESTS, "state=open", None, "state", id="query out of range"),
        pytest.param("GET", REQUESTS, "base=main", None, "not in the description: base", id="unknown query"),
        pytest.param("GET", REQUESTS, "per_page=101", None, "per_page", id="page too large"),
        pytest.param("POST", REQUESTS, "", {"title": "t"}, "source_branch", id="required field missing"),
        pytest.param("PUT", f"{REQUESTS}/1", "", {"body": "b"}, "body", id="unknown field"),
        pytest.param("PUT", f"{REQUESTS}/1", "", {"reviewer_ids": ["alice"]}, "reviewer_ids|integer", id="a name"),
        pytest.param("PATCH", f"{REQUESTS}/1", "", {"title": "t"}, "not among the operations", id="unknown verb"),
        pytest.param(
            "GET", "/projects/acme/env/merge_requests", "", None, "not among the operations", id="a bare path"
        ),
    ],
)
def test_a_request_that_gitlab_does_not_describe_is_refused(
    gitlab_server: GitLabServer, verb: str, path: str, query: str, data: object, message: str
) -> None:
    assert re.search(message, wrong(gitlab_server, verb, path, query, data))


@pytest.mark.parametrize(
    ("verb", "path", "query", "data", "message"),
    [
        pytest.param("GET", PULLS, "state=opened", None, "state", id="query out of range"),
        pytest.param("GET", PULLS, "head=acme:b", None, "not in the description: head", id="unknown query"),
        pytest.param("POST", PULLS, "", {**OPENING, "labels": ["minor"]}, "integer", id="a label's name"),
        pytest.param("POST", PULLS, "", {**OPENING, "description": "d"}, "not in the description", id="unknown field"),
        pytest.param("PATCH", f"{PULLS}/1", "", {"assignees": "bob"}, "array", id="field of another type"),
        pytest.param("GET", "/repos/acme/environments/issues/1/comments", "page=2", None, "page", id="no pages"),
        pytest.param("PUT", f"{PULLS}/1", "", {"title": "t"}, "not among the operations", id="unknown verb"),
    ],
)
def test_a_request_that_gitea_does_not_describe_is_refused(
    gitea_server: GiteaServer, verb: str, path: str, query: str, data: object, message: str
) -> None:
    """By Gitea 1.20 and by Forgejo 14 alike."""
    assert re.search(message, wrong(gitea_server, verb, path, query, data))


def test_an_answer_that_the_forge_does_not_describe_is_refused(rest_server: ForgeServer) -> None:
    places: dict[type[ForgeServer], tuple[str, str]] = {
        AzureServer: ("/acme/platform/_apis/git/repositories/environments/pullrequests", "pullRequestId"),
        GitLabServer: (REQUESTS, "iid"),
        BitbucketCloudServer: ("/repositories/acme/environments/pullrequests", "id"),
        BitbucketDataCenterServer: ("/projects/acme/repos/environments/pull-requests", "id"),
    }
    path, number = places.get(type(rest_server), (PULLS, "number"))
    asking = Call("GET", f"{path}/1", "api-version=7.1", b"")
    shown = rest_server.shown(rest_server.add("b"))  # type: ignore[attr-defined]

    def told(data: object) -> str:
        answer = json.dumps(rest_server.as_described(data)).encode()
        return rest_server.description.wrong_with_answer(asking, 200, answer)

    assert told(shown) == ""
    assert told({**shown, number: "1"})


def test_a_query_that_gitlab_does_not_describe_is_refused() -> None:
    query = gitlab_auto_merge.STATE
    assert gitlab_server_.described_graph().wrong_with(query) == ""
    assert gitlab_server_.described_graph().wrong_with(gitlab_auto_merge.ACCEPT) == ""
    assert "Cannot query field" in gitlab_server_.described_graph().wrong_with(query.replace("diffHeadSha", "sha"))


def test_an_answer_that_the_schema_does_not_describe_is_refused() -> None:
    schema = graphql_schema.Schema("type Query { number: Int! }")

    assert schema.answer({"query": "{ number }"}, {"number": 1}).data == {"data": {"number": 1}}
    assert "Int cannot represent" in schema.answer({"query": "{ number }"}, {"number": "one"}).wrong
    assert "Cannot return null" in schema.answer({"query": "{ number }"}, {}).wrong
    assert "operationName" in schema.answer({"query": "{ number }", "operationName": "x"}, {"number": 1}).wrong


def test_of_a_schema_only_what_is_in_use_is_kept() -> None:
    whole = """
    directive @old on FIELD_DEFINITION
    type Query { one(size: Size = SMALL): Thing @old two: Other }
    type Thing implements Named { name: String! rest: Other }
    type Other { x: Int }
    interface Named { name: String! }
    enum Size { SMALL LARGE }
    """
    text = graphql_schema.cut(whole, {"Query": ["one"], "Thing": ["name"]})

    assert graphql_schema.Schema(text).wrong_with("{ one(size: LARGE) { name } }") == ""
    assert "Cannot query field" in graphql_schema.Schema(text).wrong_with("{ one { rest { x } } }")
    assert "Other" not in text
