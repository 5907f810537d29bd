"""Bitbucket Data Center over HTTP: pull requests in memory, every request and answer held against Atlassian's
description of it.

Where that is silent: a change names the version that it is made of, and one that is out of date is refused (the pages
"Pull Requests" of the REST API); what a change leaves out is lost, and who may not review is told in the answer
(Renovate's `bitbucket-server/index.ts`, read in its sources); whoever may not is answered 401 as well as whoever is not
known, and only the exception's name tells them apart; texts of more than 32 768 characters are refused; a merge with
`autoMerge` is made at once where nothing is in its way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from datetime import datetime
from functools import cache
from typing import Any, ClassVar

from tests.support import api_descriptions
from tests.support.forge_server import Answer, ForgeServer, Pull, or_skip, served
from tests.support.openapi import Call, Description

API = "/api/latest"
_TEXT = 32_768
_TITLE = 255
_HEADS = "refs/heads/"
# Described in words only.
_PERMISSIONS = ("permission.1", "permission.1.projectKey", "permission.1.repositorySlug", "limit", "start")
_SAID = {"open": "OPEN", "closed": "DECLINED"}
_EXCEPTIONS = "com.atlassian.bitbucket."


class BitbucketDataCenterServer(ForgeServer):
    """A project's repository. `vetoes` are the merge checks that are not passed yet."""

    kind = "bitbucket"
    prefix = f"/rest{API}"
    asks_by_comment = True
    scopes: ClassVar[Mapping[str, str]] = {
        "comments": r"POST /projects/.+/comments",
        "labels": "there are none",
        "pulls": r"(POST|PUT) /projects/.+/pull-requests(/\d+)?",
    }
    forbids = (
        401,
        {
            "errors": [
                {
                    "message": "You are not permitted to access this resource",
                    "exceptionName": f"{_EXCEPTIONS}AuthorisationException",
                }
            ]
        },
    )

    def __init__(self, description: Description) -> None:
        super().__init__(description)
        self.page = 1000
        self.known = {"imagebot", "alice", "bob", "carol"}
        self.vetoes = ["Not all required builds are successful yet"]
        self.auto_merges = True
        self.strategy = "squash"
        self.drafts = True
        """Whether it is 8.18 or later: before that nothing is a draft, and what asks for one is passed over."""
        self.versions: dict[int, int] = {}

    def refused(self, authorization: str) -> Answer | None:
        wrong = _error(401, "AuthenticationException", "Authentication failed. Please check your credentials.")
        return None if authorization == f"Bearer {self.token}" else wrong

    def decide(self, call: Call, authorization: str) -> Answer:
        found = self.description.match(call.path)
        assert found is not None
        template, values = found
        if refused := self.refused(authorization):
            return refused
        if template == "/users":
            return self._users(call)
        if f"{values['projectKey']}/{values['repositorySlug']}".lower() != self.repository:
            return _error(404, "repository.NoSuchRepositoryException", "Repository does not exist.")
        if template.endswith("/settings/pull-requests"):
            return 200, {"mergeConfig": {"defaultStrategy": {"id": self.strategy, "enabled": True}}}
        if template.endswith("/pull-requests"):
            return self._open(call.data) if call.verb == "POST" else self._listed(call)
        if int(values["pullRequestId"]) not in self.pulls:
            return _error(404, "pull.NoSuchPullRequestException", "Pull request does not exist.")
        return self._one(self.pulls[int(values["pullRequestId"])], template.rpartition("/")[2], call)

    def _users(self, call: Call) -> Answer:
        asked = call.arguments
        place = f"{asked.get('permission.1.projectKey')}/{asked.get('permission.1.repositorySlug')}".lower()
        if asked.get("permission.1") != "REPO_WRITE" or place != self.repository:
            return self._odd(f"the fake does not know this question: {call.query}")
        may = [name for name in sorted(self.known & self.collaborators) if asked.get("filter", "") in name]
        return self._paged([self.person(name) for name in may], call)

    def _one(self, pull: Pull, what: str, call: Call) -> Answer:
        match call.verb, what:
            case "GET", "{pullRequestId}":
                return 200, self.shown(pull)
            case "PUT", "{pullRequestId}":
                return self._stale(pull, call.data["version"]) or self._change(pull, call.data)
            case "POST", "decline":
                return self._stale(pull, call.arguments.get("version")) or self._decline(pull)
            case "GET", "activities":
                return self._paged(self._activities(pull), call)
            case "POST", "comments":
                return self._say(pull, call.data["text"])
            case "GET", "merge":
                vetoes = [{"summaryMessage": veto, "detailedMessage": veto} for veto in self.vetoes]
                told = {"conflicted": False, "outcome": "CLEAN", "vetoes": vetoes}
                return 200, told | {"canMerge": not self.vetoes and not pull.draft}
            case "POST", "merge":
                return self._stale(pull, call.arguments.get("version")) or self._merge(pull, call.data)
            case "GET", "auto-merge":
                waits = {"fromHash": pull.merges_head or pull.head_sha, "toRefId": _HEADS + pull.base}
                return (200, waits) if self.still_merges(pull) else _error(404, "Gone", "No auto-merge is requested.")
            case "DELETE", "auto-merge":
                was, pull.auto_merge = self.still_merges(pull), False
                return (204, None) if was else _error(404, "Gone", "No auto-merge is requested.")
        raise AssertionError(f"the fake does not know {call.verb} {what}")

    def _stale(self, pull: Pull, version: object) -> Answer | None:
        if version is None:
            self.violations.append("a change names no version")
        if str(version) == str(self.versions.get(pull.number, 0)):
            return None
        stale = "You are attempting to modify a pull request based on out-of-date information."
        return _error(409, "pull.PullRequestOutOfDateException", stale)

    def _listed(self, call: Call) -> Answer:
        asked = call.arguments
        states = {"OPEN", "DECLINED", "MERGED"} if asked.get("state") == "ALL" else {asked.get("state", "OPEN")}
        if odd := states - {"OPEN", "DECLINED", "MERGED"}:
            return self._odd(f"there is no state {odd}")
        outgoing, at = asked.get("direction", "INCOMING") == "OUTGOING", asked.get("at", "")
        if at and not at.startswith(_HEADS):
            return self._odd(f"{at} is no branch in full")
        pulls = [pull for pull in self.pulls.values() if _state(pull) in states]
        if outgoing:
            pulls = [pull for pull in pulls if pull.head_repo == self.repository]
        pulls = [pull for pull in pulls if at in ("", _HEADS + (pull.head if outgoing else pull.base))]
        pulls.sort(key=lambda pull: (self.changed(pull), pull.number), reverse=asked.get("order") != "OLDEST")
        return self._paged([self.shown(pull) for pull in pulls], call)

    def _odd(self, wrong: str) -> Answer:
        self.violations.append(wrong)
        return _error(400, "ArgumentValidationException", wrong)

    def _paged(self, items: list[dict[str, Any]], call: Call) -> Answer:
        start, size = int(call.arguments.get("start", 0)), min(int(call.arguments.get("limit", 25)), self.page)
        there = items[start : start + size]
        last = start + size >= len(items)
        page = {"values": there, "size": len(there), "limit": size, "start": start, "isLastPage": last}
        return 200, page if last else page | {"nextPageStart": start + size}

    def _open(self, data: dict[str, Any]) -> Answer:
        head, base = data["fromRef"]["id"].removeprefix(_HEADS), data["toRef"]["id"].removeprefix(_HEADS)
        wanted = ("open", head, base, self.repository)
        if any((pull.state, pull.head, pull.base, pull.head_repo) == wanted for pull in self.pulls.values()):
            taken = "Only one pull request may be open for a given source and target branch"
            return _error(409, "pull.DuplicatePullRequestException", taken)
        if wrong := self._wrong(data):
            return wrong
        pull = self.add(head, base=base)
        self._write(pull, data)
        return 201, self.shown(pull)

    def _change(self, pull: Pull, data: dict[str, Any]) -> Answer:
        if missing := {"title", "description", "reviewers"} - data.keys():
            self.violations.append(f"a change without {missing} loses that")
        if pull.state != "open":
            return _error(409, "pull.IllegalPullRequestStateException", "This pull request is not open.")
        if wrong := self._wrong(data):
            return wrong
        self._write(self.touched(pull), data)
        return self._bumped(pull)

    def _bumped(self, pull: Pull) -> Answer:
        self.versions[pull.number] = self.versions.get(pull.number, 0) + 1
        return 200, self.shown(pull)

    def _wrong(self, data: dict[str, Any]) -> Answer | None:
        for key, most in (("title", _TITLE), ("description", _TEXT)):
            if len(data.get(key) or "") > most:
                return _error(400, "ArgumentValidationException", f"Please enter no more than {most} characters.")
        names = [one["user"]["name"] for one in data.get("reviewers") or ()]
        if self.author in names:
            return _error(409, "pull.InvalidPullRequestReviewersException", f"{self.author} is the author.")
        if unknown := [name for name in names if name not in self.known]:
            words = f"{unknown[0]} is not a user."
            return _error(409, "pull.InvalidPullRequestReviewersException", words)
        return None

    def _write(self, pull: Pull, data: dict[str, Any]) -> None:
        pull.title, pull.body = data["title"], data.get("description")
        pull.draft = bool(data.get("draft", pull.draft)) and self.drafts
        pull.reviewers[:] = [one["user"]["name"] for one in data.get("reviewers") or ()]

    def _decline(self, pull: Pull) -> Answer:
        if pull.state != "open":
            return _error(409, "pull.IllegalPullRequestStateException", "This pull request is not open.")
        pull.state, pull.closed_at, pull.closed_by = "closed", "2026-01-01T12:00:00Z", self.author
        return self._bumped(self.touched(pull))

    def _say(self, pull: Pull, text: str) -> Answer:
        if len(text) > _TEXT:
            return _error(400, "ArgumentValidationException", f"Please enter no more than {_TEXT} characters.")
        self.touched(pull).comments.append(text)
        return 201, {"id": len(pull.comments), "text": text, "version": 0}

    def _merge(self, pull: Pull, data: dict[str, Any]) -> Answer:
        if not data.get("autoMerge") or not (self.vetoes or pull.draft):
            self.violations.append("a pull request was merged at once")
        if not self.auto_merges:
            return _error(403, "pull.AutoMergeNotEnabledException", "Auto-merge is not enabled for this repository.")
        if pull.draft:
            return _error(409, "pull.PullRequestMergeVetoedException", "This pull request is a draft.")
        pull.auto_merge, pull.merges_head = True, pull.head_sha
        pull.merge_message = (None, data.get("message"))
        return 200, self.shown(pull)

    def _activities(self, pull: Pull) -> list[dict[str, Any]]:
        """Newest first. What became of it is told with whose task it was."""
        moment = {"createdDate": _epoch(pull.merged_at or pull.closed_at or pull.changed_at)}
        done = "MERGED" if pull.merged_at else "DECLINED" if pull.state == "closed" else ""
        end = [{"action": done, "user": self.person(pull.closed_by or "gone"), **moment}] if done else []
        if pull.merged_at:
            end[0]["commit"] = {"id": f"{pull.number:040x}", "displayId": f"{pull.number:040x}"[:11]}
        said = [
            {
                "action": "COMMENTED",
                "commentAction": "ADDED",
                **self._comment(number, text),
                **moment,
            }
            for number, text in enumerate(pull.comments, 1)
        ]
        opened = {"action": "OPENED", "user": self.person(self.author), "createdDate": _epoch("2026-01-01T10:00:00Z")}
        return [dict(one, id=number) for number, one in enumerate([*end, *reversed(said), opened], 1)]

    def _comment(self, number: int, text: str) -> dict[str, Any]:
        """By whom is told before a colon, if it is: `carol: imagebot rebuild`."""
        name, colon, rest = text.partition(": ")
        author, said = (name, rest) if colon and name in self.known else (self.author, text)
        return {"comment": {"id": number, "text": said}, "user": self.person(author)}

    def changed(self, pull: Pull) -> int:
        """When something about it changed last, in milliseconds."""
        ats = (pull.changed_at, pull.closed_at, pull.merged_at)
        return max(_epoch(at) for at in ats if at) + 1000 * pull.updated

    def person(self, name: str) -> dict[str, Any]:
        return {"name": name, "slug": name, "displayName": name.title(), "active": True, "type": "NORMAL"}

    def shown(self, pull: Pull) -> dict[str, Any]:
        """A pull request; Bitbucket leaves out what there is none of."""
        page = f"https://bitbucket.test/projects/ACME/repos/environments/pull-requests/{pull.number}/overview"
        closed = pull.merged_at or pull.closed_at
        merge: dict[str, Any] = {"mergeCommit": {"id": f"{pull.number:040x}"}} if pull.merged_at else {}
        said = {"commentCount": len(pull.comments)} if pull.comments else {}
        return {
            "id": pull.number,
            "version": self.versions.get(pull.number, 0),
            "title": pull.title,
            **({"description": pull.body} if pull.body else {}),
            **({"draft": pull.draft} if self.drafts else {}),
            "state": _state(pull),
            "open": pull.state == "open",
            "closed": pull.state != "open",
            "createdDate": _epoch("2026-01-01T10:00:00Z"),
            "updatedDate": self.changed(pull),
            **({"closedDate": _epoch(closed)} if closed and pull.state == "closed" else {}),
            "fromRef": self._end(pull.head, pull.head_repo, pull.head_sha),
            "toRef": self._end(pull.base, self.repository, "0" * 40),
            "author": {"user": self.person(self.author), "role": "AUTHOR"},
            "reviewers": self._reviewers(pull),
            "participants": [],
            "properties": merge | said,
            "links": {"self": [{"href": page}]},
        }

    def _reviewers(self, pull: Pull) -> list[dict[str, Any]]:
        names = dict.fromkeys([*pull.reviewers, *pull.approvers, *pull.objectors])
        states = dict.fromkeys(pull.approvers, "APPROVED") | dict.fromkeys(pull.objectors, "NEEDS_WORK")
        return [
            {
                "user": self.person(name),
                "role": "REVIEWER",
                "approved": name in pull.approvers,
                "status": states.get(name, "UNAPPROVED"),
            }
            for name in names
        ]

    def _end(self, branch: str, repository: str | None, commit: str) -> dict[str, Any]:
        key, _, slug = (repository or "gone/gone").partition("/")
        there = {"id": 1, "slug": slug, "name": slug, "project": {"key": key.upper()}}
        return {"id": _HEADS + branch, "displayId": branch, "latestCommit": commit, "repository": there}


