"""Bitbucket Data Center (and Server), which merges by itself since 8.15 and has drafts since 8.18."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from urllib.parse import urlsplit

from imagebot.errors import BadInput, NotFound
from imagebot.forge import rest
from imagebot.forge.answers import checked, sound
from imagebot.forge.bitbucket_answers import (
    STATES,
    Activity,
    CenterPerson,
    CenterPull,
    GlimpsedCenterPull,
    Mergeability,
    Merging,
    PendingMerge,
)
from imagebot.forge.bitbucket_pulls import Bitbucket
from imagebot.forge.commented import PullComment
from imagebot.forge.listing import Reader
from imagebot.forge.manners import Manners
from imagebot.forge.pages import Pager
from imagebot.forge.proposed import NotMerging, unseen, whole_message
from imagebot.forge.protocol import Merged, Proposal, PullRequest
from imagebot.forge.rest_skeleton import NOT_GIVEN
from imagebot.forge.skeleton import Search
from imagebot.forge.transport import Reply
from imagebot.forge.urls import path_on_forge
from imagebot.forge.wire import Dialect, Wire
from imagebot.gitnames import HEADS
from imagebot.settings.resolve import RepositorySettings, TokenCredentials

# A project's key, or a person's own: `~name`.
_PATH = re.compile(r"(?:scm/)?(?P<key>~?[A-Za-z0-9_.-]{1,128})/(?P<slug>[A-Za-z0-9_.-]{1,128})", re.ASCII)
_API = re.compile(r"/rest/api/[a-z0-9.]+$", re.ASCII)
_RIGHTS = "the permission to write to the repository"
_PAGER = Pager(
    "limit", 50, "start", counts_items=True, within="values", more=lambda answer: answer.get("isLastPage") is False
)
_ENDS = ("DECLINED", "MERGED")


def connect(settings: RepositorySettings, credentials: TokenCredentials, manners: Manners) -> BitbucketDataCenter:
    """With an HTTP access token of a repository, a project or a person."""
    api = _API.search(urlsplit(settings.api_url).path)
    found = _PATH.fullmatch(path_on_forge(settings.url, settings.api_url, api[0] if api else ""))
    if found is None or {found["key"], found["slug"]} & {".", "..", "~"}:
        wanted = "https://HOST/scm/PROJECT/NAME.git"
        raise BadInput(f"forge: bitbucket needs a repository's URL as {wanted}; {settings.url!r} is none")
    apart = manners.apart_s(settings)
    dialect = Dialect(urlsplit(settings.api_url).netloc, _PAGER, _RIGHTS, apart, status=_status)
    wire = rest.connect(settings, credentials, rest.bearer, dialect, manners)
    return BitbucketDataCenter(wire, (found["key"], found["slug"]), settings)


def _status(reply: Reply) -> int:
    """Whoever may not is answered as whoever is not known."""
    return 403 if reply.status == 401 and b"AuthorisationException" in reply.body else reply.status


class BitbucketDataCenter(Bitbucket[CenterPull]):
    """The pull requests of one repository into one base branch."""

    shape = CenterPull
    glimpsed = GlimpsedCenterPull

    def __init__(self, wire: Wire, place: tuple[str, str], settings: RepositorySettings) -> None:
        key, slug = place
        self._path = f"/projects/{key}/repos/{slug}"
        super().__init__(wire, f"{key}/{slug}", settings, f"{self._path}/pull-requests")
        self._place = {"permission.1.projectKey": key, "permission.1.repositorySlug": slug}

    def _elements(self, search: Search) -> Iterator[object]:
        """Those from a branch, or those into ours. By last change, newest first, is the order anyway."""
        branch = {"direction": "OUTGOING", "at": HEADS + search.branch}
        at = branch if search.branch else {"at": HEADS + self.base}
        task = f"list the pull requests of {self._name}"
        return self._wire.get_all(task, self._pulls, state=STATES[search.state], order="NEWEST", **at)

    def _is_at_home(self, one: CenterPull) -> bool:
        return one.source.repository.full_name == one.destination.repository.full_name

    def _merged(self, reader: Reader[CenterPull], search: Search) -> Iterator[Merged]:
        for one in super()._merged(reader, search):
            pull = replace(one.pull, closed_by=self._closer(one.pull))
            yield replace(one, pull=pull, by=pull.closed_by)

    def _opening(self, proposal: Proposal) -> Mapping[str, object]:
        draft = {"draft": True} if proposal.draft else {}
        return {
            "title": proposal.title,
            "description": proposal.body,
            "fromRef": {"id": HEADS + proposal.branch},
            "toRef": {"id": HEADS + proposal.base},
            **draft,
        }

    def _decline(self, task: str, now: CenterPull) -> object:
        return self._wire.send(task, "POST", f"{self._one(now.number)}/decline?version={now.version}")

    def _activities(self, number: int) -> list[Activity]:
        task = f"tell what was done to pull request {number} of {self._name}"
        return sound(Activity, self._wire.get_all(task, f"{self._one(number)}/activities"))

    def _said(self, number: int) -> Iterator[PullComment]:
        return (said for one in self._activities(number) if (said := one.said()) is not None)

    def _closer(self, pull: PullRequest) -> str:
        """The newest first: it may have been closed before, and opened again."""
        ends = (one.user.name for one in self._activities(pull.number) if one.user and one.action in _ENDS)
        return next(ends, "")

    def _say(self, task: str, path: str, comment: str) -> None:
        self._wire.send(task, "POST", f"{path}/comments", {"text": comment})

    def _with(self, now: CenterPull, people: Sequence[str]) -> Mapping[str, object]:
        names = dict.fromkeys((*(one.user.name for one in now.reviewers), *people))
        return {"reviewers": [{"user": {"name": name}} for name in names]}

    def _may_write(self, person: str) -> bool:
        asked = {"filter": person, "permission.1": "REPO_WRITE", **self._place}
        found = self._wire.get_all(f"tell who may write to {self._name}", "/users", **asked)
        return any(one.name == person for one in sound(CenterPerson, found))

    def _merge_when_checked(self, pull: PullRequest, proposal: Proposal) -> NotMerging | None:
        why = f"pull request {pull.number} will not merge by itself"
        try:
            now = self._now(pull.number)
            if proposal.head and now.head != proposal.head:
                return unseen(self.facts, now.number)
            if because := self._nothing_to_wait_for(now):
                return NotMerging(f"{why}: {because}")
            self._ask_to_merge(now, self._message(now, proposal))
        except NOT_GIVEN as error:
            return NotMerging(str(error))
        return None

    def _nothing_to_wait_for(self, now: CenterPull) -> str:
        """Why a merge would come at once, or never; empty if it would wait."""
        answer = self._wire.get(f"tell what keeps pull request {now.number}", f"{self._one(now.number)}/merge")
        found = checked(Mergeability, answer, self._whose)
        if found.conflicted:
            return "it has conflicts"
        if found.vetoes:
            return ""
        return "no merge check is waited for, so it would be merged at once; require one in the repository's settings"

    def _message(self, now: CenterPull, proposal: Proposal) -> str:
        """What the squash says; nothing where its own commit is merged."""
        task = f"tell how {self._name} merges"
        merging = checked(Merging, self._wire.get(task, f"{self._path}/settings/pull-requests"), self._whose)
        return whole_message(proposal, now.number) if merging.squashes else ""

    def _ask_to_merge(self, now: CenterPull, message: str) -> None:
        """What waits already may wait with the words of what was proposed before."""
        task = f"let pull request {now.number} merge by itself"
        waiting = self._waiting(now)
        if waiting is not None:
            if waiting.head == now.head and waiting.message == message:
                return
            self._stop(now.number)
        said = {"message": message, "autoSubject": False} if message else {}
        body = {"autoMerge": True, "version": now.version, **said}
        self._wire.send(task, "POST", f"{self._one(now.number)}/merge?version={now.version}", body)

    def _waiting(self, now: CenterPull) -> PendingMerge | None:
        task = f"tell whether pull request {now.number} merges by itself"
        try:
            return checked(PendingMerge, self._wire.get(task, f"{self._one(now.number)}/auto-merge"), self._whose)
        except NotFound:
            return None

    def _stop_merging(self, pull: PullRequest) -> None:
        self._stop(pull.number)

    def _stop(self, number: int) -> None:
        # 404: it was not going to.
        with suppress(NotFound):
            task = f"no longer let pull request {number} merge by itself"
            self._wire.send(task, "DELETE", f"{self._one(number)}/auto-merge")
