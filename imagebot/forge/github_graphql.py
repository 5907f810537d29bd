"""What GitHub offers by GraphQL alone: drafts, auto-merge, and merged pull requests with who approved them.

The queries are checked against the schema that GitHub publishes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal, NamedTuple

from pydantic import AwareDatetime, Field

from imagebot.errors import NotFound, Refused
from imagebot.forge.answers import GraphAnswer, checked
from imagebot.forge.github_answers import Method
from imagebot.forge.github_wire import Unprocessable, Wire
from imagebot.forge.proposed import NotMerging
from imagebot.forge.protocol import MOST_MERGED, Merged, PullRequest

STATE = """
query($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    autoMergeAllowed
    viewerDefaultMergeMethod
    mergeCommitAllowed
    rebaseMergeAllowed
    squashMergeAllowed
    pullRequest(number: $number) { id isDraft headRefOid autoMergeRequest { enabledAt } }
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
mutation($id: ID!, $method: PullRequestMergeMethod!, $head: GitObjectID!) {
  enablePullRequestAutoMerge(input: {pullRequestId: $id, mergeMethod: $method, expectedHeadOid: $head}) {
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
_MOST_PAGES = 100
# What GitHub answers where a merge needs nothing: there is nothing that it could wait for.
_NOTHING_REQUIRED = ("clean status", "unstable status", "has_hooks status", "Protected branch rules not configured")
_NOT_KNOWN_YET = "unknown status"

_Time = Annotated[AwareDatetime, Field(strict=False)]


class _Request(GraphAnswer):
    enabled_at: str | None = None


class _PullState(GraphAnswer):
    id: str
    is_draft: bool
    head_ref_oid: str
    auto_merge_request: _Request | None


class _RepositoryState(GraphAnswer):
    auto_merge_allowed: bool
    viewer_default_merge_method: Method
    merge_commit_allowed: bool
    rebase_merge_allowed: bool
    squash_merge_allowed: bool
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
    login: str


class _Commit(GraphAnswer):
    oid: str


class _Home(GraphAnswer):
    name_with_owner: str


class _Label(GraphAnswer):
    name: str


class _Review(GraphAnswer):
    state: Literal["APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED", "PENDING"]
    author: _Login | None


class _Labels(GraphAnswer):
    nodes: list[_Label]


class _Reviews(GraphAnswer):
    nodes: list[_Review]


class _MergedPull(GraphAnswer):
    number: int = Field(gt=0)
    url: str
    title: str
    body: str
    head_ref_name: str
    created_at: str
    updated_at: _Time
    merged_at: _Time
    head_repository: _Home | None
    merged_by: _Login | None
    merge_commit: _Commit | None
    labels: _Labels | None
    latest_opinionated_reviews: _Reviews | None

    def shown(self, base: str) -> Merged:
        by = self.merged_by.login if self.merged_by else ""
        at = self.merged_at.isoformat()
        pull = PullRequest(
            number=self.number,
            url=self.url,
            branch=self.head_ref_name,
            base=base,
            title=self.title,
            body=self.body,
            state="merged",
            labels=tuple(label.name for label in self.labels.nodes) if self.labels else (),
            opened_at=self.created_at,
            closed_at=at,
            closed_by=by,
        )
        reviews = self.latest_opinionated_reviews.nodes if self.latest_opinionated_reviews else []
        approvers = (review.author.login for review in reviews if review.state == "APPROVED" and review.author)
        return Merged(pull, at, by, self.merge_commit.oid if self.merge_commit else "", tuple(approvers))


class _PageInfo(GraphAnswer):
    has_next_page: bool
    end_cursor: str | None


class _Page(GraphAnswer):
    page_info: _PageInfo
    nodes: list[_MergedPull]


class _Pages(GraphAnswer):
    pull_requests: _Page


class _History(GraphAnswer):
    repository: _Pages


class _Viewer(GraphAnswer):
    login: str
    database_id: int


class _Who(GraphAnswer):
    viewer: _Viewer


class Place(NamedTuple):
    """One repository, and the words that begin an error about what GitHub says of it."""

    owner: str
    name: str

    @property
    def whose(self) -> str:
        return f"GitHub's answer about {self.owner}/{self.name}"


def draft(wire: Wire, place: Place, number: int, *, wanted: bool) -> list[str]:
    """Make it a draft, or ready for review. Returns what GitHub would not do, in words."""
    deed = f"{'make a draft of' if wanted else 'take the draft off'} pull request {number}"
    try:
        pull = _state(wire, place, number).pull_request
        if pull.is_draft != wanted:
            wire.mutate(deed, DRAFT if wanted else READY, {"id": pull.id})
    except (NotFound, Refused, Unprocessable) as error:
        return [str(error)]
    return []


def auto_merge(wire: Wire, place: Place, number: int, head: str) -> NotMerging | None:
    """Have GitHub merge the pull request once all is there that the base branch requires, if `head` is still its head.

    GitHub itself refuses where a merge requires nothing: it is never merged at once.
    """
    why = f"pull request {number} will not merge by itself"
    try:
        repository = _state(wire, place, number)
        pull = repository.pull_request
        if head and pull.head_ref_oid != head:
            return NotMerging(f"{why}: GitHub has not seen what was pushed; the next pass asks again", later=True)
        if pull.auto_merge_request is not None:
            return None
        if not repository.auto_merge_allowed:
            return NotMerging(f"{why}: tick `Allow auto-merge` in the settings of {place.owner}/{place.name}")
        variables = {"id": pull.id, "method": repository.method(), "head": pull.head_ref_oid}
        wire.mutate(f"let pull request {number} merge by itself", MERGE, variables)
    except (NotFound, Refused) as error:
        return NotMerging(str(error))
    except Unprocessable as error:
        said = "; ".join(error.reasons)
        if any(words in said for words in _NOTHING_REQUIRED):
            return NotMerging(
                f"{why}: nothing is required before a merge, so there is nothing to wait for; require a review or a "
                f"status check in the rules of the base branch, or merge it by hand"
            )
        return NotMerging(str(error), later=_NOT_KNOWN_YET in said)
    return None


def stop_auto_merge(wire: Wire, place: Place, number: int) -> None:
    """Take auto-merge back; raises a `WorldError` if it may still be on."""
    pull = _state(wire, place, number).pull_request
    if pull.auto_merge_request is not None:
        wire.mutate(f"no longer let pull request {number} merge by itself", STOP, {"id": pull.id})


def merged(wire: Wire, place: Place, base: str, prefix: str, since: datetime | None) -> Iterator[Merged]:
    """Those whose branches in this repository begin with `prefix`, by their last change, `since` then."""
    deed = f"list the merged pull requests of {place.owner}/{place.name}"
    after: str | None = None
    found = 0
    for _ in range(_MOST_PAGES):
        variables = {"owner": place.owner, "name": place.name, "base": base, "after": after}
        page = checked(_History, wire.query(deed, MERGED, variables), place.whose).repository.pull_requests
        for one in page.nodes:
            # Whatever was merged since has changed since.
            if since is not None and one.updated_at < since:
                return
            home = one.head_repository.name_with_owner if one.head_repository else ""
            ours = home.lower() == f"{place.owner}/{place.name}".lower() and one.head_ref_name.startswith(prefix)
            if ours and (since is None or one.merged_at >= since):
                yield one.shown(base)
                found += 1
            if found == MOST_MERGED:
                return
        after = page.page_info.end_cursor
        if not page.page_info.has_next_page:
            return


def viewer(wire: Wire) -> tuple[str, int]:
    """Login and number of whose credentials these are; of an App its bot's."""
    who = checked(_Who, wire.query("say who we are", VIEWER, {}), "GitHub's answer about us").viewer
    return who.login, who.database_id


def _state(wire: Wire, place: Place, number: int) -> _RepositoryState:
    variables = {"owner": place.owner, "name": place.name, "number": number}
    answer = wire.query(f"show pull request {number} of {place.owner}/{place.name}", STATE, variables)
    return checked(_State, answer, place.whose).repository
