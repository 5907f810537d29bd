"""What Gitea and Forgejo answer, as far as we read it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from imagebot.forge.answers import Answer, Flag, Link, Maybe, Moment, Name, Number, Some, Text, iso
from imagebot.forge.listing import Glimpse, Glimpsed, ListedPull
from imagebot.forge.proposed import TEAM
from imagebot.forge.protocol import PullRequest, State

_DRAFT = re.compile(r"wip:|\[wip\]", re.ASCII | re.IGNORECASE)


class Branch(Answer):
    """`label` stays the branch's name when the branch is deleted; `ref` is then `refs/pull/N/head`."""

    label: str
    repo_id: int
    sha: Text = ""


class User(Answer):
    login: Name


class Named(Answer):
    name: Name


class Label(Named):
    id: Number


class Pull(ListedPull):
    """Go writes null for an empty list. Gitea before 1.22 tells neither whose review is awaited nor what is a draft; up
    to 1.22, and Forgejo up to 8, it writes null among those whose review is awaited where a team was asked.
    """

    html_url: Link = ""
    title: Text = ""
    body: Text = ""
    state: Literal["open", "closed"]
    draft: Maybe[bool] = None
    merged: Flag = False
    merged_at: Moment = None
    merged_by: Maybe[User] = None
    merge_commit_sha: Text = ""
    head: Branch
    base: Branch
    labels: Some[Named] = ()
    requested_reviewers: Some[User] = ()
    requested_reviewers_teams: Some[Named] = ()
    assignees: Some[User] = ()
    created_at: Moment = None
    closed_at: Moment = None

    def shown(self) -> PullRequest:
        state: State = "merged" if self.merged else self.state
        teams = (f"{TEAM}{team.name}" for team in self.requested_reviewers_teams)
        return PullRequest(
            number=self.number,
            url=self.html_url,
            branch=self.head.label,
            base=self.base.label,
            title=self.title,
            body=self.body,
            state=state,
            labels=tuple(label.name for label in self.labels),
            opened_at=iso(self.created_at),
            closed_at=iso(self.closed_at),
            closed_by=self.merged_by.login if self.merged_by else "",
            reviewers=(*(user.login for user in self.requested_reviewers), *teams),
            assignees=tuple(user.login for user in self.assignees),
            draft=bool(_DRAFT.match(self.title)) if self.draft is None else self.draft,
        )

    def landed(self) -> tuple[datetime | None, str]:
        return self.merged_at if self.merged else None, self.merge_commit_sha


class _GlimpsedEnd(Answer):
    label: Maybe[str] = None
    repo_id: Maybe[int] = None


class GlimpsedPull(Glimpsed):
    """What can be told of one that cannot be read."""

    number: Maybe[Number] = None
    head: Maybe[_GlimpsedEnd] = None
    base: Maybe[_GlimpsedEnd] = None
    body: Text = ""

    def told(self) -> Glimpse:
        head, base = self.head or _GlimpsedEnd(), self.base or _GlimpsedEnd()
        fork = None not in (head.repo_id, base.repo_id) and head.repo_id != base.repo_id
        return Glimpse(self.number, head.label or "", base.label or "", self.body, is_foreign=fork)


class Review(Answer):
    state: str
    dismissed: Flag = False
    user: Maybe[User] = None


_VERDICTS = ("APPROVED", "REQUEST_CHANGES")


def approvers(reviews: Iterable[Review]) -> tuple[str, ...]:
    """Whoever reviewed it more than once is counted with the last word."""
    last = {review.user.login: review for review in reviews if review.user and review.state in _VERDICTS}
    return tuple(name for name, review in last.items() if review.state == "APPROVED" and not review.dismissed)


class IssueEvent(Answer):
    type: str
    user: Maybe[User] = None


class RepositoryAnswer(Answer):
    default_merge_style: Text = "merge"
    allow_merge_commits: Flag = False
    allow_rebase: Flag = False
    allow_rebase_explicit: Flag = False
    allow_squash_merge: Flag = False


class Protection(Answer):
    """What a branch tells of its protection to everybody; the contexts may be patterns with `*`."""

    enable_status_check: bool = False
    status_check_contexts: list[str] | None = None


class Status(Answer):
    context: str
    status: str


class Statuses(Answer):
    statuses: Some[Status] = ()
