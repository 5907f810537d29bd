"""What Bitbucket answers, Cloud and Data Center, as far as we read it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from imagebot.forge.answers import Answer, Flag, Link, Maybe, Moment, Name, Number, Some, Text, iso
from imagebot.forge.commented import PullComment
from imagebot.forge.listing import Glimpse, Glimpsed, ListedPull
from imagebot.forge.protocol import PullRequest, State
from imagebot.gitnames import HEADS

STATES: Mapping[State, str] = {"open": "OPEN", "closed": "DECLINED", "merged": "MERGED"}
_STATES: Mapping[str, State] = {"SUPERSEDED": "closed", **{told: state for state, told in STATES.items()}}
_LATEST = 253_402_300_799_000


def _since_1970(value: object) -> datetime | None:
    """Milliseconds, in Data Center's answers."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LATEST:
        return None
    return datetime.fromtimestamp(value / 1000, UTC)


_Epoch = Annotated[datetime | None, BeforeValidator(_since_1970)]


class Pull(ListedPull):
    """A pull request of either. A change has to repeat what it keeps: what is left out is lost."""

    number: Number = Field(validation_alias="id")
    title: Text = ""
    description: Text = ""
    state: Literal["OPEN", "MERGED", "DECLINED", "SUPERSEDED"]
    draft: Maybe[bool] = None

    @property
    @abstractmethod
    def us(self) -> str:
        """Who opened it, as comments name people."""

    @property
    @abstractmethod
    def told(self) -> int:
        """How many comments it has."""

    @property
    @abstractmethod
    def head(self) -> str:
        """The commit that is proposed."""

    @abstractmethod
    def kept(self) -> dict[str, object]:
        """What a change has to repeat."""

    @abstractmethod
    def approvers(self) -> tuple[str, ...]:
        """Who approved it."""

    @property
    def stands(self) -> State:
        """Its state in the words of every forge."""
        return _STATES[self.state]


class CloudPerson(Answer):
    """Cloud has no user names: whoever has a nickname is known to people by it."""

    uuid: Name
    nickname: Text = ""

    @property
    def login(self) -> str:
        """How policies name them."""
        return self.nickname or self.uuid


class _Branch(Answer):
    name: str


class _Commit(Answer):
    hash: Text = ""


class _CloudRepository(Answer):
    full_name: str


class _CloudEnd(Answer):
    branch: _Branch
    commit: Maybe[_Commit] = None
    repository: _CloudRepository | None


class _Html(Answer):
    href: Link = ""


class _CloudLinks(Answer):
    html: Maybe[_Html] = None


class _CloudParticipant(Answer):
    user: CloudPerson
    approved: Flag = False


class CloudPull(Pull):
    """The repository of a fork that was deleted is null. A list tells of reviewers, and of when it was closed, only if
    it is asked for them.
    """

    updated_at: Moment = Field(None, validation_alias="updated_on")
    author: Maybe[CloudPerson] = None
    source: _CloudEnd
    destination: _CloudEnd
    reviewers: Some[CloudPerson] = ()
    participants: Some[_CloudParticipant] = ()
    created_on: Moment = None
    closed_on: Moment = None
    closed_by: Maybe[CloudPerson] = None
    comment_count: Maybe[int] = None
    links: Maybe[_CloudLinks] = None

    @property
    def us(self) -> str:
        return self.author.uuid if self.author else ""

    @property
    def told(self) -> int:
        return self.comment_count or 0

    @property
    def head(self) -> str:
        return self.source.commit.hash if self.source.commit else ""

    def kept(self) -> dict[str, object]:
        people = [{"uuid": one.uuid} for one in self.reviewers]
        return {"title": self.title, "description": self.description, "reviewers": people}

    def approvers(self) -> tuple[str, ...]:
        return tuple(one.user.login for one in self.participants if one.approved)

    def landed(self) -> tuple[datetime | None, str]:
        """Cloud tells the beginning of the commit's id, which is as good as none: its message has our number."""
        return self.closed_on or self.updated_at, ""

    def shown(self) -> PullRequest:
        closed = self.closed_on or self.updated_at if self.stands != "open" else None
        return PullRequest(
            number=self.number,
            url=self.links.html.href if self.links and self.links.html else "",
            branch=self.source.branch.name,
            base=self.destination.branch.name,
            title=self.title,
            body=self.description,
            state=self.stands,
            opened_at=iso(self.created_on),
            closed_at=iso(closed),
            closed_by=self.closed_by.login if self.closed_by else "",
            reviewers=tuple(one.login for one in self.reviewers),
            draft=self.draft is True,
        )


class CenterPerson(Answer):
    name: Name


class _Project(Answer):
    key: str


class _CenterRepository(Answer):
    slug: str
    project: _Project

    @property
    def full_name(self) -> str:
        return f"{self.project.key}/{self.slug}".lower()


class _CenterEnd(Answer):
    id: str
    latest_commit: Text = Field("", validation_alias="latestCommit")
    repository: _CenterRepository

    @property
    def branch(self) -> str:
        return self.id.removeprefix(HEADS)


class _Self(Answer):
    self: Some[_Html] = ()


class _CenterParticipant(Answer):
    user: CenterPerson
    approved: Flag = False


class _Known(Answer):
    """What Bitbucket keeps about one besides: how often it was commented on, what it was merged as."""

    merge_commit: Maybe[CenterCommit] = Field(None, validation_alias="mergeCommit")
    comments: Maybe[int] = Field(None, validation_alias="commentCount")


class CenterCommit(Answer):
    id: Text = ""


