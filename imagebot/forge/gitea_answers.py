"""What Gitea and Forgejo answer, as far as we read it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from imagebot.forge.answers import Answer
from imagebot.forge.proposed import TEAM
from imagebot.forge.protocol import Merged, PullRequest, State

DRAFT = "WIP: "
"""What makes a draft, on servers that were not told otherwise (`WORK_IN_PROGRESS_PREFIXES`)."""
_DRAFT = re.compile(r"wip:|\[wip\]", re.ASCII | re.IGNORECASE)
_Time = Annotated[AwareDatetime, Field(strict=False)]


class Branch(Answer):
    """`label` stays the branch's name when the branch is deleted; `ref` is then `refs/pull/N/head`."""

    label: str
    repo_id: int
    sha: str = ""


class User(Answer):
    login: str


class Named(Answer):
    name: str


class Label(Named):
    id: int


class Pull(Answer):
    """Go writes null for an empty list. Gitea before 1.22 tells neither whose review is awaited nor what is a draft."""

    number: int = Field(gt=0)
    html_url: str
    title: str
    body: str
    state: Literal["open", "closed"]
    draft: bool | None = None
    merged: bool
    merged_at: _Time | None = None
    merged_by: User | None = None
    merge_commit_sha: str | None = None
    head: Branch
    base: Branch
    labels: list[Named] | None = None
    requested_reviewers: list[User] | None = None
    requested_reviewers_teams: list[Named] | None = None
    assignees: list[User] | None = None
    created_at: _Time
    updated_at: _Time
    closed_at: _Time | None = None

    def shown(self) -> PullRequest:
        state: State = "merged" if self.merged else self.state
        teams = (f"{TEAM}{team.name}" for team in self.requested_reviewers_teams or ())
        return PullRequest(
            number=self.number,
            url=self.html_url,
            branch=self.head.label,
            base=self.base.label,
            title=self.title,
            body=self.body,
            state=state,
            labels=tuple(label.name for label in self.labels or ()),
            opened_at=_iso(self.created_at),
            closed_at=_iso(self.closed_at),
            closed_by=self.merged_by.login if self.merged_by else "",
            reviewers=(*(user.login for user in self.requested_reviewers or ()), *teams),
            assignees=tuple(user.login for user in self.assignees or ()),
            draft=bool(_DRAFT.match(self.title)) if self.draft is None else self.draft,
        )

    def merge(self, reviews: Iterable[Review]) -> Merged:
        """How it was merged. Whoever reviewed it more than once is counted with the last word."""
        last = {review.user.login: review for review in reviews if review.user and review.state in _VERDICTS}
        approvers = (name for name, review in last.items() if review.state == "APPROVED" and not review.dismissed)
        pull = self.shown()
        return Merged(pull, _iso(self.merged_at), pull.closed_by, self.merge_commit_sha or "", tuple(approvers))


class Review(Answer):
    state: str
    dismissed: bool = False
    user: User | None = None


_VERDICTS = ("APPROVED", "REQUEST_CHANGES")


class Comment(Answer):
    body: str


class Event(Answer):
    type: str
    user: User | None = None


class Repository(Answer):
    default_merge_style: str = "merge"
    allow_merge_commits: bool = False
    allow_rebase: bool = False
    allow_rebase_explicit: bool = False
    allow_squash_merge: bool = False


class Protection(Answer):
    """What a branch tells of its protection to everybody; the contexts may be patterns with `*`."""

    enable_status_check: bool = False
    status_check_contexts: list[str] | None = None


class Status(Answer):
    context: str
    status: str


class Statuses(Answer):
    statuses: list[Status] | None = None


def _iso(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat() if moment else ""
