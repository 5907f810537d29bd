"""What GitHub offers by GraphQL alone: drafts, auto-merge, and merged pull requests with who approved them.

The queries are checked against the schema that GitHub publishes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from imagebot.errors import BadResponse, NotFound, Refused
from imagebot.forge.answers import Flag, GraphAnswer, Link, Maybe, Moment, Name, Number, Some, Text, checked, iso, sound
from imagebot.forge.github_answers import Method
from imagebot.forge.proposed import NotMerging, message_of, unseen
from imagebot.forge.protocol import MOST_MERGED, Merged, Proposal, PullRequest
from imagebot.forge.refusals import Unprocessable
from imagebot.forge.wire import Wire
from imagebot.knownforges import FACTS

STATE = """
query($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    autoMergeAllowed
    viewerDefaultMergeMethod
    mergeCommitAllowed
    rebaseMergeAllowed
    squashMergeAllowed
    pullRequest(number: $number) { id isDraft headRefOid autoMergeRequest { commitHeadline commitBody } }
  }
}
"""
DRAFT = """
mutation($id: ID!) { convertPullRequestToDraft(input: {pullRequestId: $id}) { pullRequest { isDraft } } }
"""
READY = """
mutation($id: ID!) { markPullRequestReadyForReview(input: {pullRequestId: $id}) { pullRequest { isDraft } } }
"""
MERGE = """
mutation(
  $id: ID!, $method: PullRequestMergeMethod!, $head: GitObjectID!, $headline: String, $body: String
) {
  enablePullRequestAutoMerge(
    input: {
      pullRequestId: $id, mergeMethod: $method, expectedHeadOid: $head, commitHeadline: $headline, commitBody: $body
    }
  ) {
    pullRequest { autoMergeRequest { enabledAt } }
  }
}
"""
STOP = """
mutation($id: ID!) {
  disablePullRequestAutoMerge(input: {pullRequestId: $id}) { pullRequest { autoMergeRequest { enabledAt } } }
}
"""
MERGED = """
query($owner: String!, $name: String!, $base: String!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequests(
      states: MERGED, baseRefName: $base, first: 50, after: $after, orderBy: {field: UPDATED_AT, direction: DESC}
    ) {
      pageInfo { hasNextPage endCursor }
      nodes {
        number url title body headRefName createdAt updatedAt mergedAt
        headRepository { nameWithOwner }
        mergedBy { login }
        mergeCommit { oid }
        labels(first: 50) { nodes { name } }
        latestOpinionatedReviews(first: 50) { nodes { state author { login } } }
      }
    }
  }
}
"""
VIEWER = "query { viewer { login databaseId } }"
WHERE = """
query($owner: String!, $name: String!) {
  repository(owner: $owner, name: $name, followRenames: true) { nameWithOwner url }
}
"""
_MOST_PAGES = 100
# What GitHub answers where a merge needs nothing: there is nothing that it could wait for.
_NOTHING_REQUIRED = ("clean status", "unstable status", "has_hooks status", "Protected branch rules not configured")
_NOT_KNOWN_YET = "unknown status"


class _Request(GraphAnswer):
    commit_headline: Text = ""
    commit_body: Text = ""


class _PullState(GraphAnswer):
    id: str
    is_draft: bool
    head_ref_oid: str
    auto_merge_request: _Request | None


class _RepositoryState(GraphAnswer):
    auto_merge_allowed: Flag
    viewer_default_merge_method: Method
    merge_commit_allowed: Flag
    rebase_merge_allowed: Flag
    squash_merge_allowed: Flag
    pull_request: _PullState

    def method(self) -> Method:
        """The repository's own way to merge, as far as GitHub tells it; there always is one."""
        allowed: dict[Method, bool] = {
            "MERGE": self.merge_commit_allowed,
            "SQUASH": self.squash_merge_allowed,
            "REBASE": self.rebase_merge_allowed,
        }
        first = self.viewer_default_merge_method
        return first if allowed[first] else next((method for method in allowed if allowed[method]), first)


