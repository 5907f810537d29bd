"""GitHub and GitHub Enterprise, with a token or as an App."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from itertools import takewhile
from urllib.parse import quote

from imagebot.errors import BadInput, BadResponse, NotFound, Refused, Unavailable
from imagebot.forge import github_graphql as graphql
from imagebot.forge import github_sign, github_wire
from imagebot.forge.answers import checked, sound
from imagebot.forge.bans import Ban, Remembers
from imagebot.forge.github_answers import Comment, GlimpsedPull, Issue, Pull
from imagebot.forge.listing import Reader
from imagebot.forge.manners import Manners
from imagebot.forge.moved import renamed
from imagebot.forge.proposed import (
    ask_for_review,
    lacking,
    last_body,
    present,
    said_before,
    same_text,
    switches,
    unfinished,
    without,
)
from imagebot.forge.protocol import Blob, Listing, Merged, Proposal, PullRequest, SignedCommit, Written
from imagebot.forge.refusals import Unprocessable
from imagebot.forge.wire import Wire
from imagebot.secret import Secret
from imagebot.settings.resolve import RepositorySettings, TokenCredentials

# GitHub's own rules for both names; neither can hold what would change the meaning of a path.
_OWNER_AND_NAME = r"(?P<owner>[A-Za-z0-9](?:[A-Za-z0-9_-]{0,38}))/(?P<name>[A-Za-z0-9._-]{1,100}?)(?:\.git)?/?"
_URLS = (
    re.compile(r"(?:https?|ssh)://(?:[^@/\s]+@)?[^@/\s]+/" + _OWNER_AND_NAME, re.ASCII),
    re.compile(r"(?:[^@/:\s]+@)?[^@/:\s]+:" + _OWNER_AND_NAME, re.ASCII),
)
# A label or a reviewer refused is no reason to fail: the pull request itself is what matters.
_NOT_GIVEN = (NotFound, Refused, Unprocessable)


def connect(settings: RepositorySettings, manners: Manners) -> GitHub:
    """The forge at `settings.api_url`; asks nothing of it yet. Raises `BadInput` if the settings do not fit GitHub."""
    credentials = settings.forge_credentials
    if credentials is None:
        raise BadInput(f"repository {settings.name}: forge: github needs a token or an App to open pull requests with")
    if not settings.api_url:
        raise BadInput(f"repository {settings.name}: forge: github needs the URL of its API")
    name = repository_name(settings.url)
    wire, app_token = github_wire.connect(settings, credentials, manners)
    return GitHub(wire, name, settings, app_token)


def repository_name(url: str) -> str:
    """`owner/name` of a repository on GitHub, from its https, ssh or scp-like URL. Raises `BadInput`."""
    found = next((match for pattern in _URLS if (match := pattern.fullmatch(url))), None)
    if found is None or found["name"] in (".", ".."):
        raise BadInput(f"forge: github needs a repository's URL as https://HOST/OWNER/NAME.git; {url!r} is none")
    return f"{found['owner']}/{found['name']}"


class GitHub:
    """The pull requests of one repository into one base branch."""

    def __init__(
        self, wire: Wire, name: str, settings: RepositorySettings, app_token: Callable[[], Secret] | None
    ) -> None:
        self.hourly_writes = settings.pace.writes_per_hour
        self._wire = wire
        self._name = name
        self._base = settings.branch
        self._app_token = app_token
        self._place = graphql.Place(*name.split("/"))
        self._closers: dict[tuple[int, str], str] = {}
        self._identity: tuple[str, str] | None = None
        # Not where an answer leads, which may be anywhere: GraphQL finds a repository by the name that it had.
        wire.find = lambda _: graphql.clone_url(wire, self._place)

    def begin(self, remembers: Remembers) -> None:
        self._wire.begin(remembers)

    @property
    def ban(self) -> Ban | None:
        return self._wire.ban

    @property
    def writes(self) -> int:
        return self._wire.writes

    def open_pulls(self, prefix: str) -> Listing[PullRequest]:
        reader = self._reader(lambda branch: branch.startswith(prefix))
        pulls = [pull for pull in self._listed(reader, state="open") if pull.state == "open"]
        return Listing((pull for pull in pulls if pull.branch.startswith(prefix)), reader.unread)

    def closed_pulls(self, branch: str) -> tuple[PullRequest, ...]:
        reader = self._reader(lambda one: one == branch)
        pulls = self._listed(reader, state="closed", head=f"{self._owner}:{branch}")
        reader.none_missing()
        closed = [pull for pull in pulls if (pull.state, pull.branch) == ("closed", branch)]
        closed.sort(key=lambda pull: (pull.closed_at, pull.number), reverse=True)
        return tuple(replace(pull, closed_by=self._closer(pull)) for pull in closed)

    def closed_since(self, prefix: str, since: datetime) -> Listing[PullRequest]:
        reader = self._reader(lambda branch: branch.startswith(prefix), history=True)
        deed = f"list what became of the pull requests of {self._name}"
        order = {"state": "closed", "sort": "updated", "direction": "desc"}
        items = self._wire.get_all(deed, f"{self._path}/pulls", base=self._base, **order)
        recent = takewhile(lambda one: one.updated_at is None or one.updated_at >= since, reader.read(items))
        found = [one.shown() for one in self._ours(recent) if one.head.ref.startswith(prefix)]
        return Listing((pull for pull in found if pull.state == "closed"), reader.unread)

    def merged_pulls(self, prefix: str, since: datetime | None) -> Listing[Merged]:
        found = graphql.merged(self._wire, self._place, self._base, prefix, since)
        return Listing(sorted(found, key=lambda merged: (merged.at, merged.pull.number), reverse=True))

    def create(self, proposal: Proposal) -> Written:
        body: dict[str, object] = {
            "title": proposal.title,
            "head": proposal.branch,
            "base": proposal.base,
            "body": unfinished(proposal.body) if _takes_more(proposal) else proposal.body,
        }
        if proposal.draft:
            body["draft"] = True
        deed = f"open a pull request for {proposal.branch} on {self._name}"
        try:
            return Written(self._pull(self._wire.send(deed, "POST", f"{self._path}/pulls", body)))
        except Unprocessable as error:
            if any(reason.startswith("Draft pull requests are not supported") for reason in error.reasons):
                opened = self.create(replace(proposal, draft=False))
                return replace(opened, warnings=(str(error),))
            if not any(reason.startswith("A pull request already exists") for reason in error.reasons):
                raise
            return Written(self._the_open_one(proposal, error))
        except (Unavailable, BadResponse) as error:
            # It may have had its effect all the same: look, and never send it again.
            if isinstance(error, Unavailable) and error.retry_after is not None:
                raise
            return Written(self._the_open_one(proposal, error))

    def rewrite(self, pull: PullRequest, proposal: Proposal) -> Written:
        switch = switches(pull, proposal)
        if switch.untold:
            self._patch(pull, title=proposal.title, body=unfinished(proposal.body))
        if switch.auto_merge is False:
            self.stop_auto_merge(pull)
        warnings = self._add(pull, proposal)
        if switch.draft is not None:
            warnings += graphql.draft(self._wire, self._place, pull.number, wanted=switch.draft)
        refused = None
        if switch.auto_merge:
            refused = graphql.auto_merge(self._wire, self._place, pull.number, proposal)
        if refused:
            warnings.append(refused.because)
        changed = self._patch(pull, title=proposal.title, body=last_body(proposal, refused))
        return Written(changed, tuple(warnings))

    def add(self, pull: PullRequest, proposal: Proposal) -> Written:
        warnings = self._add(pull, proposal)
        deed = f"show pull request {pull.number} of {self._name}"
        return Written(self._pull(self._wire.get(deed, f"{self._path}/pulls/{pull.number}")), tuple(warnings))

    def stop_auto_merge(self, pull: PullRequest) -> None:
        graphql.stop_auto_merge(self._wire, self._place, pull.number)

    def say(self, pull: PullRequest, comment: str, body: str) -> PullRequest:
        if comment:
            self._comment(pull, comment)
        return pull if same_text(pull.body, body) else self._patch(pull, body=body)

    def remove_labels(self, pull: PullRequest, labels: tuple[str, ...]) -> PullRequest:
        for label in present(pull.labels, labels):
            # Gone already: somebody was faster.
            with suppress(NotFound):
                path = f"{self._issue(pull)}/labels/{quote(label, safe='')}"
                self._wire.send(f"take the label {label} off pull request {pull.number}", "DELETE", path)
        return replace(pull, labels=without(pull.labels, labels))

    def close(self, pull: PullRequest, comment: str, body: str) -> None:
        self._comment(pull, comment)
        self._patch(pull, body=body, state="closed")

    def sign(self, base: str, files: Mapping[str, Blob], message: str) -> SignedCommit:
        return github_sign.sign(self._wire, self._name, base, files, message)

    def identity(self) -> tuple[str, str]:
        if self._identity is None:
            login, number = graphql.viewer(self._wire)
            self._identity = login, github_sign.noreply(self._wire.host, login, number)
        return self._identity

    def git_credentials(self) -> TokenCredentials | None:
        return None if self._app_token is None else TokenCredentials(self._app_token())

    @property
    def _owner(self) -> str:
        return self._name.partition("/")[0]

    @property
    def _whose(self) -> str:
        return f"GitHub's answer about {self._name}"

    @property
    def _path(self) -> str:
        return f"/repos/{self._name}"

    def _issue(self, pull: PullRequest) -> str:
        return f"{self._path}/issues/{pull.number}"

    def _reader(self, may_be: Callable[[str], bool], *, history: bool = False) -> Reader[Pull]:
        return Reader(Pull, GlimpsedPull, self._whose, self._base, may_be, history)

    def _listed(self, reader: Reader[Pull], **filters: str) -> list[PullRequest]:
        deed = f"list the pull requests of {self._name}"
        items = self._wire.get_all(deed, f"{self._path}/pulls", base=self._base, **filters)
        return [one.shown() for one in self._ours(reader.read(items))]

    def _ours(self, pulls: Iterable[Pull]) -> list[Pull]:
        """Only heads in this very repository: a fork may have a branch of the same name.

        Raises `Refused` if all that is listed is another's: a proxy followed the redirect of a renamed repository, and
        GitHub redirects what reads, but not what writes.
        """
        there = [one for one in pulls if one.base.ref == self._base]
        homes = {self._home(one) for one in there}
        if homes and self._name.lower() not in homes:
            known = next((one.base.repo for one in there if one.base.repo), None)
            raise renamed(self._name, known.clone_url or known.full_name if known else "")
        return [one for one in there if one.head.repo is not None and self._is_home(one.head.repo.full_name)]

    def _home(self, one: Pull) -> str:
        """What the repository is called that we asked for."""
        return one.base.repo.full_name.lower() if one.base.repo else self._name.lower()

    def _is_home(self, name: str) -> bool:
        return name.lower() == self._name.lower()

    def _comment(self, pull: PullRequest, comment: str) -> None:
        """Killed right after, the next pass comes here again: nothing is said twice."""
        comments = f"{self._issue(pull)}/comments"
        deed = f"comment on pull request {pull.number} of {self._name}"
        said = sound(Comment, list(self._wire.get_all(deed, comments)))
        if not said_before(comment, (one.body for one in said)):
            self._wire.send(deed, "POST", comments, {"body": comment})

    def _the_open_one(self, proposal: Proposal, otherwise: Exception) -> PullRequest:
        reader = self._reader(lambda branch: branch == proposal.branch)
        pulls = self._listed(reader, state="open", head=f"{self._owner}:{proposal.branch}")
        found = [pull for pull in pulls if (pull.state, pull.branch) == ("open", proposal.branch)]
        if not found:
            raise otherwise
        return min(found, key=lambda pull: pull.number)

    def _closer(self, pull: PullRequest) -> str:
        """Who closed it: a listing does not say. Asked once for each time that a pull request is closed."""
        key = (pull.number, pull.closed_at)
        if key not in self._closers:
            answer = self._wire.get(f"show pull request {pull.number} of {self._name}", self._issue(pull))
            closer = checked(Issue, answer, self._whose).closed_by
            self._closers[key] = closer.login if closer else ""
        return self._closers[key]

    def _add(self, pull: PullRequest, proposal: Proposal) -> list[str]:
        return [
            *self._label(pull, lacking(pull.labels, proposal.labels)),
            *self._ask_for_review(pull, lacking(pull.reviewers, proposal.reviewers)),
            *self._assign(pull, lacking(pull.assignees, proposal.assignees)),
        ]

    def _label(self, pull: PullRequest, labels: Sequence[str]) -> list[str]:
        if not labels:
            return []
        try:
            self._wire.send(
                f"label pull request {pull.number}", "POST", f"{self._issue(pull)}/labels", {"labels": labels}
            )
        except _NOT_GIVEN as error:
            return [str(error)]
        return []

    def _assign(self, pull: PullRequest, logins: Sequence[str]) -> list[str]:
        """GitHub passes over those who may not be assigned without a word, so the answer is compared."""
        if not logins:
            return []
        deed = f"assign pull request {pull.number}"
        try:
            answer = self._wire.send(deed, "POST", f"{self._issue(pull)}/assignees", {"assignees": logins})
        except _NOT_GIVEN as error:
            return [str(error)]
        there = tuple(user.login for user in checked(Issue, answer, self._whose).assignees)
        return [f"{login} cannot be assigned to pull requests of {self._name}" for login in lacking(there, logins)]

    def _ask_for_review(self, pull: PullRequest, reviewers: Sequence[str]) -> list[str]:
        def send(names: str, body: Mapping[str, Sequence[str]]) -> object:
            deed = f"ask {names} to review pull request {pull.number}"
            return self._wire.send(deed, "POST", f"{self._path}/pulls/{pull.number}/requested_reviewers", body)

        return ask_for_review(reviewers, send, _NOT_GIVEN)

    def _patch(self, pull: PullRequest, **changes: str) -> PullRequest:
        deed = f"change pull request {pull.number} of {self._name}"
        changed = self._pull(self._wire.send(deed, "PATCH", f"{self._path}/pulls/{pull.number}", changes))
        if changed.number != pull.number:
            raise BadResponse(f"GitHub answered with pull request {changed.number} when asked to {deed}")
        return changed

    def _pull(self, answer: object) -> PullRequest:
        return checked(Pull, answer, self._whose).shown()


def _takes_more(proposal: Proposal) -> bool:
    """Whether there is more to it than can be said when it is opened."""
    return bool(proposal.labels or proposal.reviewers or proposal.assignees or proposal.auto_merge)
