"""What GitHub's GraphQL API finds and does, on the pull requests of the fake GitHub."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.forge_server import Pull
from tests.support.graphql_schema import Refusal

if TYPE_CHECKING:
    from tests.support.github_server import GitHubServer


@dataclass
class Merging:
    """How a repository merges. `state` is the merge state of all its pull requests: what GitHub waits for, if blocked.

    Of `methods`, the first is what whoever asks used last.
    """

    allowed: bool = True
    methods: tuple[str, ...] = ("MERGE", "SQUASH", "REBASE")
    used_last: str = "MERGE"
    state: str = "blocked"


def roots(server: GitHubServer) -> dict[str, Any]:
    """The top of the API."""

    def mutation(do: Callable[[Pull, dict[str, Any]], None]) -> Callable[..., dict[str, Any]]:
        def resolve(_: object, input: dict[str, Any]) -> dict[str, Any]:
            found = [pull for pull in server.pulls.values() if f"PR_{pull.number}" == input["pullRequestId"]]
            if not found:
                raise _error("Could not resolve to a node with the global id", "NOT_FOUND")
            do(found[0], input)
            return {"pullRequest": _shown(server, found[0])}

        return resolve

    return {
        "repository": lambda _, owner, name, **asked: _repository(server, f"{owner}/{name}", **asked),
        "viewer": {"login": "imagebot[bot]" if server.app else "imagebot", "databaseId": 4711},
        "convertPullRequestToDraft": mutation(lambda pull, _: _draft(server, pull)),
        "markPullRequestReadyForReview": mutation(lambda pull, _: setattr(pull, "draft", False)),
        "enablePullRequestAutoMerge": mutation(lambda pull, asked: _enable(server, pull, asked)),
        "disablePullRequestAutoMerge": mutation(lambda pull, _: _disable(pull)),
    }


def _error(message: str, kind: str = "UNPROCESSABLE") -> Refusal:
    return Refusal(message, kind)


def _draft(server: GitHubServer, pull: Pull) -> None:
    if not server.drafts_allowed:
        raise _error("Draft pull requests are not supported in this repository.")
    pull.draft = True


def _enable(server: GitHubServer, pull: Pull, asked: dict[str, Any]) -> None:
    merging = server.merging
    if not merging.allowed:
        raise _error("Pull request Auto merge is not allowed for this repository")
    if pull.state != "open" or pull.draft:
        raise _error("Can't enable auto-merge for this pull request.")
    if asked["expectedHeadOid"] != pull.head_sha:
        raise _error("Head sha didn't match expected head sha.")
    if asked["mergeMethod"] not in merging.methods:
        raise _error(f"Merge method {asked['mergeMethod']} is not allowed on this repository")
    if merging.state != "blocked":
        raise _error(f"Pull request Pull request is in {merging.state} status")
    if asked["mergeMethod"] == "REBASE" and asked.get("commitHeadline"):
        raise _error("A commit message cannot be given for a rebase")
    if pull.auto_merge:
        server.violations.append("auto-merge that is on was switched on")
    pull.auto_merge = True
    pull.merge_message = (asked.get("commitHeadline"), asked.get("commitBody"))


def _disable(pull: Pull) -> None:
    if not pull.auto_merge:
        raise _error("Can't disable auto-merge for this pull request.")
    pull.auto_merge = False


def _repository(server: GitHubServer, name: str, **asked: Any) -> dict[str, Any]:
    known = {server.repository, server.once_called} if asked.get("followRenames", True) else {server.repository}
    if name.lower() not in known:
        raise _error(f"Could not resolve to a Repository with the name '{name}'.", "NOT_FOUND")
    merging = server.merging
    return {
        "nameWithOwner": server.repository,
        "url": f"https://github.test/{server.repository}",
        "autoMergeAllowed": merging.allowed,
        "viewerDefaultMergeMethod": merging.used_last,
        "mergeCommitAllowed": "MERGE" in merging.methods,
        "squashMergeAllowed": "SQUASH" in merging.methods,
        "rebaseMergeAllowed": "REBASE" in merging.methods,
        "pullRequest": lambda _, number: _numbered(server, number),
        "pullRequests": lambda _, **asked: _merged(server, **asked),
    }


def _numbered(server: GitHubServer, number: int) -> dict[str, Any]:
    if number not in server.pulls:
        raise _error(f"Could not resolve to a PullRequest with the number of {number}.", "NOT_FOUND")
    return _shown(server, server.pulls[number])


def _merged(server: GitHubServer, **asked: Any) -> dict[str, Any]:
    assert asked["states"] == ["MERGED"]
    assert asked["orderBy"] == {"field": "UPDATED_AT", "direction": "DESC"}
    pulls = [pull for pull in server.pulls.values() if pull.merged_at and pull.base == asked["baseRefName"]]
    pulls.sort(key=lambda pull: pull.merged_at or "", reverse=True)
    start, size = int(asked.get("after") or 0), min(asked["first"], server.page)
    end = start + size
    return {
        "pageInfo": {"hasNextPage": end < len(pulls), "endCursor": str(end)},
        "nodes": [_shown(server, pull) for pull in pulls[start:end]],
    }


def _shown(server: GitHubServer, pull: Pull) -> dict[str, Any]:
    reviews = [*((name, "APPROVED") for name in pull.approvers), *((n, "CHANGES_REQUESTED") for n in pull.objectors)]
    return {
        "id": f"PR_{pull.number}",
        "number": pull.number,
        "url": f"https://github.test/{server.repository}/pull/{pull.number}",
        "title": pull.title,
        "body": pull.body or "",
        "isDraft": pull.draft,
        "headRefName": pull.head,
        "headRefOid": pull.head_sha,
        "headRepository": None if pull.head_repo is None else {"nameWithOwner": pull.head_repo},
        "createdAt": "2026-01-01T10:00:00Z",
        "updatedAt": pull.merged_at or "2026-01-01T10:00:00Z",
        "mergedAt": pull.merged_at,
        "mergedBy": _user(pull.closed_by),
        "mergeCommit": {"oid": f"{pull.number:040x}"},
        "autoMergeRequest": _auto_merge(pull) if pull.auto_merge else None,
        "labels": {"nodes": [{"name": name} for name in pull.labels]},
        "latestOpinionatedReviews": {"nodes": [{"state": state, "author": _user(name)} for name, state in reviews]},
    }


def _auto_merge(pull: Pull) -> dict[str, Any]:
    headline, body = pull.merge_message
    return {"enabledAt": "2026-01-01T10:00:00Z", "commitHeadline": headline, "commitBody": body}


def _user(login: str | None) -> dict[str, Any] | None:
    return None if login is None else {"__typename": "User", "login": login}
