"""What GitHub answers, as far as we read it."""

from __future__ import annotations

from typing import Literal

from imagebot.forge.answers import Answer, Flag, Link, Maybe, Moment, Name, Number, Some, Text, iso
from imagebot.forge.listing import Glimpse, Glimpsed, ListedPull
from imagebot.forge.proposed import TEAM
from imagebot.forge.protocol import PullRequest, State

Method = Literal["MERGE", "REBASE", "SQUASH"]


class RepositoryAnswer(Answer):
    full_name: str
    clone_url: Text = ""


class Head(Answer):
    """`repo` is null where the fork was deleted."""

    ref: str
    repo: RepositoryAnswer | None


class Base(Answer):
    ref: str
    repo: Maybe[RepositoryAnswer] = None


class User(Answer):
    login: Name


class Named(Answer):
    name: Name


class Team(Answer):
    slug: Name


class Pull(ListedPull):
    html_url: Link = ""
    title: Text = ""
    body: Text = ""
    state: Literal["open", "closed"]
    draft: Flag = False
    head: Head
    base: Base
    labels: Some[Named] = ()
    requested_reviewers: Some[User] = ()
    requested_teams: Some[Team] = ()
    assignees: Some[User] = ()
    created_at: Moment = None
    closed_at: Moment = None
    merged_at: Text = ""

    def shown(self) -> PullRequest:
        state: State = "merged" if self.merged_at else self.state
        teams = (f"{TEAM}{team.slug}" for team in self.requested_teams)
        return PullRequest(
            number=self.number,
            url=self.html_url,
            branch=self.head.ref,
            base=self.base.ref,
            title=self.title,
            body=self.body,
            state=state,
            labels=tuple(label.name for label in self.labels),
            opened_at=iso(self.created_at),
            closed_at=iso(self.closed_at),
            reviewers=(*(user.login for user in self.requested_reviewers), *teams),
            assignees=tuple(user.login for user in self.assignees),
            draft=self.draft,
        )


class _GlimpsedEnd(Answer):
    ref: Maybe[str] = None
    repo: Maybe[RepositoryAnswer] = None


class GlimpsedPull(Glimpsed):
    """What can be told of one that cannot be read."""

    number: Maybe[Number] = None
    head: Maybe[_GlimpsedEnd] = None
    base: Maybe[_GlimpsedEnd] = None
    body: Text = ""

    def told(self) -> Glimpse:
        head, base = self.head or _GlimpsedEnd(), self.base or _GlimpsedEnd()
        fork = None not in (head.repo, base.repo) and head.repo != base.repo
        return Glimpse(self.number, head.ref or "", base.ref or "", self.body, is_foreign=fork)


class Issue(Answer):
    closed_by: Maybe[User] = None
    assignees: Some[User] = ()
