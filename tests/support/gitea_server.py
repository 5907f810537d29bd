"""A Gitea or Forgejo over HTTP that keeps pull requests in memory and holds every request and answer against the
description that the one or the other publishes of its API.

How it behaves where the description is silent was read in Gitea's sources: `routers/api/v1/repo/pull.go` and
`services/convert/pull.go`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from fnmatch import fnmatch
from functools import cache
from typing import Any, ClassVar

from tests.support import api_descriptions
from tests.support.api_descriptions import Source
from tests.support.forge_server import Answer, ForgeServer, Pull, or_skip, served, without_nulls
from tests.support.openapi import Call, Description

# What a repository's label is known by; the organisation has labels as well.
LABELS = {"image-update": 11, "minor": 12, "major": 13, "reviewed by security": 14}
ORGANISATION_LABELS = {"needs-attention": 21}
FORK = 7
WIP = re.compile(r"wip:|\[wip\]", re.IGNORECASE)


class GiteaServer(ForgeServer):
    """An organisation's repository."""

    kind = "gitea"
    prefix = "/api/v1"
    scopes: ClassVar[Mapping[str, str]] = {
        "comments": r"POST /repos/.+/issues/\d+/comments",
        "labels": r"(POST|DELETE) /repos/.+/issues/\d+/labels.*",
        "pulls": r"(POST|PATCH) /repos/.+/pulls(/\d+)?",
    }
    forbids = (403, {"message": "token does not have at least one of required scope(s): [write:issue]", "url": ""})

    def __init__(self, description: Description) -> None:
        super().__init__(description)
        self.page = 50
        self.known_teams = {"platform"}
        self.known_labels = dict(LABELS)
        self.renamed_to = ""
        self.of_a_person = False
        self.checks_first = True
        """Whether an opening sees the one that another bot opened in the same moment: Gitea looks first, unlocked."""
        self.required = ["ci/*"]
        self.statuses = {"ci/test": "pending"}
        self.styles = ["merge", "squash"]
        self.style = "squash"
        self._more = ""
        self._total: int | None = None

    def as_described(self, data: Any) -> Any:
        """Go writes null for what is not there, and Swagger 2.0 has no word for that."""
        return without_nulls(data)

    def headers(self, call: Call) -> dict[str, str]:
        if self.renamed_to:
            return {"Location": f"{self.prefix}{call.path.replace(self.repository, self.renamed_to)}?{call.query}"}
        if self._total is None:
            return {}
        link = {"Link": '<http://elsewhere.test/next>; rel="next"'} if self._more else {}
        return {"X-Total-Count": str(self._total), **link}

    def refused(self, authorization: str) -> Answer | None:
        wrong = {"message": "user does not exist [uid: 0, name: ]", "url": "https://gitea.test/api/swagger"}
        return None if authorization == f"token {self.token}" else (401, wrong)

    def decide(self, call: Call, authorization: str) -> Answer:
        self._more, self._total = "", None
        found = self.description.match(call.path)
        assert found is not None
        template, values = found
        if refused := self.refused(authorization):
            return refused
        if template == "/orgs/{org}/labels":
            known = not self.of_a_person and values["org"].lower() == "acme"
            return (200, self._paged(_labels(ORGANISATION_LABELS), call)) if known else _missing("GetOrgByName")
        if self.renamed_to:
            return 307, None
        if f"{values['owner']}/{values['repo']}".lower() != self.repository:
            return _missing("GetRepositoryByName")
        if template.endswith("/pulls"):
            return self._open(call.data) if call.verb == "POST" else (200, self._listed(call))
        if template.endswith("/labels") and "index" not in values:
            return 200, self._paged(_labels(self.known_labels), call)
        if "index" not in values:
            return 200, self._rules(template)
        if int(values["index"]) not in self.pulls:
            return _missing("GetPullRequestByIndex")
        pull = self.pulls[int(values["index"])]
        if number := values.get("id") or values.get("identifier"):
            return self._take_off(pull, int(number))
        return self._one(pull, template.rpartition("/")[2], call)

    def _rules(self, template: str) -> dict[str, Any]:
        """What is known of the repository, a branch, or the checks of a commit."""
        if template.endswith("/status"):
            states = [{"context": context, "status": status} for context, status in self.statuses.items()]
            return {"state": "pending", "statuses": states or None, "total_count": len(states)}
        if template.endswith("{branch}"):
            return {"enable_status_check": bool(self.required), "status_check_contexts": self.required or None}
        allowed = {
            "allow_merge_commits": "merge" in self.styles,
            "allow_rebase": "rebase" in self.styles,
            "allow_rebase_explicit": "rebase-merge" in self.styles,
            "allow_squash_merge": "squash" in self.styles,
        }
        return {"full_name": self.repository, "default_merge_style": self.style, **allowed}

    def _take_off(self, pull: Pull, number: int) -> Answer:
        names = [name for name, known in (self.known_labels | ORGANISATION_LABELS).items() if known == number]
        if not names:
            return _missing("LabelNotExist")
        pull.labels = [label for label in pull.labels if label not in names]
        self.touched(pull)
        return 204, None

    def _merge(self, pull: Pull, asked: dict[str, Any]) -> Answer:
        waits = [
            pattern
            for pattern in self.required
            if not any(fnmatch(name, pattern) and state == "success" for name, state in self.statuses.items())
        ]
        if not waits or asked["Do"] == "fast-forward-only" or not asked["merge_when_checks_succeed"]:
            self.violations.append("a pull request was merged at once")
        if WIP.match(pull.title):
            return 405, {"message": "Work in progress PRs cannot be merged", "url": ""}
        if asked["Do"] not in self.styles:
            return 405, {
                "message": f"{asked['Do']} is not allowed an allowed merge style for this repository",
                "url": "",
            }
        if asked["head_commit_id"] != pull.head_sha:
            return 409, {"message": "head out of date", "url": ""}
        if pull.auto_merge:
            return 409, {
                "message": "pull request is already scheduled to auto merge when checks succeed [pull_id: 1]",
                "url": "",
            }
        pull.auto_merge = True
        pull.merge_message = (asked.get("MergeTitleField"), asked.get("MergeMessageField"))
        return 201, None

    def _one(self, pull: Pull, what: str, call: Call) -> Answer:
        match call.verb, what:
            case "GET", "{index}":
                return 200, self.shown(pull)
            case "PATCH", "{index}":
                return self._change(pull, call.data)
            case _, "labels" | "comments":
                return self._about(pull, what, call)
            case "POST", "merge":
                return self._merge(pull, call.data)
            case "DELETE", "merge":
                was, pull.auto_merge = pull.auto_merge, False
                return (204, None) if was else _missing("GetScheduledMergeByPullID")
            case "POST", "requested_reviewers":
                return self._request_review(pull, call.data.get("reviewers", []), call.data.get("team_reviewers", []))
            case "GET", "reviews":
                words = (("APPROVED", pull.approvers), ("REQUEST_CHANGES", pull.objectors))
                reviews = [{"id": 1, "user": {"login": who}, "state": word} for word, people in words for who in people]
                return 200, self._paged(reviews, call)
            case "GET", "timeline":
                closes = [{"type": "close", "user": {"login": pull.closed_by}}] if pull.closed_by else []
                return 200, self._paged([*({"type": "comment", "user": None} for _ in pull.comments), *closes], call)
            case _:
                raise AssertionError(f"the fake does not know {call.verb} {what}")

    def _about(self, pull: Pull, what: str, call: Call) -> Answer:
        numbers = self.known_labels | ORGANISATION_LABELS
        match call.verb, what:
            case "GET", "labels":
                return 200, _labels({name: numbers.get(name, 99) for name in pull.labels})
            case "POST", "labels":
                names = {number: name for name, number in numbers.items()}
                pull.labels += [names[number] for number in call.data["labels"] if names.get(number)]
                return 200, _labels(dict.fromkeys(self.touched(pull).labels, 1))
            case "GET", _:
                return 200, [{"id": 1, "body": text} for text in pull.comments]
            case _:
                self.touched(pull).comments.append(call.data["body"])
                return 201, {"id": 1, "body": call.data["body"]}

    def _listed(self, call: Call) -> list[dict[str, Any]]:
        state = call.arguments.get("state", "open")
        pulls = [pull for pull in self.pulls.values() if state in ("all", pull.state)]
        by_update = call.arguments.get("sort") == "recentupdate"
        pulls.sort(key=lambda pull: (self._changed(pull) if by_update else 0, pull.number), reverse=True)
        return self._paged([self.shown(pull) for pull in pulls], call)

    def _paged(self, items: list[dict[str, Any]], call: Call) -> list[dict[str, Any]]:
        size = min(int(call.arguments.get("limit", 30)), self.page)
        start = (int(call.arguments.get("page", 1)) - 1) * size
        self._total = len(items)
        self._more = "yes" if items[start + size :] else ""
        return items[start : start + size]

    def _open(self, data: dict[str, Any]) -> Answer:
        wanted = ("open", data["head"], data["base"], self.repository)
        if self.checks_first and any(
            (pull.state, pull.head, pull.base, pull.head_repo) == wanted for pull in self.pulls.values()
        ):
            return 409, {"message": "pull request already exists for these targets [id: 1, issue_id: 1]", "url": ""}
        pull = self.add(data["head"], title=data["title"], body=data.get("body"), base=data["base"])
        return 201, self.shown(pull)

    def _change(self, pull: Pull, data: dict[str, Any]) -> Answer:
        for name in ("title", "body"):
            setattr(pull, name, data.get(name, getattr(pull, name)))
        if "assignees" in data:
            unknown = [login for login in data["assignees"] if login not in self.collaborators]
            if unknown:
                return 422, {"message": f"Assignee does not exist: [name: {unknown[0]}]", "url": ""}
            pull.assignees = data["assignees"]
        if pull.merged_at and "state" in data:
            return 412, {"message": "cannot change state of this pull request, it was already merged", "url": ""}
        if data.get("state") == "closed" and pull.state == "open":
            pull.state, pull.closed_at, pull.closed_by = "closed", "2026-01-01T12:00:00Z", self.author
        return 201, self.shown(self.touched(pull))

    def _request_review(self, pull: Pull, people: Sequence[str], teams: Sequence[str]) -> Answer:
        if self.author in people:
            return 422, {"message": "poster of pr can't be reviewer [user_id: 1, repo_id: 1]", "url": ""}
        if set(people) - self.collaborators or set(teams) - self.known_teams:
            return _missing("UserNotExist")
        pull.reviewers += people
        pull.teams += teams
        self.touched(pull)
        return 201, [{"id": 1, "state": "REQUEST_REVIEW", "user": {"login": login}} for login in people]

    def shown(self, pull: Pull) -> dict[str, Any]:
        """A pull request, of all that Gitea tells what this version's description knows."""
        schema = self.description.loaded["components"]["schemas"]["PullRequest"]["properties"]
        number = {None: -1, self.repository: 1}.get(pull.head_repo, FORK)
        ref = f"refs/pull/{pull.number}/head" if pull.branch_gone else pull.head
        whole = {
            "number": pull.number,
            "html_url": f"https://gitea.test/{self.repository}/pulls/{pull.number}",
            "title": pull.title,
            "body": pull.body or "",
            "state": pull.state,
            "merged": pull.merged_at is not None,
            "merged_at": pull.merged_at,
            "merged_by": {"login": pull.closed_by} if pull.merged_at and pull.closed_by else None,
            "merge_commit_sha": f"{pull.number:040x}" if pull.merged_at else None,
            "draft": bool(WIP.match(pull.title)),
            "created_at": "2026-01-01T10:00:00Z",
            "closed_at": pull.closed_at or pull.merged_at,
            "updated_at": self._changed(pull).isoformat(),
            "labels": _labels(dict.fromkeys(pull.labels, 1)),
            "requested_reviewers": [{"login": login} for login in pull.reviewers] or None,
            "requested_reviewers_teams": [{"name": name} for name in pull.teams] or None,
            "assignees": [{"login": login} for login in pull.assignees] or None,
            "head": {
                "label": pull.head,
                "ref": ref,
                "sha": pull.head_sha,
                "repo_id": number,
                "repo": self._repository(pull.head_repo),
            },
            "base": {
                "label": pull.base,
                "ref": pull.base,
                "repo_id": 1,
                "repo": self._repository(self.repository),
            },
        }
        return {key: value for key, value in whole.items() if key in schema}

    def _changed(self, pull: Pull) -> datetime:
        return datetime.fromisoformat(pull.changed_at) + timedelta(seconds=pull.updated)

    def _repository(self, name: str | None) -> dict[str, Any] | None:
        return None if name is None else {"full_name": name, "name": name.rpartition("/")[2]}


def _labels(numbers: dict[str, int]) -> list[dict[str, Any]]:
    return [{"id": number, "name": name, "color": "ededed"} for name, number in numbers.items()]


def _missing(what: str) -> Answer:
    return 404, {"message": f"{what}: does not exist", "url": "https://gitea.test/api/swagger", "errors": None}


@cache
def described(source: Source) -> Description:
    return Description(or_skip(api_descriptions.description, source), "http://gitea.test")


@contextmanager
def running(source: Source = api_descriptions.FORGEJO) -> Iterator[GiteaServer]:
    """A server on a free port; leaving raises if it saw a violation."""
    with served(GiteaServer(described(source))) as gitea:
        yield gitea
