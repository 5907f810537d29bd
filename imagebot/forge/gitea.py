"""Gitea and Forgejo (Codeberg among them), with an access token."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from imagebot.bans import Remembers
from imagebot.errors import BadInput, NotFound, Refused
from imagebot.forge import rest
from imagebot.forge.answers import sound
from imagebot.forge.gitea_answers import GlimpsedPull, IssueEvent, Label, Pull, Review, approvers
from imagebot.forge.gitea_auto_merge import auto_merge
from imagebot.forge.issues_skeleton import IssuesSkeleton
from imagebot.forge.manners import Manners
from imagebot.forge.pages import Pager
from imagebot.forge.proposed import NotMerging, lacking, present, without
from imagebot.forge.protocol import Listing, Proposal, PullRequest
from imagebot.forge.rest_skeleton import NOT_GIVEN
from imagebot.forge.skeleton import Search
from imagebot.forge.urls import elsewhere, owner_and_name
from imagebot.forge.wire import Dialect, Wire
from imagebot.knownforges import FACTS
from imagebot.settings.resolve import RepositorySettings

_RIGHTS = "the scopes `write:repository` and `write:issue`, and its owner the right to write to the repository"
# Servers give out 50 at a time unless they were told otherwise.
_PAGE = 50


def connect(settings: RepositorySettings, manners: Manners) -> Gitea:
    """The forge at `settings.api_url`; asks nothing of it yet. Raises `BadInput` if the settings do not fit Gitea."""
    credentials = rest.token_of(settings)
    name = repository_name(settings.url, settings.api_url)
    dialect = Dialect(urlsplit(settings.api_url).netloc, Pager("limit", _PAGE), _RIGHTS, manners.apart_s(settings))
    wire = rest.connect(settings, credentials, lambda token: f"token {token}", dialect, manners)
    # Renamed, it redirects to the same question under the new name.
    wire.find = lambda location: elsewhere(settings.url, name, settings.api_url, location)
    return Gitea(wire, name, settings)


def repository_name(url: str, api_url: str) -> str:
    """`owner/name` from a repository's https, ssh or scp-like URL. Raises `BadInput`."""
    name = owner_and_name(url, api_url, FACTS["gitea"].api_path)
    if not name:
        raise BadInput(f"forge: gitea needs a repository's URL as https://HOST/OWNER/NAME.git; {url!r} is none")
    return name


