"""What GitLab answers, as far as we read it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Literal

from pydantic import Field

from imagebot.forge.answers import Answer, Link, Maybe, Moment, Name, Number, Some, Text, iso
from imagebot.forge.listing import Glimpse, Glimpsed, ListedPull
from imagebot.forge.protocol import PullRequest, State

# Locked is what a merge request is for the moment in which it is merged.
_STATES: dict[str, State] = {"opened": "open", "locked": "open", "merged": "merged", "closed": "closed"}
_DRAFT = re.compile(r"draft:|\[draft\]|\(draft\)", re.ASCII | re.IGNORECASE)


class User(Answer):
    id: Number
    username: Name


class MergeRequest(ListedPull):
    """`merged_by` is what `merge_user` was called before GitLab 14.7. A fork that was deleted is null."""

    number: Number = Field(validation_alias="iid")
    web_url: Link = ""
    title: Text = ""
    description: Text = ""
    state: Literal["opened", "closed", "locked", "merged"]
    draft: Maybe[bool] = None
    source_branch: str
    target_branch: str
    source_project_id: int | None
    target_project_id: int
    labels: Some[Name] = ()
    reviewers: Some[User] = ()
    assignees: Some[User] = ()
    created_at: Moment = None
    closed_at: Moment = None
    merged_at: Moment = None
    closed_by: Maybe[User] = None
    merge_user: Maybe[User] = None
    merged_by: Maybe[User] = None
    sha: Text = ""
    merge_commit_sha: Text = ""
    squash_commit_sha: Text = ""

    def shown(self) -> PullRequest:
        merger = self.merge_user or self.merged_by
        closer = merger if self.state == "merged" else self.closed_by or merger
        return PullRequest(
            number=self.number,
            url=self.web_url,
            branch=self.source_branch,
            base=self.target_branch,
            title=self.title,
            body=self.description,
            state=_STATES[self.state],
            labels=tuple(self.labels),
            opened_at=iso(self.created_at),
            closed_at=iso(self.closed_at or self.merged_at),
            closed_by=closer.username if closer else "",
            reviewers=tuple(user.username for user in self.reviewers),
            assignees=tuple(user.username for user in self.assignees),
            draft=bool(_DRAFT.match(self.title)) if self.draft is None else self.draft,
        )

    def landed(self) -> tuple[datetime | None, str]:
        """A merge that only moved the branch on made no commit of its own: the last one merged stands for it."""
        return self.merged_at, self.merge_commit_sha or self.squash_commit_sha or self.sha


class GlimpsedRequest(Glimpsed):
    """What can be told of one that cannot be read."""

    iid: Maybe[Number] = None
    source_branch: Maybe[str] = None
    target_branch: Maybe[str] = None
    source_project_id: Maybe[int] = None
    target_project_id: Maybe[int] = None
    description: Text = ""

    def told(self) -> Glimpse:
        projects = (self.source_project_id, self.target_project_id)
        fork = None not in projects and projects[0] != projects[1]
        branch, base = self.source_branch or "", self.target_branch or ""
        return Glimpse(self.iid, branch, base, self.description, is_foreign=fork)


class Project(Answer):
    http_url_to_repo: Link


class Note(Answer):
    body: Text = ""


class _Approval(Answer):
    user: User


class Approvals(Answer):
    approved_by: Some[_Approval] = ()
