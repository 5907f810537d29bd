"""Bitbucket Cloud. What is declined there stays so, and nobody has a user name: people are told by their nicknames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from urllib.parse import quote, urlsplit

from imagebot.bans import Remembers
from imagebot.errors import BadInput
from imagebot.forge import rest
from imagebot.forge.answers import sound
from imagebot.forge.bitbucket_answers import (
    STATES,
    CloudComment,
    CloudPull,
    GlimpsedCloudPull,
    Permission,
    WorkspaceMember,
)
from imagebot.forge.bitbucket_pulls import Bitbucket
from imagebot.forge.commented import PullComment
from imagebot.forge.manners import Manners
from imagebot.forge.pages import Pager
from imagebot.forge.protocol import Proposal, Written
from imagebot.forge.skeleton import Search
from imagebot.forge.urls import owner_and_name
from imagebot.forge.wire import Dialect, Wire
from imagebot.settings.resolve import RepositorySettings, TokenCredentials

API = "/2.0"
_RIGHTS = "the scopes `pullrequest:write` and `repository:write`"
_PAGER = Pager("pagelen", 50, within="values", more=lambda answer: bool(answer.get("next")))
# A list leaves the first two out unless it is asked for them (BCLOUD-22709); the last say descriptions again.
_FIELDS = "+values.reviewers,+values.closed_on,-values.summary,-values.rendered"
_WRITERS = ("write", "admin")
_NO_AUTO_MERGE = (
    "Bitbucket Cloud's API cannot be told to merge once checks pass; switch it on in the browser, or require the checks"
    " and merge it by hand"
)


def connect(settings: RepositorySettings, credentials: TokenCredentials, manners: Manners) -> BitbucketCloud:
    """With an access token of a repository, project or workspace, or with the API token of a person, whose address is
    then the user name.
    """
    name = owner_and_name(settings.url, settings.api_url, API)
    if not name:
        wanted = "https://bitbucket.org/WORKSPACE/NAME.git"
        raise BadInput(f"forge: bitbucket needs a repository's URL as {wanted}; {settings.url!r} is none")
    dialect = Dialect(urlsplit(settings.api_url).netloc, _PAGER, _RIGHTS, manners.apart_s(settings))
    user = credentials.username
    wire = rest.connect(settings, credentials, rest.basic(user) if "@" in user else rest.bearer, dialect, manners)
    return BitbucketCloud(wire, name, settings)


class BitbucketCloud(Bitbucket[CloudPull]):
    """The pull requests of one repository into one base branch."""

    shape = CloudPull
    glimpsed = GlimpsedCloudPull

    def __init__(self, wire: Wire, name: str, settings: RepositorySettings) -> None:
        super().__init__(wire, name, settings, f"/repositories/{name}/pullrequests")
        self.facts = replace(self.facts, no_auto_merge=_NO_AUTO_MERGE)
        self._workspace = f"/workspaces/{name.partition('/')[0]}"
        self._people: dict[str, str] | None = None

    def begin(self, remembers: Remembers) -> None:
        self._people = None
        super().begin(remembers)

    def _elements(self, search: Search) -> Iterator[object]:
        what = f'= "{search.branch}"' if search.branch else f'~ "{search.prefix}"'
        asked = {"q": f"source.branch.name {what}"} if search.branch or search.prefix else {}
        asked |= {"sort": "-updated_on"} if search.by_change else {}
        task = f"list the pull requests of {self._name}"
        return self._wire.get_all(task, self._pulls, state=STATES[search.state], fields=_FIELDS, **asked)

    def _is_at_home(self, one: CloudPull) -> bool:
        there, here = one.source.repository, one.destination.repository
        return there is not None and here is not None and there.full_name == here.full_name

    def _open(self, proposal: Proposal) -> Written:
        """Opened twice, the second would take the words of the first: Bitbucket opens no other, and changes that."""
        there = self._found(Search("open", branch=proposal.branch))
        return Written(there[0]) if there else super()._open(proposal)

    def _opening(self, proposal: Proposal) -> Mapping[str, object]:
        return {
            "title": proposal.title,
            "description": proposal.body,
            "source": {"branch": {"name": proposal.branch}},
            "destination": {"branch": {"name": proposal.base}},
            "close_source_branch": True,
            "draft": proposal.draft,
        }

    def _decline(self, task: str, now: CloudPull) -> object:
        return self._wire.send(task, "POST", f"{self._one(now.number)}/decline")

    def _said(self, number: int) -> Iterator[PullComment]:
        task = f"list the comments of pull request {number} of {self._name}"
        comments = self._wire.get_all(task, f"{self._one(number)}/comments")
        return (one.said() for one in sound(CloudComment, comments))

    def _say(self, task: str, path: str, comment: str) -> None:
        self._wire.send(task, "POST", f"{path}/comments", {"content": {"raw": comment}})

    def _with(self, now: CloudPull, people: Sequence[str]) -> Mapping[str, object]:
        known = self._members()
        if unknown := [name for name in people if name.lower() not in known]:
            raise BadInput(f"nobody in the workspace has the nickname {unknown[0]}")
        there = [one.uuid for one in now.reviewers]
        wanted = [known[name.lower()] for name in people]
        return {"reviewers": [{"uuid": uuid} for uuid in dict.fromkeys((*there, *wanted))]}

    def _members(self) -> dict[str, str]:
        """The identifiers of the workspace's people by nickname. Listed once a pass."""
        if self._people is None:
            task = f"list the people of {self._workspace.rpartition('/')[2]}"
            found = sound(WorkspaceMember, self._wire.get_all(task, f"{self._workspace}/members"))
            self._people = {one.user.nickname.lower(): one.user.uuid for one in found if one.user.nickname}
        return self._people

    def _is_among(self, person: str, reviewers: Sequence[str]) -> bool:
        known = self._members()
        return person in reviewers or any(known.get(name.lower()) == person for name in reviewers)

    def _may_write(self, person: str) -> bool:
        task = f"tell who may write to {self._name}"
        path = f"{self._workspace}/permissions/repositories/{quote(self._name.partition('/')[2])}"
        found = self._wire.get_all(task, path, q=f'user.uuid = "{person}"')
        return any(one.permission in _WRITERS for one in sound(Permission, found))