class _State(GraphAnswer):
    repository: _RepositoryState


class _Login(GraphAnswer):
    login: Name


class _Commit(GraphAnswer):
    oid: Name


class _Home(GraphAnswer):
    name_with_owner: str


class _Label(GraphAnswer):
    name: Name


class _Review(GraphAnswer):
    state: str
    author: Maybe[_Login] = None


class _Labels(GraphAnswer):
    nodes: Some[_Label] = ()


class _Reviews(GraphAnswer):
    nodes: Some[_Review] = ()


class _MergedPull(GraphAnswer):
    number: Number
    url: Link = ""
    title: Text = ""
    body: Text = ""
    head_ref_name: str
    created_at: Moment = None
    updated_at: Moment = None
    merged_at: Moment = None
    head_repository: Maybe[_Home] = None
    merged_by: Maybe[_Login] = None
    merge_commit: Maybe[_Commit] = None
    labels: Maybe[_Labels] = None
    latest_opinionated_reviews: Maybe[_Reviews] = None

    def shown(self, base: str) -> Merged:
        by = self.merged_by.login if self.merged_by else ""
        at = iso(self.merged_at)
        pull = PullRequest(
            number=self.number,
            url=self.url,
            branch=self.head_ref_name,
            base=base,
            title=self.title,
            body=self.body,
            state="merged",
            labels=tuple(label.name for label in self.labels.nodes) if self.labels else (),
            opened_at=iso(self.created_at),
            closed_at=at,
            closed_by=by,
        )
        reviews = self.latest_opinionated_reviews.nodes if self.latest_opinionated_reviews else ()
        approvers = (review.author.login for review in reviews if review.state == "APPROVED" and review.author)
        return Merged(pull, at, by, self.merge_commit.oid if self.merge_commit else "", tuple(approvers))


class _PageInfo(GraphAnswer):
    has_next_page: bool
    end_cursor: str | None = None


class _Page(GraphAnswer):
    page_info: _PageInfo
    nodes: list[object]


class _Pages(GraphAnswer):
    pull_requests: _Page


class _History(GraphAnswer):
    repository: _Pages


class _Viewer(GraphAnswer):
    login: Name
    database_id: Number


class _Where(GraphAnswer):
    name_with_owner: str
    url: Link


class _Found(GraphAnswer):
    repository: _Where


class _Who(GraphAnswer):
    viewer: _Viewer


class RepositoryAddress(NamedTuple):
    """One repository, and the words that begin an error about what GitHub says of it."""

    owner: str
    name: str

    @property
    def whose(self) -> str:
        return f"GitHub's answer about {self.owner}/{self.name}"


def draft(wire: Wire, place: RepositoryAddress, number: int, *, wanted: bool) -> list[str]:
    """Make it a draft, or ready for review. Returns what GitHub would not do, in words."""
    task = f"{'make a draft of' if wanted else 'take the draft off'} pull request {number}"
    try:
        pull = _state(wire, place, number).pull_request
        if pull.is_draft != wanted:
            wire.change_graph(task, DRAFT if wanted else READY, {"id": pull.id})
    except (NotFound, Refused, Unprocessable) as error:
        return [str(error)]
    return []