def _state(pull: Pull) -> str:
    return "MERGED" if pull.merged_at else _SAID[pull.state]


def _epoch(at: str) -> int:
    return int(datetime.fromisoformat(at).timestamp() * 1000)


def _error(status: int, exception: str, message: str) -> Answer:
    told = {"context": None, "message": message, "exceptionName": _EXCEPTIONS + exception}
    return status, {"errors": [told]}


def _as_written(loaded: dict[str, Any]) -> dict[str, Any]:
    """Below the version of the API; `autoSubject` is no text, as its example says."""
    loaded = deepcopy(loaded)
    schemas = loaded["components"]["schemas"]
    schemas["RestErrorMessage"]["properties"]["context"]["nullable"] = True
    loaded["paths"][f"{API}/users"]["get"]["parameters"] += [
        {"name": name, "in": "query", "schema": {"type": "string"}} for name in _PERMISSIONS
    ]
    schemas["RestPullRequestMergeRequest"]["properties"]["autoSubject"] = {"type": "boolean"}
    return {**loaded, "paths": {path.removeprefix(API): item for path, item in loaded["paths"].items()}}


@cache
def described() -> Description:
    loaded = or_skip(api_descriptions.description, api_descriptions.BITBUCKET_DATA_CENTER)
    return Description(_as_written(loaded), "http://bitbucket.test")


@contextmanager
def running() -> Iterator[BitbucketDataCenterServer]:
    """A server on a free port; leaving raises if it saw a violation."""
    with served(BitbucketDataCenterServer(described())) as bitbucket:
        yield bitbucket