class Gitea(IssuesSkeleton[Pull]):
    """The pull requests of one repository into one base branch."""

    shape = Pull
    glimpsed = GlimpsedPull

    def __init__(self, wire: Wire, name: str, settings: RepositorySettings) -> None:
        super().__init__(wire, name, settings)
        self._read_until: datetime | None = None
        self._closed: dict[int, PullRequest] = {}
        self._unread: Listing[PullRequest] = Listing()
        self._labels: dict[str, int] | None = None

    def begin(self, remembers: Remembers) -> None:
        self._labels = None
        super().begin(remembers)

    def _elements(self, search: Search) -> Iterable[object]:
        sort = {"sort": "recentupdate"} if search.by_change else {}
        return self._listing(state="open" if search.state == "open" else "closed", **sort)

    def _is_at_home(self, one: Pull) -> bool:
        """A deleted fork is -1."""
        return one.head.repo_id == one.base.repo_id

    def _list(self, search: Search) -> Listing[PullRequest]:
        """There is no question for the closed ones of one branch."""
        if search.state != "closed" or search.by_change:
            return super()._list(search)
        self._read_history()
        return Listing((pull for pull in self._closed.values() if search.may_be(pull.branch)), self._unread.unread)

    def _read_history(self) -> None:
        """Read what changed since the last time.

        The first time that is all there ever were; after that, in a pass where nothing changed, one page.
        """
        read: dict[int, PullRequest | None] = {}
        newest = self._read_until
        search = Search("closed", by_change=True, since=self._read_until)
        reader = self._reader(search)
        for one in self._since(reader.read(self._listing(state="all", sort="recentupdate")), search):
            newest = max((at for at in (newest, one.updated_at) if at is not None), default=None)
            # Merged ones are many, and nobody asks for them.
            is_wanted = self._is_at_home(one) and one.state == "closed" and not one.merged
            read[one.number] = one.shown() if is_wanted else None
        # Only now: a reading that broke off has to begin again.
        self._read_until = newest
        still = [one for one in self._unread.unread if one.number not in read and one not in reader.unread]
        self._unread = Listing((), [*still, *reader.unread])
        self._closed = {number: pull for number, pull in (self._closed | read).items() if pull is not None}

    def _all_comments(self, task: str, pull: PullRequest) -> Iterable[object]:
        """Gitea has no pages of them."""
        return self._wire.get_list(task, f"{self._issue(pull)}/comments")

    def _label(self, pull: PullRequest, names: Sequence[str]) -> list[str]:
        """By number, which Gitea wants before 1.22; it makes no label for us."""
        try:
            numbers = self._label_numbers()
            found = [numbers[name.lower()] for name in names if name.lower() in numbers]
            if found:
                self._wire.send(
                    f"label pull request {pull.number}", "POST", f"{self._issue(pull)}/labels", {"labels": found}
                )
        except NOT_GIVEN as error:
            return [str(error)]
        return [f"{self._name} has no label {name}: make one there" for name in names if name.lower() not in numbers]

    def _label_numbers(self) -> dict[str, int]:
        """Those of the organisation, if it is one, and of the repository, which win. Listed once a pass."""
        if self._labels is None:
            owner = self._name.partition("/")[0]
            task = f"list the labels of {self._name}"
            try:
                general = list(self._wire.get_all(task, f"/orgs/{owner}/labels"))
            except (NotFound, Refused):
                general = []
            labels = sound(Label, [*general, *self._wire.get_all(task, f"{self._path}/labels")])
            self._labels = {label.name.lower(): label.id for label in labels}
        return self._labels

    def _unlabel(self, pull: PullRequest, names: Sequence[str]) -> PullRequest:
        """By number, as `_label` adds them."""
        path = f"{self._issue(pull)}/labels"
        there = self._wire.get_list(f"list the labels of pull request {pull.number}", path)
        for label in sound(Label, there):
            if present([label.name], names):
                # Gone already: somebody was faster.
                with suppress(NotFound):
                    task = f"take the label {label.name} off pull request {pull.number}"
                    self._wire.send(task, "DELETE", f"{path}/{label.id}")
        return replace(pull, labels=without(pull.labels, names))

    def _assign(self, pull: PullRequest, names: Sequence[str]) -> list[str]:
        """The list replaces the one there, which is read now, so that nobody who was assigned meanwhile is lost."""
        there = self._show(pull).assignees
        wanted = lacking(there, names)
        try:
            now = self._patch(pull, {"assignees": [*there, *wanted]}).assignees if wanted else there
        except NOT_GIVEN as error:
            if len(names) == 1:
                return [str(error)]
            return [warning for name in names for warning in self._assign(pull, [name])]
        return [f"{name} cannot be assigned to pull requests of {self._name}" for name in lacking(now, names)]

    def _merge_when_checked(self, pull: PullRequest, proposal: Proposal) -> NotMerging | None:
        return auto_merge(self._wire, self._path, pull.number, proposal)

    def _stop_merging(self, pull: PullRequest) -> None:
        # 404: it was not going to.
        with suppress(NotFound):
            task = f"no longer let pull request {pull.number} merge by itself"
            self._wire.send(task, "DELETE", f"{self._one(pull)}/merge")

    def _closer(self, pull: PullRequest) -> str:
        task = f"tell who closed pull request {pull.number} of {self._name}"
        events = sound(IssueEvent, self._wire.get_all(task, f"{self._issue(pull)}/timeline"))
        closers = [event.user.login for event in events if event.type == "close" and event.user]
        return closers[-1] if closers else ""

    def _approvers(self, number: int) -> tuple[str, ...]:
        task = f"say who reviewed pull request {number} of {self._name}"
        return approvers(sound(Review, self._wire.get_all(task, f"{self._path}/pulls/{number}/reviews")))
