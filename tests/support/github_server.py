"""A GitHub over HTTP that keeps pull requests in memory and holds every request and answer against GitHub's own
description of its API.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, ClassVar
from urllib.parse import unquote

import jwt

from tests.support import api_descriptions, github_graphql
from tests.support.forge_server import Answer, Fault, ForgeServer, Pull, or_skip, served
from tests.support.github_git import Git
from tests.support.graphql_schema import Schema
from tests.support.openapi import Call, Description

__all__ = ["Fault", "GitHubServer", "Pull", "running"]

PER_MINUTE = 80
PER_HOUR = 500
DOCS = {"documentation_url": "https://docs.github.com/rest"}
LIMITED = {
    "message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
    **DOCS,
}


class GitHubServer(ForgeServer):
    """GitHub Enterprise, with teams and Apps."""

    kind = "github"
    prefix = "/api/v3"
    scopes: ClassVar[Mapping[str, str]] = {
        "comments": r"POST /repos/.+/issues/\d+/comments",
        "labels": r"(POST|DELETE) /repos/.+/issues/\d+/labels.*",
        "pulls": r"(POST|PATCH) /repos/.+/pulls(/\d+)?",
    }
    forbids = (403, {"message": "Resource not accessible by personal access token", **DOCS})

    def __init__(self, description: Description) -> None:
        super().__init__(description)
        self.known_teams = {"platform"}
        self.once_called = ""
        self.app: tuple[str, int, str] | None = None
        self.token_lifetime = timedelta(hours=1)
        self.drafts_allowed = True
        self.merging = github_graphql.Merging()
        self.git = Git(self)
        self._created: list[float] = []
        self._tokens = 0

    @property
    def writes(self) -> list[Call]:
        return [call for call in super().writes if not call.path.startswith("/app/")]

    def schema(self) -> Schema:
        return described_graph()

    def roots(self) -> dict[str, Any]:
        return github_graphql.roots(self)

    def refused(self, authorization: str) -> Answer | None:
        return None if authorization == f"token {self.token}" else (401, {"message": "Bad credentials", **DOCS})

    def as_described(self, data: Any) -> Any:
        """For a fork that was deleted GitHub answers null, which its description does not know."""
        return data if all(pull.head_repo for pull in self.pulls.values()) else None

    def headers(self, call: Call) -> dict[str, str]:
        return {"Link": '<http://elsewhere.test/next>; rel="next"'} if self.more_pages(call) else {}

    def decide(self, call: Call, authorization: str) -> Answer:
        found = self.description.match(call.path)
        assert found is not None
        template, values = found
        if template.startswith("/app/"):
            return self._installation_token(authorization, int(values["installation_id"]))
        if refused := self.refused(authorization):
            return refused
        if f"{values['owner']}/{values['repo']}".lower() != self.repository:
            return 404, {"message": "Not Found", **DOCS}
        if call.verb == "POST" and (limited := self._limited()):
            return limited
        if template.endswith("/pulls"):
            return self._open(call.data) if call.verb == "POST" else (200, self._listed(call.arguments))
        if "/git/" in template:
            return self.git.decide(template.rpartition("/git/")[2], values, call.data)
        number = int(values.get("pull_number") or values["issue_number"])
        if number not in self.pulls:
            return 404, {"message": "Not Found", **DOCS}
        pull = self.pulls[number]
        if call.verb == "DELETE":
            return self._take_off(pull, unquote(values["name"]))
        return self._one(pull, call.verb, template.rpartition("/")[2], call.data)

    def _one(self, pull: Pull, verb: str, what: str, data: Any) -> Answer:
        match verb, what:
            case "GET", "{issue_number}":
                return 200, self._issue(pull)
            case "GET", "{pull_number}":
                return 200, self.shown(pull, "pull-request")
            case "PATCH", "{pull_number}":
                return self._change(pull, data)
            case "POST", "labels":
                pull.labels += [name for name in data["labels"] if name.lower() not in map(str.lower, pull.labels)]
                return 200, [{**self.description.sample("label"), "name": name} for name in pull.labels]
            case "POST", "assignees":
                pull.assignees += [login for login in data["assignees"] if login in self.collaborators]
                return 201, self._issue(pull)
            case "POST", "requested_reviewers":
                return self._request_review(pull, data.get("reviewers", []), data.get("team_reviewers", []))
            case "GET", "comments":
                return 200, [{**self.description.sample("issue-comment"), "body": text} for text in pull.comments]
            case "POST", "comments":
                pull.comments.append(data["body"])
                return 201, {**self.description.sample("issue-comment"), "body": data["body"]}
            case _:
                raise AssertionError(f"the fake does not know {verb} {what}")

    def _take_off(self, pull: Pull, label: str) -> Answer:
        left = [name for name in pull.labels if name.lower() != label.lower()]
        if left == pull.labels:
            return 404, {"message": "Label does not exist", **DOCS}
        pull.labels = left
        return 200, [{**self._label(), "name": name} for name in left]

    def _listed(self, arguments: dict[str, str]) -> list[dict[str, Any]]:
        return [self.shown(pull, "pull-request-simple") for pull in self._page(arguments)]

    def _page(self, arguments: dict[str, str], ahead: int = 0) -> list[Pull]:
        state, base = arguments.get("state", "open"), arguments.get("base")
        pulls = [pull for pull in self.pulls.values() if state in ("all", pull.state) and base in (None, pull.base)]
        by_change = arguments.get("sort") == "updated"
        if "head" in arguments:
            owner, _, branch = arguments["head"].partition(":")
            pulls = [pull for pull in pulls if pull.head == branch and (pull.head_repo or "").startswith(f"{owner}/")]
        size = min(int(arguments.get("per_page", 30)), self.page)
        start = (int(arguments.get("page", 1)) - 1 + ahead) * size
        order = sorted(pulls, key=lambda pull: (pull.changed_at if by_change else "", pull.number), reverse=True)
        return order[start : start + size]

    def more_pages(self, call: Call) -> bool:
        return call.verb == "GET" and call.path.endswith("/pulls") and bool(self._page(call.arguments, ahead=1))

    def _open(self, data: dict[str, Any]) -> Answer:
        for pull in self.pulls.values():
            if (pull.state, pull.head, pull.base, pull.head_repo) == (
                "open",
                data["head"],
                data["base"],
                self.repository,
            ):
                return _invalid(f"A pull request already exists for acme:{pull.head}.")
        draft = data.get("draft", False)
        if draft and not self.drafts_allowed:
            return _invalid("Draft pull requests are not supported in this repository.")
        pull = self.add(data["head"], title=data["title"], body=data.get("body"), base=data["base"], draft=draft)
        return 201, self.shown(pull, "pull-request")

    def _change(self, pull: Pull, data: dict[str, Any]) -> Answer:
        for name in ("title", "body", "base"):
            setattr(pull, name, data.get(name, getattr(pull, name)))
        if data.get("state") == "closed" and pull.state == "open":
            pull.state, pull.closed_at, pull.closed_by = "closed", "2026-01-01T12:00:00Z", self.author
        return 200, self.shown(pull, "pull-request")

    def _request_review(self, pull: Pull, people: Sequence[str], teams: Sequence[str]) -> Answer:
        if self.author in people:
            return _invalid("Review cannot be requested from pull request author.")
        if set(people) - self.collaborators or set(teams) - self.known_teams:
            return _invalid("Reviews may only be requested from collaborators.")
        pull.reviewers += people
        pull.teams += teams
        return 201, self.shown(pull, "pull-request-simple")

    def _installation_token(self, authorization: str, installation: int) -> Answer:
        assert self.app is not None
        app, known, public_key = self.app
        try:
            claims = jwt.decode(authorization.removeprefix("Bearer "), public_key, algorithms=["RS256"], issuer=app)
        except jwt.PyJWTError as error:
            return 401, {"message": f"A JSON web token could not be decoded: {type(error).__name__}", **DOCS}
        if claims["exp"] - claims["iat"] > 600 or installation != known:
            return 404, {"message": "Not Found", **DOCS}
        self._tokens += 1
        self.token = f"ghs_canary{self._tokens}"
        expires = (datetime.now(UTC) + self.token_lifetime).strftime("%Y-%m-%dT%H:%M:%SZ")
        return 201, {**self.description.sample("installation-token"), "token": self.token, "expires_at": expires}

    def _limited(self) -> Answer | None:
        """The documented limits on requests that create content."""
        now = time.monotonic()
        self._created = [moment for moment in self._created if now - moment < 3600]
        last_minute = sum(1 for moment in self._created if now - moment < 60)
        if last_minute >= PER_MINUTE or len(self._created) >= PER_HOUR:
            self.violations.append("more content in a minute or an hour than GitHub allows")
            return 403, LIMITED
        self._created.append(now)
        return None

    def shown(self, pull: Pull, schema: str) -> dict[str, Any]:
        """A pull request as GitHub shows it, in a listing (`pull-request-simple`) or alone (`pull-request`)."""
        shown: dict[str, Any] = self.description.sample(schema)
        shown.update(
            {
                "number": pull.number,
                "html_url": f"https://github.test/{self.repository}/pull/{pull.number}",
                "title": pull.title,
                "body": pull.body,
                "state": pull.state,
                "draft": pull.draft,
                "created_at": "2026-01-01T10:00:00Z",
                "updated_at": pull.changed_at,
                "merged_at": pull.merged_at,
                "closed_at": pull.closed_at,
                "labels": [{**self._label(), "name": name} for name in pull.labels],
                "requested_reviewers": [self._user(login) for login in pull.reviewers],
                "requested_teams": [{**self.description.sample("team"), "slug": slug} for slug in pull.teams],
                "assignees": [self._user(login) for login in pull.assignees],
            }
        )
        shown["head"].update({"ref": pull.head, "repo": self._repository(pull.head_repo)})
        shown["base"].update({"ref": pull.base, "repo": self._repository(self.repository)})
        return shown

    def _issue(self, pull: Pull) -> dict[str, Any]:
        shown: dict[str, Any] = self.description.sample("issue")
        shown["assignees"] = [self._user(login) for login in pull.assignees]
        shown["closed_by"] = None if pull.closed_by is None else self._user(pull.closed_by)
        return shown

    def _label(self) -> dict[str, Any]:
        label: dict[str, Any] = self.description.sample("label")
        return {**label, "description": "", "color": "ededed", "default": False}

    def _user(self, login: str) -> dict[str, Any]:
        return {**self.description.sample("simple-user"), "login": login}

    def _repository(self, name: str | None) -> dict[str, Any] | None:
        if name is None:
            return None
        return {**self.description.sample("repository"), "full_name": name, "name": name.rpartition("/")[2]}


@cache
def described() -> Description:
    return Description(or_skip(api_descriptions.description, api_descriptions.GITHUB), "http://github.test")


@cache
def described_graph() -> Schema:
    return Schema(or_skip(api_descriptions.schema, api_descriptions.GITHUB_GRAPHQL))


@contextmanager
def running() -> Iterator[GitHubServer]:
    """A server on a free port; leaving raises if it saw a violation."""
    with served(GitHubServer(described())) as github:
        yield github


def _invalid(message: str) -> Answer:
    error = {"resource": "PullRequest", "code": "custom", "message": message}
    return 422, {"message": "Validation Failed", "errors": [error], **DOCS}
