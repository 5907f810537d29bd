"""What Azure DevOps answers, as far as we read it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import Field

from imagebot.forge.answers import Answer, Flag, GraphAnswer, Maybe, Moment, Name, Number, Some, Text, iso
from imagebot.forge.listing import Glimpse, Glimpsed, ListedPull
from imagebot.forge.proposed import TEAM
from imagebot.forge.protocol import PullRequest, State
from imagebot.gitnames import HEADS
from imagebot.pulls import block

_STATES: Mapping[str, State] = {"active": "open", "abandoned": "closed", "completed": "merged"}
_APPROVED = 5
"""With suggestions; 10 is without."""


class Identity(GraphAnswer):
    """A person, whose unique name is an address, or has a domain before it; or a team, behind its project's name."""

    id: Name
    display_name: Text = ""
    unique_name: Text = ""
    is_container: Flag = False

    @property
    def login(self) -> str:
        """How policies name it."""
        if self.is_container:
            return TEAM + self.display_name.rpartition("\\")[2]
        return self.unique_name.rpartition("\\")[2].partition("@")[0] or self.display_name


class _Reviewer(Identity):
    vote: Maybe[int] = None


class _Label(Answer):
    name: Name
    active: Maybe[bool] = None


class _Commit(GraphAnswer):
    commit_id: Text = ""


class _Project(Answer):
    id: Text = ""


class _Repository(GraphAnswer):
    project: Maybe[_Project] = None
    web_url: Text = ""


class Pull(ListedPull, GraphAnswer):
    """A list cuts descriptions. `fork_source` is there for a branch of a fork alone, whose repository may be gone."""

    number: Number = Field(validation_alias="pullRequestId")
    title: Text = ""
    description: Text = ""
    status: Literal["active", "abandoned", "completed"]
    is_draft: Flag = False
    source_ref_name: str
    target_ref_name: str
    fork_source: dict[str, object] | None = None
    created_by: Maybe[Identity] = None
    creation_date: Moment = None
    closed_by: Maybe[Identity] = None
    closed_date: Moment = None
    last_merge_source_commit: Maybe[_Commit] = None
    last_merge_commit: Maybe[_Commit] = None
    reviewers: Some[_Reviewer] = ()
    labels: Some[_Label] = ()
    auto_complete_set_by: Maybe[Identity] = None
    repository: Maybe[_Repository] = None

    @property
    def head(self) -> str:
        """The commit that is proposed."""
        return self.last_merge_source_commit.commit_id if self.last_merge_source_commit else ""

    def approvers(self) -> tuple[str, ...]:
        people = (one for one in self.reviewers if not one.is_container)
        return tuple(one.login for one in people if (one.vote or 0) >= _APPROVED)

    def landed(self) -> tuple[datetime | None, str]:
        return self.closed_date, self.last_merge_commit.commit_id if self.last_merge_commit else ""

    def shown(self) -> PullRequest:
        """Without a machine block, wherever somebody wrote one: it is kept apart."""
        page = self.repository.web_url if self.repository else ""
        return PullRequest(
            number=self.number,
            url=f"{page}/pullrequest/{self.number}" if page.startswith("https://") else "",
            branch=self.source_ref_name.removeprefix(HEADS),
            base=self.target_ref_name.removeprefix(HEADS),
            title=self.title,
            body=block.without(self.description),
            state=_STATES[self.status],
            labels=tuple(label.name for label in self.labels if label.active is not False),
            opened_at=iso(self.creation_date),
            closed_at=iso(self.closed_date),
            closed_by=self.closed_by.login if self.closed_by else "",
            reviewers=tuple(one.login for one in self.reviewers),
            draft=self.is_draft,
        )


class GlimpsedPull(Glimpsed):
    """What can be told of one that cannot be read."""

    number: Maybe[Number] = Field(None, validation_alias="pullRequestId")
    source: Maybe[str] = Field(None, validation_alias="sourceRefName")
    target: Maybe[str] = Field(None, validation_alias="targetRefName")
    fork: Maybe[dict[str, object]] = Field(None, validation_alias="forkSource")

    def told(self) -> Glimpse:
        branch, base = ((name or "").removeprefix(HEADS) for name in (self.source, self.target))
        return Glimpse(self.number, branch, base, is_foreign=self.fork is not None)


class _Comment(GraphAnswer):
    content: Text = ""
    is_deleted: Flag = False


class _Thread(Answer):
    comments: Some[_Comment] = ()


class Threads(Answer):
    """What was said on a pull request, by people and by the forge itself."""

    value: Some[_Thread] = ()

    def said(self) -> tuple[str, ...]:
        return tuple(one.content for thread in self.value for one in thread.comments if not one.is_deleted)


class _Property(Answer):
    value: Text = Field("", validation_alias="$value")


class Properties(Answer):
    """What programs keep with a pull request; each value with its type."""

    value: Maybe[dict[str, _Property]] = None


class Team(Answer):
    id: Name
    name: Name


class TeamMember(Answer):
    identity: Identity


class _PolicyType(Answer):
    id: Text = ""


class _Configuration(GraphAnswer):
    is_blocking: Flag = False
    is_enabled: Flag = False
    type: Maybe[_PolicyType] = None
    settings: Maybe[dict[str, object]] = None


class Evaluation(Answer):
    """How a policy of the base branch stands for a pull request."""

    status: Text = ""
    configuration: Maybe[_Configuration] = None

    @property
    def waits(self) -> bool:
        """Whether it keeps the pull request from being completed now."""
        found = self.configuration
        blocks = found is not None and found.is_blocking and found.is_enabled
        return blocks and self.status not in ("approved", "notApplicable")

    def allows(self, kind: str) -> Mapping[str, object] | None:
        """What a policy of this kind says; None if it is of another."""
        found = self.configuration
        if found is None or not found.is_enabled or found.type is None or found.type.id != kind:
            return None
        return found.settings or {}
