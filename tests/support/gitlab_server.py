"""A GitLab over HTTP that keeps merge requests in memory and holds every request and answer against what GitLab's
documentation says of them (`gitlab_api.py`).

How it behaves where the documentation is silent was read in GitLab's sources: orders in descriptions are carried out
(`IssuableBaseService`), a moved project redirects what reads and refuses what writes (`API::Helpers`).
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import unquote

from tests.support import gitlab_api
from tests.support.forge_server import Answer, ForgeServer, Pull, served
from tests.support.openapi import Call, Description

NOTES_PER_MINUTE = 60
OPENED = {"open": "opened", "closed": "closed"}


class GitLabServer(ForgeServer):
    """A project in a nested group. `known` are GitLab's users, of whom the collaborators see the project."""

    prefix = "/api/v4"

    def __init__(self, description: Description) -> None:
        super().__init__(description)
        self.repository = "acme/platform/environments"
        self.known = {"imagebot": 1, "alice": 2, "bob": 3, "carol": 4}
        self.licensed = True
        self.renamed_to = ""
        self.locked: set[int] = set()
        self._more = False
        self._notes: list[float] = []

    def add(self, head: str, **facts: Any) -> Pull:
        return super().add(head, **{"head_repo": self.repository, **facts})

    def headers(self, call: Call) -> dict[str, str]:
        moved = {"Location": f"{self.url}/projects/1/merge_requests"} if self.renamed_to else {}
        return {"Link": '<http://elsewhere.test/next>; rel="next"'} if self._more else moved

    def decide(self, call: Call, authorization: str) -> Answer:
        self._more = False
        found = self.description.match(call.path)
        assert found is not None
        template, values = found
        if authorization != f"Bearer {self.token}":
            return 401, {"message": "401 Unauthorized"}
        if template == "/users":
            return 200, self._people([call.arguments["username"]], set(self.known))
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
            case "POST", "notes":
                return self._note(pull, call.data["body"])
            case _:
                raise AssertionError(f"the fake does not know {call.verb} {what}")

    def _listed(self, call: Call) -> list[dict[str, Any]]:
        asked = call.arguments
        pulls = [
            pull
            for pull in sorted(self.pulls.values(), key=lambda pull: pull.number, reverse=True)
            if asked.get("state", "all") in ("all", self._state(pull))
            and asked.get("source_branch", pull.head) == pull.head
            and asked.get("target_branch", pull.base) == pull.base
        ]
        return self._paged([self.shown(pull) for pull in pulls], call)

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
            "draft": pull.title.startswith("Draft:"),
            "author": self._people([self.author], everybody)[0],
            "reviewers": self._people(pull.reviewers, everybody),
            "assignees": self._people(pull.assignees, everybody),
            "closed_by": self._people([pull.closed_by], everybody)[0] if pull.closed_by else None,
            "closed_at": pull.closed_at,
            "merged_at": pull.merged_at,
            "web_url": f"https://gitlab.test/{self.repository}/-/merge_requests/{pull.number}",
        }

    def _people(self, names: list[str], among: set[str]) -> list[dict[str, Any]]:
        found = [name for name in among for wanted in names if name.lower() == wanted.lower()]
        return [{"id": self.known[name], "username": name, "name": name.title()} for name in sorted(found)]


@cache
def described() -> Description:
    """Written by hand, so it is always there."""
    return Description(gitlab_api.description(), "http://gitlab.test")


@contextmanager
def running() -> Iterator[GitLabServer]:
    """A server on a free port; leaving raises if it saw a violation."""
    with served(GitLabServer(described())) as gitlab:
        yield gitlab
