"""Azure DevOps over HTTP: pull requests in memory, every request and answer held against what Microsoft publishes
(`azure_api.py`).

Where that is silent: a list cuts descriptions to 400 characters and says nothing of more pages (the reference's page
"Pull Requests - Get Pull Requests"); a token that is no good is answered 203 with the page to sign in at; a comment
that is active keeps the branch policy from completing, one that is closed does not; auto-complete where nothing is
waited for completes at once, and stays on over pushes ("Complete, abandon, or revert pull requests" and "Branch
policies" in the documentation of Azure Repos).
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, ClassVar
from urllib.parse import unquote

from imagebot.pulls import block
from tests.support import azure_api
from tests.support.forge_server import Answer, ForgeServer, Pull, served
from tests.support.openapi import Call, Description

SHOWN = 400
DEFAULT = 101
NOBODY = "00000000-0000-0000-0000-000000000000"
_HEADS = "refs/heads/"
_STATUS = {"open": "active", "closed": "abandoned"}
_STRATEGIES = "fa4e907d-c16b-4a4c-9dfa-4916e5d171ab"
_BUILD = "0609b952-1397-4640-95ec-e00a01b2c241"
_ALLOWS = {
    "noFastForward": "allowNoFastForward",
    "squash": "allowSquash",
    "rebase": "allowRebase",
    "rebaseMerge": "allowRebaseMerge",
}


class AzureServer(ForgeServer):
    """A project's repository. `strategies` are the ways to merge that its policy allows, all where it is empty."""

    kind = "azure"
    prefix = ""
    scopes: ClassVar[Mapping[str, str]] = {
        "comments": r"POST /.+/threads",
        "labels": r"(POST|DELETE) /.+/labels.*",
        "pulls": r"(POST|PATCH) /.+/pullrequests(/\d+)?",
    }
    forbids = (
        403,
        {
            "message": "TF401027: You need the Git 'PullRequestContribute' permission to perform this action.",
            "typeKey": "GitNeedsPermissionException",
        },
    )

    def __init__(self, description: Description) -> None:
        super().__init__(description)
        self.repository = "acme/platform/environments"
        self.page = 1000
        self.members = ["imagebot", "alice", "bob", "carol"]
        self.teams = ["platform"]
        self.required = [("queued", True)]
        """The branch's policies: how each stands, and whether it blocks."""
        self.strategies: list[str] = []
        self.properties: dict[int, dict[str, str]] = {}

    def add(self, head: str, **facts: Any) -> Pull:
        """A machine block in the body is kept where it belongs."""
        pull = super().add(head, **{"head_repo": self.repository, **facts})
        if pull.body and (found := block.last(pull.body)):
            pull.body = block.without(pull.body)
            self.properties[pull.number] = {"imagebot.block": found[0]}
        return pull

    @property
    def git_path(self) -> str:
        return self.repository.replace("/environments", "/_git/environments")

    def whole(self, pull: Pull) -> str:
        return "\n\n".join([(pull.body or "").strip(), *self.properties.get(pull.number, {}).values()])

    def refused(self, authorization: str) -> Answer | None:
        basic = base64.b64encode(f":{self.token}".encode()).decode()
        return None if authorization == f"Basic {basic}" else (203, "<html>Sign in</html>")

    def decide(self, call: Call, authorization: str) -> Answer:
        found = self.description.match(call.path)
        assert found is not None
        template, values = found[0], {key: unquote(value) for key, value in found[1].items()}
        if refused := self.refused(authorization):
            return refused
        collection, project, repository = self.repository.split("/")
        if (values["collection"], values.get("project", project)) != (collection, project):
            return _error(404, "ProjectDoesNotExistWithNameException", "TF200016: the project does not exist.")
        if template.startswith(azure_api.TEAMS):
            return self._people(values.get("teamId"), call)
        if template == azure_api.EVALUATIONS:
            return 200, _listed(self._paged(self._evaluations(), call.arguments))
        if values["repositoryId"].lower() != repository:
            return _error(404, "GitRepositoryNotFoundException", "TF401019: the Git repository does not exist.")
        if template.endswith("/pullrequests"):
            return self._open(call.data) if call.verb == "POST" else self._list(call)
        if int(values["pullRequestId"]) not in self.pulls:
            return _error(404, "GitPullRequestNotFoundException", "TF401180: The pull request was not found.")
        return self._one(self.pulls[int(values["pullRequestId"])], template.rpartition("/")[2], call, values)

    def _one(self, pull: Pull, what: str, call: Call, values: Mapping[str, str]) -> Answer:
        match call.verb, what:
            case "GET", "{pullRequestId}":
                return 200, self.shown(pull)
            case "PATCH", "{pullRequestId}":
                return self._change(pull, call.data)
            case "GET", "threads":
                return 200, _listed([self._thread(number, text) for number, text in enumerate(pull.comments, 1)])
            case "POST", "threads":
                return self._speak(pull, call.data)
            case "POST", "labels":
                return self._label(pull, call.data["name"])
            case "DELETE", "{labelIdOrName}":
                pull.labels = [name for name in pull.labels if name.lower() != values["labelIdOrName"].lower()]
                return 200, None
            case "GET", "properties":
                return 200, self._kept(pull)
            case "PATCH", "properties":
                return self._keep(pull, call.data)
            case "PUT", "{reviewerId}":
                return self._ask(pull, values["reviewerId"])
        raise AssertionError(f"the fake does not know {call.verb} {what}")

    def _list(self, call: Call) -> Answer:
        asked = call.arguments
        status = asked.get("searchCriteria.status", "active")
        since = asked.get("searchCriteria.minTime", "")
        pulls = [
            pull
            for pull in sorted(self.pulls.values(), key=lambda pull: pull.number, reverse=True)
            if status in ("all", _status(pull))
            and asked.get("searchCriteria.sourceRefName", _HEADS + pull.head) == _HEADS + pull.head
            and asked.get("searchCriteria.targetRefName", _HEADS + pull.base) == _HEADS + pull.base
            and (not since or (pull.merged_at or pull.closed_at or "") >= since)
        ]
        if since and asked.get("searchCriteria.queryTimeRangeType") != "closed":
            self.violations.append("a time without its kind is that of the opening")
        return 200, _listed(self._paged([self.shown(pull, whole=False) for pull in pulls], asked))

    def _paged(self, items: list[Any], asked: Mapping[str, str]) -> list[Any]:
        start, size = int(asked.get("$skip", 0)), min(int(asked.get("$top", DEFAULT)), self.page)
        return items[start : start + size]

    def _people(self, team: str | None, call: Call) -> Answer:
        if team is None:
            teams = [{"id": self.person(name)["id"], "name": name} for name in self.teams]
            return 200, _listed(self._paged(teams, call.arguments))
        people = [{"identity": self.person(name), "isTeamAdmin": False} for name in self.members]
        return 200, _listed(self._paged(people, call.arguments))

    def _open(self, data: dict[str, Any]) -> Answer:
        head, base = (data[key].removeprefix(_HEADS) for key in ("sourceRefName", "targetRefName"))
        wanted = ("open", head, base, self.repository)
        if any((pull.state, pull.head, pull.base, pull.head_repo) == wanted for pull in self.pulls.values()):
            exists = "TF401179: An active pull request for the source and target branch already exists."
            return _error(409, "GitPullRequestExistsException", exists)
        people = [self._known(one["id"]) for one in data.get("reviewers", ())]
        if None in people:
            return _error(400, "InvalidArgumentValueException", "A reviewer is no identity that is known.")
        pull = self.add(head, base=base, title=data["title"], body=data.get("description"))
        pull.draft = data.get("isDraft", False)
        pull.labels += [one["name"] for one in data.get("labels", ())]
        for name in people:
            self._reviewed_by(pull, str(name))
        return 201, self.shown(pull)

    def _change(self, pull: Pull, data: dict[str, Any]) -> Answer:
        if pull.merged_at or (pull.state == "closed" and data.keys() - {"status", "description", "title"}):
            return _error(409, "GitPullRequestNotEditableException", "TF401181: The pull request cannot be edited.")
        if "autoCompleteSetBy" in data and (refused := self._complete(pull, data)):
            return refused
        pull.title, pull.body = data.get("title", pull.title), data.get("description", pull.body)
        pull.draft = data.get("isDraft", pull.draft)
        if data.get("status") == "abandoned" and pull.state == "open":
            pull.state, pull.closed_at, pull.closed_by = "closed", "2026-01-01T12:00:00Z", self.author
            pull.auto_merge = False
        if data.get("status") == "active":
            pull.state, pull.closed_at, pull.closed_by = "open", None, None
        return 200, self.shown(pull)

    def _complete(self, pull: Pull, data: dict[str, Any]) -> Answer | None:
        if data["autoCompleteSetBy"]["id"] == NOBODY:
            pull.auto_merge = False
            return None
        if data["autoCompleteSetBy"]["id"] != self.person(self.author)["id"]:
            return _error(403, "GitPullRequestAutoCompleteException", "Only oneself can be named.")
        if not any(blocks and status != "approved" for status, blocks in self.required):
            self.violations.append("a pull request was completed at once")
        options = data.get("completionOptions", {})
        strategy = options.get("mergeStrategy", "noFastForward")
        if self.strategies and strategy not in self.strategies:
            self.violations.append(f"the policy does not allow to merge by {strategy}")
        pull.auto_merge, pull.merges_head = True, pull.head_sha
        said = options.get("mergeCommitMessage", "")
        pull.merge_message = (None, said or None)
        return None

    def _speak(self, pull: Pull, data: dict[str, Any]) -> Answer:
        if data.get("status") != "closed":
            self.violations.append("a comment that nobody resolves keeps the pull request from being completed")
        pull.comments += [one["content"] for one in data["comments"]]
        return 200, self._thread(len(pull.comments), pull.comments[-1])

    def _thread(self, number: int, text: str) -> dict[str, Any]:
        said = {"id": 1, "content": text, "commentType": "text", "author": self.person("carol"), "parentCommentId": 0}
        return {"id": number, "comments": [said], "status": "closed", "isDeleted": False}

    def _label(self, pull: Pull, name: str) -> Answer:
        if name.lower() not in map(str.lower, pull.labels):
            pull.labels.append(name)
        return 200, {"id": self.person(name)["id"], "name": name, "active": True}

    def _kept(self, pull: Pull) -> dict[str, Any]:
        kept = self.properties.get(pull.number, {})
        found = {name: {"$type": "System.String", "$value": value} for name, value in kept.items()}
        return {"value": found, "count": len(found)}

    def _keep(self, pull: Pull, data: list[dict[str, Any]]) -> Answer:
        kept = self.properties.setdefault(pull.number, {})
        for one in data:
            name = one["path"].removeprefix("/")
            kept.pop(name, None)
            if one["op"] != "remove":
                kept[name] = one["value"]
        return 200, self._kept(pull)

    def _ask(self, pull: Pull, identity: str) -> Answer:
        name = self._known(identity)
        if name is None:
            return _error(404, "IdentityNotFoundException", f"TF14045: The identity {identity} is not known.")
        self._reviewed_by(pull, name)
        return 200, self._reviewer(name, 0)

    def _reviewed_by(self, pull: Pull, name: str) -> None:
        people = pull.teams if name in self.teams else pull.reviewers
        people += [] if name in people else [name]

    def _known(self, identity: str) -> str | None:
        known = (*self.members, *self.teams)
        return next((name for name in known if self.person(name)["id"] == identity), None)

    def _evaluations(self) -> list[dict[str, Any]]:
        states: list[tuple[str, bool, str, dict[str, bool]]] = [
            (status, blocks, _BUILD, {}) for status, blocks in self.required
        ]
        if self.strategies:
            allows = {key: name in self.strategies for name, key in _ALLOWS.items()}
            states.append(("approved", True, _STRATEGIES, allows))
        return [
            {
                "evaluationId": self.person(str(number))["id"],
                "status": status,
                "configuration": {
                    "id": number,
                    "isBlocking": blocks,
                    "isEnabled": True,
                    "type": {"id": kind},
                    "settings": settings,
                },
            }
            for number, (status, blocks, kind, settings) in enumerate(states, 1)
        ]

    def person(self, name: str) -> dict[str, Any]:
        """An identity: a person's name is an address, a team's that of its project too."""
        number = sum(ord(letter) * 31**at for at, letter in enumerate(name)) % 10**12
        identity = f"00000000-0000-4000-8000-{number:012}"
        if name in self.teams:
            team = f"[platform]\\{name}"
            return {"id": identity, "displayName": team, "uniqueName": f"vstfs:///{identity}", "isContainer": True}
        return {"id": identity, "displayName": name.title(), "uniqueName": f"{name}@acme.test", "isContainer": False}

    def _reviewer(self, name: str, vote: int) -> dict[str, Any]:
        return {**self.person(name), "vote": vote, "isRequired": False}

    def shown(self, pull: Pull, *, whole: bool = True) -> dict[str, Any]:
        """A pull request; a list cuts what it says."""
        votes = dict.fromkeys((*pull.reviewers, *pull.teams), 0)
        votes |= dict.fromkeys(pull.approvers, 10) | dict.fromkeys(pull.objectors, -10)
        closed = pull.merged_at or pull.closed_at
        page = f"https://azure.test/acme/platform/_git/environments/pullrequest/{pull.number}"
        shown = {
            "pullRequestId": pull.number,
            "title": pull.title,
            "description": pull.body if whole else (pull.body or "")[:SHOWN],
            "status": _status(pull),
            "isDraft": pull.draft,
            "createdBy": self.person(self.author),
            "creationDate": "2026-01-01T10:00:00.1234567Z",
            "closedDate": closed,
            "closedBy": self.person(pull.closed_by) if pull.closed_by else None,
            "sourceRefName": _HEADS + pull.head,
            "targetRefName": _HEADS + pull.base,
            "lastMergeSourceCommit": {"commitId": pull.head_sha},
            "lastMergeCommit": {"commitId": f"{pull.number:040x}"},
            "reviewers": [self._reviewer(name, vote) for name, vote in votes.items()],
            "labels": [{"id": self.person(name)["id"], "name": name, "active": True} for name in pull.labels] or None,
            "autoCompleteSetBy": self.person(self.author) if pull.auto_merge else None,
            "repository": {
                "id": NOBODY.replace("0", "7"),
                "name": "environments",
                "project": {"id": NOBODY.replace("0", "8"), "name": "platform"},
                "webUrl": page.partition("/pullrequest")[0],
            },
            "url": page,
        }
        fork = None if pull.head_repo is None else {"id": NOBODY.replace("0", "9"), "name": "environments"}
        if pull.head_repo != self.repository:
            shown["forkSource"] = {"name": _HEADS + pull.head, "repository": fork}
        return {key: value for key, value in shown.items() if value is not None}


def _status(pull: Pull) -> str:
    return "completed" if pull.merged_at else _STATUS[pull.state]


def _listed(items: list[Any]) -> dict[str, Any]:
    return {"value": items, "count": len(items)}


def _error(status: int, kind: str, message: str) -> Answer:
    return status, {"$id": "1", "message": message, "typeKey": kind, "errorCode": 0, "eventId": 3000}


@cache
def described() -> Description:
    """Written by hand, so it is always there."""
    return Description(azure_api.description(), "http://azure.test")


@contextmanager
def running() -> Iterator[AzureServer]:
    """A server on a free port; leaving raises if it saw a violation."""
    with served(AzureServer(described())) as azure:
        yield azure
