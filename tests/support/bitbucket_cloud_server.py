"""Bitbucket Cloud over HTTP: pull requests in memory, every request and answer held against Atlassian's description.

The description calls for `type` in each object and names neither paging nor partial answers; the pages beside it do:
https://developer.atlassian.com/cloud/bitbucket/rest/intro/ (pagination, filtering, partial responses, errors) and the
examples of `pullrequests`, which leave `type` out. Where both are silent: a change without `reviewers` takes them all
off, who may not be one, and what is said then (Renovate's `bitbucket/index.ts`, read in its sources); opening a second
one for the same two branches changes the first; a list holds whole descriptions, and participants and when one was
closed only if it is asked for them (BCLOUD-22709); an API token goes by Basic with an address, access tokens by Bearer.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from datetime import datetime, timedelta
from functools import cache
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlencode

from tests.support import api_descriptions
from tests.support.forge_server import Answer, ForgeServer, Pull, or_skip, served, without_nulls
from tests.support.openapi import Call, Description

_EVERYWHERE = ("page", "pagelen", "q", "sort", "fields")
_TERM = re.compile(r'(?P<field>[a-z_.]+) ?(?P<how>>=|=|~) ?"?(?P<value>[^"]+?)"?')
_MOST = 50
_TITLE = 255
_DESCRIPTION = 32_768
_SAID = {"open": "OPEN", "closed": "DECLINED"}
_MERGED = "MERGED"


class BitbucketCloudServer(ForgeServer):
    """A workspace's repository. `members` are the workspace's, by nickname; nobody has a user name here."""

    kind = "bitbucket"
    prefix = "/2.0"
    asks_by_comment = True
    scopes: ClassVar[Mapping[str, str]] = {
        "comments": r"POST /repositories/.+/comments",
        "labels": "there are none",
        "permissions": "asked below",
        "pulls": r"(POST|PUT) /repositories/.+/pullrequests(/\d+)?",
    }
    forbids = (
        403,
        {"type": "error", "error": {"message": "Your credentials lack one or more required privilege scopes."}},
    )

    def __init__(self, description: Description) -> None:
        super().__init__(description)
        self.page = _MOST
        self.members = ["imagebot", "alice", "bob", "carol"]
        self.email = ""
        """Whose API token it is, which goes by Basic; an access token of a repository goes by Bearer."""

    def refused(self, authorization: str) -> Answer | None:
        basic = base64.b64encode(f"{self.email}:{self.token}".encode()).decode()
        accepted = f"Basic {basic}" if self.email else f"Bearer {self.token}"
        wrong = "Token is invalid, expired, or not supported for this endpoint."
        return None if authorization == accepted else _error(401, wrong)

    def decide(self, call: Call, authorization: str) -> Answer:
        found = self.description.match(call.path)
        assert found is not None
        template, values = found
        if refused := self.refused(authorization):
            return refused
        if template.endswith("/permissions/repositories/{repo_slug}"):
            return self._permissions(call)
        if template.endswith("/members"):
            known = [{"type": "workspace_membership", "user": self.person(name)} for name in self.members]
            return self._paged(known, call) if values["workspace"] == "acme" else _error(404, "No workspace")
        if f"{values['workspace']}/{values['repo_slug']}".lower() != self.repository:
            return _error(404, f"Repository {values['workspace']}/{values['repo_slug']} not found")
        if template.endswith("/pullrequests"):
            return self._open(call.data) if call.verb == "POST" else self._listed(call)
        if int(values["pull_request_id"]) not in self.pulls:
            return _error(404, "Pull request not found")
        return self._one(self.pulls[int(values["pull_request_id"])], template.rpartition("/")[2], call)

    def _permissions(self, call: Call) -> Answer:
        """Only admins may ask who may do what."""
        if "permissions" in self.may_not:
            return self.forbids
        asked = _TERM.fullmatch(call.arguments.get("q", ""))
        if asked is None or (asked["field"], asked["how"]) != ("user.uuid", "="):
            return self._odd(f"the fake does not know this question: {call.query}")
        name = self._known(asked["value"])
        may = "write" if name in self.collaborators else "read"
        found = [{"type": "repository_permission", "permission": may, "user": self.person(name)}] if name else []
        return self._paged(found, call)

    def _one(self, pull: Pull, what: str, call: Call) -> Answer:
        match call.verb, what:
            case "GET", "{pull_request_id}":
                return 200, self.shown(pull)
            case "PUT", "{pull_request_id}":
                return self._change(pull, call.data)
            case "POST", "decline":
                return self._decline(pull)
            case "GET", "comments":
                said = [self._comment(number, text) for number, text in enumerate(pull.comments, 1)]
                return self._paged(said, call)
            case "POST", "comments":
                self.touched(pull).comments.append(call.data["content"]["raw"])
                return 201, self._comment(len(pull.comments), pull.comments[-1])
        raise AssertionError(f"the fake does not know {call.verb} {what}")

    def _listed(self, call: Call) -> Answer:
        asked = parse_qs(call.query)
        states = set(asked.get("state", ["OPEN"]))
        terms = [_TERM.fullmatch(term) for term in asked["q"][0].split(" AND ")] if "q" in asked else []
        pulls = [pull for pull in self.pulls.values() if _state(pull) in states]
        for term in terms:
            if term is None:
                return self._odd(f"Bitbucket cannot read this filter: {asked['q'][0]}")
            pulls = [pull for pull in pulls if self._fits(pull, term["field"], term["how"], term["value"])]
        sort = asked.get("sort", ["-created_on"])[0]
        if sort not in ("-created_on", "-updated_on"):
            return self._odd(f"the fake does not know how to sort by {sort}")
        pulls.sort(key=lambda pull: (self.changed(pull) if sort == "-updated_on" else 0, pull.number), reverse=True)
        more = asked.get("fields", [""])[0].split(",")
        return self._paged([self.shown(pull, more) for pull in pulls], call)

    def _odd(self, wrong: str) -> Answer:
        self.violations.append(wrong)
        return _error(400, wrong)

    def _fits(self, pull: Pull, field: str, how: str, value: str) -> bool:
        match field, how:
            case "source.branch.name", "=":
                return pull.head == value
            case "source.branch.name", "~":
                return value in pull.head
            case "destination.branch.name", "=":
                return pull.base == value
            case "updated_on", ">=":
                return self.changed(pull) >= datetime.fromisoformat(value)
        self.violations.append(f"the fake does not filter by {field} {how}")
        return False

    def _paged(self, items: Sequence[Any], call: Call) -> Answer:
        asked = call.arguments
        size, number = int(asked.get("pagelen", 10)), int(asked.get("page", 1))
        if size > _MOST or size < 1:
            return self._odd("Invalid pagelen")
        size = min(size, self.page)
        there = list(items[(number - 1) * size : number * size])
        page = {"values": there, "pagelen": size, "page": number, "size": len(items)}
        if number * size < len(items):
            query = urlencode([*((key, value) for key, value in asked.items() if key != "page"), ("page", number + 1)])
            page["next"] = f"{self.url}{call.path}?{query}"
        return 200, page

    def _open(self, data: dict[str, Any]) -> Answer:
        head, base = data["source"]["branch"]["name"], data["destination"]["branch"]["name"]
        there = [pull for pull in self.pulls.values() if (pull.state, pull.head, pull.base) == ("open", head, base)]
        there = [pull for pull in there if pull.head_repo == self.repository]
        if wrong := self._wrong(data):
            return wrong
        pull = there[0] if there else self.add(head, base=base)
        self._write(pull, data)
        return 201, self.shown(pull)

    def _change(self, pull: Pull, data: dict[str, Any]) -> Answer:
        if pull.state != "open":
            return _error(400, "This pull request has already been closed.")
        if missing := {"title", "reviewers"} - data.keys():
            self.violations.append(f"a change without {missing} takes that off")
        if wrong := self._wrong(data):
            return wrong
        pull.reviewers.clear()
        self._write(self.touched(pull), data)
        return 200, self.shown(pull)

    def _wrong(self, data: dict[str, Any]) -> Answer | None:
        for key, most in (("title", _TITLE), ("description", _DESCRIPTION)):
            if len(data.get(key, "")) > most:
                return _error(400, f"{key}: Ensure this value has at most {most} characters.")
        for one in data.get("reviewers", ()):
            name = self._known(one["uuid"])
            if name is None:
                return _error(400, "reviewers: Malformed reviewers list")
            if name == self.author:
                return _error(400, f"{name} is the author and cannot be included as a reviewer.")
        return None

    def _write(self, pull: Pull, data: dict[str, Any]) -> None:
        pull.title, pull.draft = data.get("title", pull.title), data.get("draft", pull.draft)
        pull.body = data.get("description", pull.body)
        pull.reviewers += [str(self._known(one["uuid"])) for one in data.get("reviewers", ())]

    def _known(self, uuid: str) -> str | None:
        return next((name for name in self.members if self.person(name)["uuid"] == uuid), None)

    def _decline(self, pull: Pull) -> Answer:
        if pull.state != "open":
            return _error(400, "This pull request is already closed.")
        pull.state, pull.closed_at, pull.closed_by = "closed", "2026-01-01T12:00:00Z", self.author
        return 200, self.shown(self.touched(pull))

    def person(self, name: str) -> dict[str, Any]:
        """A user, who may be told by three identifiers; what people see is the nickname."""
        number = sum(map(ord, name))
        uuid = f"{{00000000-0000-4000-8000-{number:012}}}"
        return {
            "type": "user",
            "uuid": uuid,
            "account_id": f"557058:{number:08}",
            "nickname": name,
            "display_name": name.title(),
        }

    def _comment(self, number: int, text: str) -> dict[str, Any]:
        """By whom is told before a colon, if it is: `carol: imagebot rebuild`."""
        name, colon, rest = text.partition(": ")
        author, said = (name, rest) if colon and name in self.members else (self.author, text)
        content = {"raw": said, "markup": "markdown", "html": ""}
        user = self.person(author)
        return {"type": "pullrequest_comment", "id": number, "content": content, "deleted": False, "user": user}

    def changed(self, pull: Pull) -> datetime:
        """When something about it changed last."""
        at = max(datetime.fromisoformat(at) for at in (pull.changed_at, pull.closed_at, pull.merged_at) if at)
        return at + timedelta(seconds=pull.updated)

    def shown(self, pull: Pull, more: Sequence[str] = ("+values.*",)) -> dict[str, Any]:
        """A pull request; a list shows some of it only if it is asked for `more`."""
        page = f"https://bitbucket.test/{self.repository}/pull-requests/{pull.number}"
        extra = {
            "closed_on": pull.merged_at or pull.closed_at,
            "reviewers": [self.person(name) for name in pull.reviewers],
            "participants": [
                *(self._participant(name, "approved") for name in pull.approvers),
                *(self._participant(name, "changes_requested") for name in pull.objectors),
            ],
        }
        shown = {
            "type": "pullrequest",
            "id": pull.number,
            "title": pull.title,
            "description": pull.body or "",
            "summary": {"raw": pull.body or "", "markup": "markdown", "html": ""},
            "state": _state(pull),
            "draft": pull.draft,
            "author": self.person(self.author),
            "comment_count": len(pull.comments),
            "source": self._end(pull.head, pull.head_repo, pull.head_sha),
            "destination": self._end(pull.base, self.repository, "0" * 40),
            "merge_commit": {"type": "commit", "hash": f"{pull.number:040x}"[:12]} if pull.merged_at else None,
            "closed_by": self.person(pull.closed_by) if pull.closed_by else None,
            "created_on": "2026-01-01T10:00:00.000000+00:00",
            "updated_on": self.changed(pull).isoformat(),
            "links": {"html": {"href": page}},
        }
        asked = {key: value for key, value in extra.items() if {f"+values.{key}", "+values.*"} & set(more)}
        return {key: value for key, value in (shown | asked).items() if f"-values.{key}" not in more}

    def as_described(self, data: Any) -> Any:
        return without_nulls(data)

    def _participant(self, name: str, state: str | None) -> dict[str, Any]:
        user = self.person(name)
        return {
            "type": "participant",
            "user": user,
            "role": "REVIEWER",
            "approved": state == "approved",
            "state": state,
        }

    def _end(self, branch: str, repository: str | None, commit: str) -> dict[str, Any]:
        there = None if repository is None else {"type": "repository", "full_name": repository}
        return {
            "branch": {"name": branch},
            "commit": {"type": "commit", "hash": commit[:12]},
            "repository": there,
        }


def _state(pull: Pull) -> str:
    return _MERGED if pull.merged_at else _SAID[pull.state]


def _error(status: int, message: str) -> Answer:
    return status, {"type": "error", "error": {"message": message}}


def _as_written(loaded: dict[str, Any]) -> dict[str, Any]:
    """With what the pages beside the description say: see above."""
    loaded = deepcopy(loaded)
    schemas = loaded["components"]["schemas"]
    for schema in schemas.values():
        # Users and teams are accounts, and say which.
        for part in (schema, *schema.get("allOf", ())):
            part.pop("required", None)
            part.get("properties", {}).get("type", {}).pop("enum", None)
    more = {"type": "object", "properties": {"account_id": {"type": "string"}, "nickname": {"type": "string"}}}
    schemas["account"]["allOf"].append(more)
    schemas["pullrequest"]["allOf"].append({"type": "object", "properties": {"description": {"type": "string"}}})
    for asked in (item["get"]["parameters"] for item in loaded["paths"].values() if "get" in item):
        named = {parameter["name"] for parameter in asked}
        asked += [
            {"name": name, "in": "query", "schema": {"type": "string"}} for name in _EVERYWHERE if name not in named
        ]
    return loaded


@cache
def described() -> Description:
    loaded = or_skip(api_descriptions.description, api_descriptions.BITBUCKET_CLOUD)
    return Description(_as_written(loaded), "http://bitbucket.test")


@contextmanager
def running() -> Iterator[BitbucketCloudServer]:
    """A server on a free port; leaving raises if it saw a violation."""
    with served(BitbucketCloudServer(described())) as bitbucket:
        yield bitbucket
