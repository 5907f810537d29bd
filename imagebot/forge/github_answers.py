"""What GitHub answers, as far as we read it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from imagebot.forge.answers import Answer
from imagebot.forge.proposed import TEAM
from imagebot.forge.protocol import PullRequest, State

Method = Literal["MERGE", "REBASE", "SQUASH"]


class Repository(Answer):
    full_name: str


class Ref(Answer):
    ref: str
    repo: Repository | None


class User(Answer):
    login: str


class Named(Answer):
    name: str


class Team(Answer):
    slug: str


class Pull(Answer):
    number: int = Field(gt=0)
    html_url: str
    title: str
    body: str | None
    state: Literal["open", "closed"]
    draft: bool = False
    head: Ref
    base: Ref
    labels: list[Named]
    requested_reviewers: list[User] = Field(default=[])
    requested_teams: list[Team] = Field(default=[])
    assignees: list[User] = Field(default=[])
    created_at: str
    closed_at: str | None
    merged_at: str | None

    def shown(self) -> PullRequest:
        state: State = "merged" if self.merged_at else self.state
        teams = (f"{TEAM}{team.slug}" for team in self.requested_teams)
        return PullRequest(
            number=self.number,
            url=self.html_url,
            branch=self.head.ref,
            base=self.base.ref,
            title=self.title,
            body=self.body or "",
            state=state,
            labels=tuple(label.name for label in self.labels),
            opened_at=self.created_at,
            closed_at=self.closed_at or "",
            reviewers=(*(user.login for user in self.requested_reviewers), *teams),
            assignees=tuple(user.login for user in self.assignees),
            draft=self.draft,
        )


class Issue(Answer):
    closed_by: User | None = None
    assignees: list[User] = Field(default=[])


class Comment(Answer):
    body: str = ""
