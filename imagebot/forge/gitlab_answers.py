"""What GitLab answers, as far as we read it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from imagebot.forge.answers import Answer
from imagebot.forge.protocol import Merged, PullRequest, State

# Locked is what a merge request is for the moment in which it is merged.
_STATES: dict[str, State] = {"opened": "open", "locked": "open", "merged": "merged", "closed": "closed"}

_Time = Annotated[AwareDatetime, Field(strict=False)]


class User(Answer):
    id: int
    username: str


class Request(Answer):
    """`merged_by` is what `merge_user` was called before GitLab 14.7."""

    iid: int = Field(gt=0)
    web_url: str
    title: str
    description: str | None
    state: Literal["opened", "closed", "locked", "merged"]
    draft: bool
    source_branch: str
    target_branch: str
    source_project_id: int | None
    target_project_id: int
    labels: list[str]
    reviewers: list[User] = Field(default=[])
    assignees: list[User] = Field(default=[])
    created_at: str
    updated_at: _Time
    closed_at: str | None = None
    merged_at: _Time | None = None
    closed_by: User | None = None
    merge_user: User | None = None
    merged_by: User | None = None
    sha: str | None = None
    merge_commit_sha: str | None = None
    squash_commit_sha: str | None = None

    def shown(self) -> PullRequest:
        merger = self.merge_user or self.merged_by
        closer = self.closed_by or merger
        return PullRequest(
            number=self.iid,
            url=self.web_url,
            branch=self.source_branch,
            base=self.target_branch,
            title=self.title,
            body=self.description or "",
            state=_STATES[self.state],
            labels=tuple(self.labels),
            opened_at=self.created_at,
            closed_at=self.closed_at or (self.merged_at.isoformat() if self.merged_at else ""),
            closed_by=closer.username if closer else "",
            reviewers=tuple(user.username for user in self.reviewers),
            assignees=tuple(user.username for user in self.assignees),
            draft=self.draft,
        )

    def merged(self, approvers: tuple[str, ...]) -> Merged:
        """A merge that only moved the branch on made no commit of its own: the last one merged stands for it."""
        commit = self.merge_commit_sha or self.squash_commit_sha or self.sha or ""
        merger = self.merge_user or self.merged_by
        at = self.merged_at.isoformat() if self.merged_at else ""
        return Merged(self.shown(), at, merger.username if merger else "", commit, approvers)


class Note(Answer):
    body: str


class _Approval(Answer):
    user: User


class Approvals(Answer):
    approved_by: list[_Approval] | None = None