class CenterPull(Pull):
    """Whoever changes one names the version that is changed. Before 8.18 there are no drafts, and no word of them."""

    version: int
    updated_at: _Epoch = Field(None, validation_alias="updatedDate")
    created: _Epoch = Field(None, validation_alias="createdDate")
    closed: _Epoch = Field(None, validation_alias="closedDate")
    source: _CenterEnd = Field(validation_alias="fromRef")
    destination: _CenterEnd = Field(validation_alias="toRef")
    author: Maybe[_CenterParticipant] = None
    reviewers: Some[_CenterParticipant] = ()
    properties: Maybe[_Known] = None
    links: Maybe[_Self] = None

    @property
    def us(self) -> str:
        return self.author.user.name if self.author else ""

    @property
    def told(self) -> int:
        return (self.properties.comments or 0) if self.properties else 0

    @property
    def head(self) -> str:
        return self.source.latest_commit

    def kept(self) -> dict[str, object]:
        people = [{"user": {"name": one.user.name}} for one in self.reviewers]
        words = {"title": self.title, "description": self.description}
        return {"version": self.version, **words, "reviewers": people}

    def approvers(self) -> tuple[str, ...]:
        return tuple(one.user.name for one in self.reviewers if one.approved)

    def landed(self) -> tuple[datetime | None, str]:
        merge = self.properties.merge_commit if self.properties else None
        return self.closed, merge.id if merge else ""

    def shown(self) -> PullRequest:
        return PullRequest(
            number=self.number,
            url=self.links.self[0].href if self.links and self.links.self else "",
            branch=self.source.branch,
            base=self.destination.branch,
            title=self.title,
            body=self.description,
            state=self.stands,
            opened_at=iso(self.created),
            closed_at=iso(self.closed),
            reviewers=tuple(one.user.name for one in self.reviewers),
            draft=self.draft is True,
        )


class _GlimpsedCloudEnd(Answer):
    branch: Maybe[_Branch] = None
    repository: Maybe[_CloudRepository] = None

    def told(self) -> tuple[str, str]:
        """The branch, and whose it is; empty where that cannot be told."""
        return self.branch.name if self.branch else "", self.repository.full_name if self.repository else ""


class GlimpsedCloudPull(Glimpsed):
    """What can be told of one that cannot be read."""

    id: Maybe[Number] = None
    source: Maybe[_GlimpsedCloudEnd] = None
    destination: Maybe[_GlimpsedCloudEnd] = None
    description: Text = ""

    def told(self) -> Glimpse:
        ends = (self.source or _GlimpsedCloudEnd(), self.destination or _GlimpsedCloudEnd())
        return _glimpse(self.id, self.description, *(end.told() for end in ends))


class _GlimpsedCenterEnd(Answer):
    id: Maybe[str] = None
    repository: Maybe[_CenterRepository] = None

    def told(self) -> tuple[str, str]:
        return (self.id or "").removeprefix(HEADS), self.repository.full_name if self.repository else ""


class GlimpsedCenterPull(Glimpsed):
    """The same."""

    id: Maybe[Number] = None
    source: Maybe[_GlimpsedCenterEnd] = Field(None, validation_alias="fromRef")
    destination: Maybe[_GlimpsedCenterEnd] = Field(None, validation_alias="toRef")
    description: Text = ""

    def told(self) -> Glimpse:
        ends = (self.source or _GlimpsedCenterEnd(), self.destination or _GlimpsedCenterEnd())
        return _glimpse(self.id, self.description, *(end.told() for end in ends))


def _glimpse(number: int | None, body: str, source: tuple[str, str], destination: tuple[str, str]) -> Glimpse:
    fork = "" not in (source[1], destination[1]) and source[1] != destination[1]
    return Glimpse(number, source[0], destination[0], body, is_foreign=fork)


class _Content(Answer):
    raw: Text = ""


class CloudComment(Answer):
    id: Number
    content: Maybe[_Content] = None
    deleted: Flag = False
    user: Maybe[CloudPerson] = None

    def said(self) -> PullComment:
        text = self.content.raw if self.content and not self.deleted else ""
        return PullComment(self.id, self.user.uuid if self.user else "", text)


class _CenterComment(Answer):
    id: Number
    text: Text = ""


class Activity(Answer):
    """Something that was done to a pull request, a comment too."""

    action: str
    user: Maybe[CenterPerson] = None
    comment: Maybe[_CenterComment] = None

    def said(self) -> PullComment | None:
        if self.action != "COMMENTED" or self.comment is None:
            return None
        return PullComment(self.comment.id, self.user.name if self.user else "", self.comment.text)


class WorkspaceMember(Answer):
    """Of a Cloud workspace."""

    user: CloudPerson


class Permission(Answer):
    """What a person may do in a Cloud repository."""

    permission: Text = ""


class Veto(Answer):
    """A merge check that is not passed yet."""

    summary: Text = Field("", validation_alias="summaryMessage")


class Mergeability(Answer):
    conflicted: Flag = False
    vetoes: Some[Veto] = ()


class PendingMerge(Answer):
    """A merge that Data Center was asked for once all checks pass."""

    head: Text = Field("", validation_alias="fromHash")
    message: Text = ""


class _Strategy(Answer):
    id: Text = ""


class _Merging(Answer):
    default: Maybe[_Strategy] = Field(None, validation_alias="defaultStrategy")


class Merging(Answer):
    """How a Data Center repository merges."""

    config: Maybe[_Merging] = Field(None, validation_alias="mergeConfig")

    @property
    def squashes(self) -> bool:
        return bool(self.config and self.config.default and self.config.default.id.startswith("squash"))