def auto_merge(wire: Wire, place: RepositoryAddress, number: int, proposal: Proposal) -> NotMerging | None:
    """Have GitHub merge the pull request once all is there that the base branch requires, if it is at `proposal.head`.

    GitHub itself refuses where a merge requires nothing: it is never merged at once.
    """
    head = proposal.head
    why = f"pull request {number} will not merge by itself"
    try:
        repository = _state(wire, place, number)
        pull = repository.pull_request
        if head and pull.head_ref_oid != head:
            return unseen(FACTS["github"], number)
        method = repository.method()
        headline, body = message_of(proposal, number) if method == "SQUASH" else (None, None)
        if pull.auto_merge_request is not None:
            there = (pull.auto_merge_request.commit_headline, pull.auto_merge_request.commit_body)
            if headline is None or there in ((headline, body), ("", "")):
                return None
            # It would be merged with the words of what was proposed before. People who switch it on give it none.
            wire.change_graph(f"change how pull request {number} is merged", STOP, {"id": pull.id})
        if not repository.auto_merge_allowed:
            return NotMerging(f"{why}: tick `Allow auto-merge` in the settings of {place.owner}/{place.name}")
        variables = {
            "id": pull.id,
            "method": method,
            "head": pull.head_ref_oid,
            "headline": headline,
            "body": body,
        }
        wire.change_graph(f"let pull request {number} merge by itself", MERGE, variables)
    except Unprocessable as error:
        said = "; ".join(error.reasons)
        if any(words in said for words in _NOTHING_REQUIRED):
            return NotMerging(
                f"{why}: nothing is required before a merge, so there is nothing to wait for; require a review or a "
                f"status check in the rules of the base branch, or merge it by hand"
            )
        return NotMerging(str(error), later=_NOT_KNOWN_YET in said)
    return None


def stop_auto_merge(wire: Wire, place: RepositoryAddress, number: int) -> None:
    """Take auto-merge back; raises a `WorldError` if it may still be on."""
    pull = _state(wire, place, number).pull_request
    if pull.auto_merge_request is not None:
        wire.change_graph(f"no longer let pull request {number} merge by itself", STOP, {"id": pull.id})


def merged(wire: Wire, place: RepositoryAddress, base: str, prefix: str, since: datetime | None) -> Iterator[Merged]:
    """Those whose branches in this repository begin with `prefix`, by their last change, `since` then."""
    task = f"list the merged pull requests of {place.owner}/{place.name}"
    after: str | None = None
    found = 0
    seen = {after}
    for _ in range(_MOST_PAGES):
        variables = {"owner": place.owner, "name": place.name, "base": base, "after": after}
        page = checked(_History, wire.ask_graph(task, MERGED, variables), place.whose).repository.pull_requests
        for one in sound(_MergedPull, page.nodes):
            # Whatever was merged since has changed since.
            if since is not None and one.updated_at is not None and one.updated_at < since:
                return
            home = one.head_repository.name_with_owner if one.head_repository else ""
            ours = home.lower() == f"{place.owner}/{place.name}".lower() and one.head_ref_name.startswith(prefix)
            if ours and one.merged_at is not None and (since is None or one.merged_at >= since):
                yield one.shown(base)
                found += 1
            if found == MOST_MERGED:
                return
        after = page.page_info.end_cursor
        if not page.page_info.has_next_page:
            return
        if after in seen:
            raise BadResponse(f"{wire.host} sends the same page again when asked to {task}")
        seen.add(after)


def clone_url(wire: Wire, place: RepositoryAddress) -> str:
    """Where the repository is now that once had this name; empty where it has it still, or GitHub tells nothing."""
    variables = {"owner": place.owner, "name": place.name}
    found = checked(_Found, wire.ask_graph(f"find {place.owner}/{place.name}", WHERE, variables), place.whose)
    is_here = found.repository.name_with_owner.lower() == f"{place.owner}/{place.name}".lower()
    return f"{found.repository.url}.git" if found.repository.url and not is_here else ""


def viewer(wire: Wire) -> tuple[str, int]:
    """Login and number of whose credentials these are; of an App its bot's."""
    who = checked(_Who, wire.ask_graph("say who we are", VIEWER, {}), "GitHub's answer about us").viewer
    return who.login, who.database_id


def _state(wire: Wire, place: RepositoryAddress, number: int) -> _RepositoryState:
    variables = {"owner": place.owner, "name": place.name, "number": number}
    answer = wire.ask_graph(f"show pull request {number} of {place.owner}/{place.name}", STATE, variables)
    return checked(_State, answer, place.whose).repository
