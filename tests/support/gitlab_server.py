"""A GitLab over HTTP that keeps merge requests in memory and holds every request and answer against what GitLab's
documentation says of them (`gitlab_api.py`).

How it behaves where the documentation is silent was read in GitLab's sources: orders in descriptions are carried out
(`IssuableBaseService`), a moved project redirects what reads and refuses what writes (`API::Helpers`), a push ends
auto-merge (`MergeRequests::RefreshService#abort_auto_merges`).
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, ClassVar
from urllib.parse import unquote

from tests.support import gitlab_api
from tests.support.forge_server import Answer, ForgeServer, Pull, served
from tests.support.graphql_schema import Schema
from tests.support.openapi import Call, Description

NOTES_PER_MINUTE = 60
DRAFT = re.compile(r"draft:|\[draft\]|\(draft\)", re.IGNORECASE)
OPENED = {"open": "opened", "closed": "closed"}


class GitLabServer(ForgeServer):
    """A project in a nested group. `known` are GitLab's users, of whom the collaborators see the project."""

    kind = "gitlab"
    prefix = "/api/v4"
    scopes: ClassVar[Mapping[str, str]] = {
        "comments": r"POST /projects/.+/notes",
        "labels": "GitLab takes them with the merge request",
        "pulls": r"(POST|PUT) /projects/.+/merge_requests(/\d+)?",
    }
    forbids = (403, {"message": "403 Forbidden"})

    def __init__(self, description: Description) -> None:
        super().__init__(description)
        self.repository = "acme/platform/environments"
        self.known = {"imagebot": 1, "alice": 2, "bob": 3, "carol": 4}
        self.licensed = True
        self.renamed_to = ""
        self.locked: set[int] = set()
        self.strategies = ["merge_when_checks_pass"]
        self.merge_status = "CI_STILL_RUNNING"
        self.squash = True
        self._more = False
        self._notes: list[float] = []

    def add(self, head: str, **facts: Any) -> Pull:
        return super().add(head, **{"head_repo": self.repository, **facts})

    def headers(self, call: Call) -> dict[str, str]:
        moved = {"Location": f"{self.url}/projects/1/merge_requests"} if self.renamed_to else {}
        return {"Link": '<http://elsewhere.test/next>; rel="next"'} if self._more else moved

    def refused(self, authorization: str) -> Answer | None:
        return None if authorization == f"Bearer {self.token}" else (401, {"message": "401 Unauthorized"})

    def schema(self) -> Schema:
        return described_graph()

    def roots(self) -> dict[str, Any]:
        return {
            "project": lambda _, **asked: self._project() if asked["fullPath"] == self.repository else None,
            "mergeRequestAccept": lambda _, **asked: {"errors": self._accept(asked["input"])},
        }

    def _project(self) -> dict[str, Any]:
        return {"mergeRequest": lambda _, iid: self._graphed(self.pulls[int(iid)]) if int(iid) in self.pulls else None}

    def _graphed(self, pull: Pull) -> dict[str, Any]:
        return {
            "autoMergeEnabled": self.still_merges(pull),
            "availableAutoMergeStrategies": self.strategies,
            "detailedMergeStatus": self.merge_status,
            "diffHeadSha": pull.head_sha,
            "squashOnMerge": self.squash,
        }

    def _accept(self, asked: dict[str, Any]) -> list[str]:
        pull = self.pulls[int(asked["iid"])]
        if "strategy" not in asked:
            self.violations.append("GitLab was told to merge at once")
        if asked["squash"] != self.squash:
            self.violations.append("how the project merges was changed")
        if self.still_merges(pull):
            return ["The merge request is already scheduled to be merged"]
        if DRAFT.match(pull.title):
            return ["This branch cannot be merged"]
        if asked["sha"] != pull.head_sha:
            return ["The merge-head is not at the anticipated SHA"]
        if asked["strategy"].lower() not in self.strategies:
            return ["The merge failed"]
        pull.auto_merge = True
        pull.merges_head = pull.head_sha
        pull.merge_message = (None, asked.get("squashCommitMessage"))
        return []

    def decide(self, call: Call, authorization: str) -> Answer:
        self._more = False
        found = self.description.match(call.path)
        assert found is not None
        template, values = found
        if refused := self.refused(authorization):
            return refused
        if template == "/users":
            return 200, self._people([call.arguments["username"]], set(self.known))
        if template == "/projects/{id}" and values["id"] == "1":
            now = self.renamed_to or self.repository
            url = f"https://gitlab.test/{now}.git"
            return 200, {"id": 1, "path_with_namespace": now, "http_url_to_repo": url}
        if unquote(values["id"]).lower() != self.repository:
            return 404, {"message": "404 Project Not Found"}
        if self.renamed_to:
            moved = {"message": "405 Non GET methods are not allowed for moved projects"}
            return (301, {"message": "301"}) if call.verb == "GET" else (405, moved)
        if template == gitlab_api.PROJECT:
            return self._open(call.data) if call.verb == "POST" else (200, self._listed(call))
        if int(values["iid"]) not in self.pulls:
            return 404, {"message": "404 Not found"}
        return self._one(self.pulls[int(values["iid"])], template.rpartition("/")[2], call)

    def _one(self, pull: Pull, what: str, call: Call) -> Answer:
        match call.verb, what:
            case "GET", "{iid}":
                return 200, self.shown(pull)
            case "PUT", "{iid}":
                return self._change(pull, call.data)
            case "GET", "notes":
                notes = [{"id": number, "body": text, "system": False} for number, text in enumerate(pull.comments)]
                return 200, self._paged(notes, call)
            case "GET", "approvals":
                people = self._people(pull.approvers, set(self.known))
                return 200, {"approved_by": [{"user": person} for person in people]}
            case "POST", "cancel_merge_when_pipeline_succeeds":
                if not pull.auto_merge:
                    return 406, {"message": "Can't cancel the automatic merge"}
                pull.auto_merge = False
                return 201, {"status": "success"}
            case "POST", "notes":
                return self._note(pull, call.data["body"])
            case _:
                raise AssertionError(f"the fake does not know {call.verb} {what}")

    def _listed(self, call: Call) -> list[dict[str, Any]]:
        asked = call.arguments
        pulls = [
            pull
            for pull in sorted(self.pulls.values(), key=lambda pull: self._when(pull, asked), reverse=True)
            if asked.get("state", "all") in ("all", self._state(pull))
            and asked.get("source_branch", pull.head) == pull.head
            and asked.get("target_branch", pull.base) == pull.base
        ]
        return self._paged([self.shown(pull) for pull in pulls], call)

    def _when(self, pull: Pull, asked: dict[str, str]) -> tuple[str, int]:
        return (pull.merged_at or pull.changed_at if asked.get("order_by") == "updated_at" else "", pull.number)

    def _paged(self, items: list[dict[str, Any]], call: Call) -> list[dict[str, Any]]:
        size = min(int(call.arguments.get("per_page", 20)), self.page)
        start = (int(call.arguments.get("page", 1)) - 1) * size
        self._more = bool(items[start + size :])
        return items[start : start + size]

    def _open(self, data: dict[str, Any]) -> Answer:
        for pull in self.pulls.values():
            there = (self._state(pull), pull.head, pull.base, pull.head_repo)
            if there == ("opened", data["source_branch"], data["target_branch"], self.repository):
                said = f"Another open merge request already exists for this source branch: !{pull.number}"
                return 409, {"message": [said]}
        pull = self.add(data["source_branch"], base=data["target_branch"])
        self._fill(pull, data)
        return 201, self.shown(pull)

    def _change(self, pull: Pull, data: dict[str, Any]) -> Answer:
        self._fill(pull, data)
        if data.get("state_event") == "close" and pull.state == "open":
            pull.state, pull.closed_at, pull.closed_by = "closed", "2026-01-01T12:00:00.000Z", self.author
        return 200, self.shown(pull)

    def _fill(self, pull: Pull, data: dict[str, Any]) -> None:
        pull.title = data.get("title", pull.title)
        if "description" in data:
            pull.body = self._obeyed(data["description"])
        labels = [*data.get("labels", "").split(","), *data.get("add_labels", "").split(",")]
        gone = data.get("remove_labels", "").lower().split(",")
        pull.labels[:] = [label for label in pull.labels if label.lower() not in gone]
        pull.labels += [label for label in labels if label and label.lower() not in map(str.lower, pull.labels)]
        for key, people in (("reviewer_ids", pull.reviewers), ("assignee_ids", pull.assignees)):
            if key in data:
                seen = [name for name, number in self.known.items() if number in data[key]]
                seen = [name for name in seen if name in self.collaborators]
                people[:] = seen if self.licensed else seen[:1]

    def _note(self, pull: Pull, body: str) -> Answer:
        now = time.monotonic()
        self._notes = [*(moment for moment in self._notes if now - moment < 60), now]
        if len(self._notes) > NOTES_PER_MINUTE:
            self.violations.append("more notes in a minute than GitLab allows")
            return 429, {"message": {"error": "This endpoint has been requested too many times. Try again later."}}
        pull.comments.append(self._obeyed(body))
        return 201, {"id": len(pull.comments), "body": pull.comments[-1], "system": False}

    def _obeyed(self, text: str) -> str:
        """GitLab carries out what stands behind a slash, and takes line ends off the end."""
        if re.search(r"(?m)^[ \t]*/[a-z]", text):
            self.violations.append(f"an order to GitLab was carried out: {text!r}")
        return text.replace("\r", "").rstrip()

    def _state(self, pull: Pull) -> str:
        if pull.number in self.locked:
            return "locked"
        return "merged" if pull.merged_at else OPENED[pull.state]

    def shown(self, pull: Pull) -> dict[str, Any]:
        """A merge request as GitLab shows it."""
        source = {None: None, self.repository: 5}.get(pull.head_repo, 6)
        everybody = set(self.known)
        return {
            "id": 1000 + pull.number,
            "iid": pull.number,
            "project_id": 5,
            "source_project_id": source,
            "target_project_id": 5,
            "title": pull.title,
            "description": pull.body,
            "state": self._state(pull),
            "source_branch": pull.head,
            "target_branch": pull.base,
            "labels": pull.labels,
            "draft": bool(DRAFT.match(pull.title)),
            "author": self._people([self.author], everybody)[0],
            "reviewers": self._people(pull.reviewers, everybody),
            "assignees": self._people(pull.assignees, everybody),
            "closed_by": self._people([pull.closed_by], everybody)[0] if pull.closed_at and pull.closed_by else None,
            "closed_at": pull.closed_at,
            "created_at": "2026-01-01T10:00:00.000Z",
            "updated_at": pull.merged_at or pull.changed_at,
            "merged_at": pull.merged_at,
            "merge_user": self._people([pull.closed_by], everybody)[0] if pull.merged_at and pull.closed_by else None,
            "sha": pull.head_sha,
            "merge_commit_sha": f"{pull.number:040x}" if pull.merged_at else None,
            "squash_commit_sha": None,
            "web_url": f"https://gitlab.test/{self.repository}/-/merge_requests/{pull.number}",
        }

    def _people(self, names: list[str], among: set[str]) -> list[dict[str, Any]]:
        found = [name for name in among for wanted in names if name.lower() == wanted.lower()]
        return [{"id": self.known[name], "username": name, "name": name.title()} for name in sorted(found)]


@cache
def described() -> Description:
    """Written by hand, so it is always there."""
    return Description(gitlab_api.description(), "http://gitlab.test")


@cache
def described_graph() -> Schema:
    """By hand as well."""
    return Schema(gitlab_api.GRAPHQL)


@contextmanager
def running() -> Iterator[GitLabServer]:
    """A server on a free port; leaving raises if it saw a violation."""
    with served(GitLabServer(described())) as gitlab:
        yield gitlab
