"""GitHub and GitHub Enterprise, with a token or as an App."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote

from imagebot.errors import BadInput, NotFound
from imagebot.forge import github_graphql as graphql
from imagebot.forge import github_sign, github_wire
from imagebot.forge.access import of_app
from imagebot.forge.answers import checked
from imagebot.forge.github_answers import GlimpsedPull, Issue, Pull
from imagebot.forge.issues_skeleton import IssuesSkeleton
from imagebot.forge.manners import Manners
from imagebot.forge.moved import renamed
from imagebot.forge.proposed import NotMerging, lacking, without
from imagebot.forge.protocol import Access, Blob, Listing, Merged, Proposal, PullRequest, SignedCommit, Written
from imagebot.forge.refusals import Unprocessable
from imagebot.forge.rest_skeleton import NOT_GIVEN
from imagebot.forge.skeleton import Search
from imagebot.forge.urls import owner_and_name
from imagebot.forge.wire import Wire
from imagebot.secret import Secret
from imagebot.settings.resolve import RepositorySettings, TokenCredentials

# GitHub's own rule for whom a repository belongs to.
_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}/", re.ASCII)


def connect(settings: RepositorySettings, manners: Manners) -> GitHub:
    """The forge at `settings.api_url`; asks nothing of it yet. Raises `BadInput` if the settings do not fit GitHub."""
    credentials = settings.forge_credentials
    if credentials is None:
        raise BadInput(f"repository {settings.name}: forge: github needs a token or an App to open pull requests with")
    if not settings.api_url:
        raise BadInput(f"repository {settings.name}: forge: github needs the URL of its API")
    name = repository_name(settings.url)
    wire, app = github_wire.connect(settings, credentials, manners)
    return GitHub(wire, name, settings, app)


def repository_name(url: str) -> str:
    """`owner/name` of a repository on GitHub, from its https, ssh or scp-like URL. Raises `BadInput`."""
    name = owner_and_name(url, "", "")
    if not _OWNER.match(name):
        raise BadInput(f"forge: github needs a repository's URL as https://HOST/OWNER/NAME.git; {url!r} is none")
    return name


class GitHub(IssuesSkeleton[Pull]):
    """The pull requests of one repository into one base branch."""

    shape = Pull
    glimpsed = GlimpsedPull

    def __init__(self, wire: Wire, name: str, settings: RepositorySettings, app: github_wire.AppTokens | None) -> None:
        super().__init__(wire, name, settings)
        self._app = app
        self._place = graphql.RepositoryAddress(*name.split("/"))
        self._identity: tuple[str, str] | None = None
        # Not where an answer leads, which may be anywhere: GraphQL finds a repository by the name that it had.
        wire.find = lambda _: graphql.clone_url(wire, self._place)

    def _elements(self, search: Search) -> Iterable[object]:
        filters = {"head": f"{self._place.owner}:{search.branch}"} if search.branch else {}
        if search.by_change:
            filters |= {"sort": "updated", "direction": "desc"}
        return self._listing(base=self.base, state=search.state, **filters)

    def _at_home(self, listed: Iterable[Pull]) -> Iterable[Pull]:
        """Raises `Refused` if all that is listed is another's: a proxy followed the redirect of a renamed repository,
        and GitHub redirects what reads, but not what writes.
        """
        there = [one for one in listed if one.base.ref == self.base]
        homes = {self._home(one) for one in there}
        if homes and self._name.lower() not in homes:
            known = next((one.base.repo for one in there if one.base.repo), None)
            raise renamed(self._name, known.clone_url or known.full_name if known else "")
        return super()._at_home(there)

    def _is_at_home(self, one: Pull) -> bool:
        return one.head.repo is not None and one.head.repo.full_name.lower() == self._name.lower()

    def _home(self, one: Pull) -> str:
        """What the repository is called that we asked for."""
        return one.base.repo.full_name.lower() if one.base.repo else self._name.lower()

    def _list_merged(self, prefix: str, since: datetime | None) -> Listing[Merged]:
        return Listing(graphql.merged(self._wire, self._place, self.base, prefix, since))

    def _opening(self, proposal: Proposal) -> dict[str, object]:
        return {**super()._opening(proposal), **({"draft": True} if proposal.draft else {})}

    def _open(self, proposal: Proposal) -> Written:
        try:
            return super()._open(proposal)
        except Unprocessable as error:
            if not any(reason.startswith("Draft pull requests are not supported") for reason in error.reasons):
                raise
            return replace(super()._open(replace(proposal, draft=False)), warnings=(str(error),))

    def _label(self, pull: PullRequest, names: Sequence[str]) -> list[str]:
        task = f"label pull request {pull.number}"
        try:
            self._wire.send(task, "POST", f"{self._issue(pull)}/labels", {"labels": names})
        except NOT_GIVEN as error:
            return [str(error)]
        return []

    def _unlabel(self, pull: PullRequest, names: Sequence[str]) -> PullRequest:
        for name in names:
            # Gone already: somebody was faster.
            with suppress(NotFound):
                path = f"{self._issue(pull)}/labels/{quote(name, safe='')}"
                self._wire.send(f"take the label {name} off pull request {pull.number}", "DELETE", path)
        return replace(pull, labels=without(pull.labels, names))

    def _assign(self, pull: PullRequest, names: Sequence[str]) -> list[str]:
        """GitHub passes over those who may not be assigned without a word, so the answer is compared."""
        task = f"assign pull request {pull.number}"
        try:
            answer = self._wire.send(task, "POST", f"{self._issue(pull)}/assignees", {"assignees": names})
        except NOT_GIVEN as error:
            return [str(error)]
        there = tuple(user.login for user in checked(Issue, answer, self._whose).assignees)
        return [f"{name} cannot be assigned to pull requests of {self._name}" for name in lacking(there, names)]

    def _set_draft(self, pull: PullRequest, *, wanted: bool) -> list[str]:
        return graphql.draft(self._wire, self._place, pull.number, wanted=wanted)

    def _merge_when_checked(self, pull: PullRequest, proposal: Proposal) -> NotMerging | None:
        return graphql.auto_merge(self._wire, self._place, pull.number, proposal)

    def _stop_merging(self, pull: PullRequest) -> None:
        graphql.stop_auto_merge(self._wire, self._place, pull.number)

    def _closer(self, pull: PullRequest) -> str:
        answer = self._wire.get(f"show pull request {pull.number} of {self._name}", self._issue(pull))
        closer = checked(Issue, answer, self._whose).closed_by
        return closer.login if closer else ""

    def sign(self, base: str, files: Mapping[str, Blob], message: str) -> SignedCommit:
        return github_sign.sign(self._wire, self._name, base, files, message)

    def identity(self) -> tuple[str, str]:
        if self._identity is None:
            login, number = graphql.viewer(self._wire)
            self._identity = login, github_sign.noreply(self._wire.host, login, number)
        return self._identity

    def git_credentials(self) -> TokenCredentials | None:
        return None if self._app is None else TokenCredentials(Secret(self._app.token()))

    def access(self) -> Access:
        told = super().access()
        return told if self._app is None else of_app(told, self._app.permissions())
