"""Gitea and Forgejo (Codeberg among them), with an access token."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from itertools import islice
from urllib.parse import urlsplit

from imagebot.errors import BadInput, BadResponse, NotFound, Refused, Unavailable
from imagebot.forge import rest
from imagebot.forge.answers import checked, sound
from imagebot.forge.bans import Ban, Remembers
from imagebot.forge.gitea_answers import DRAFT, Comment, Event, GlimpsedPull, Label, Pull, Review
from imagebot.forge.gitea_auto_merge import auto_merge
from imagebot.forge.listing import Reader
from imagebot.forge.manners import Manners
from imagebot.forge.proposed import (
    ask_for_review,
    drafted_title,
    first_changes,
    lacking,
    last_body,
    present,
    said_before,
    same_text,
    switches,
    unfinished,
    without,
)
from imagebot.forge.protocol import MOST_MERGED, Listing, Merged, Proposal, PullRequest, Written
from imagebot.forge.refusals import Unprocessable
from imagebot.forge.urls import elsewhere, path_on_forge
from imagebot.forge.wire import Dialect, Wire
from imagebot.settings.resolve import RepositorySettings, TokenCredentials

# Gitea's rules for both names; neither can change the meaning of a longer path.
_PART = r"[A-Za-z0-9_.-]{1,100}"
_PATH = re.compile(rf"(?P<owner>{_PART})/(?P<name>{_PART})", re.ASCII)
_API = "/api/v1"
_RIGHTS = "the scopes `write:repository` and `write:issue`, and its owner the right to write to the repository"
# Servers give out 50 at a time unless they were told otherwise.
_PAGE = 50
# A label or a reviewer refused is no reason to fail: the pull request itself is what matters.
_NOT_GIVEN = (NotFound, Refused, Unprocessable)


def connect(settings: RepositorySettings, manners: Manners) -> Gitea:
    """The forge at `settings.api_url`; asks nothing of it yet. Raises `BadInput` if the settings do not fit Gitea."""
    credentials = settings.forge_credentials
    if not isinstance(credentials, TokenCredentials):
        raise BadInput(f"repository {settings.name}: forge: gitea needs a token to open pull requests with")
    if not settings.api_url:
        raise BadInput(f"repository {settings.name}: forge: gitea needs the URL of its API")
    name = repository_name(settings.url, settings.api_url)
    dialect = Dialect(urlsplit(settings.api_url).netloc, "limit", _PAGE, _RIGHTS, manners.apart_s(settings))
    wire = rest.connect(settings, credentials, "token", dialect, manners)
    # Renamed, it redirects to the same question under the new name.
    wire.find = lambda location: elsewhere(settings.url, name, settings.api_url, location)
    return Gitea(wire, name, settings)


def repository_name(url: str, api_url: str) -> str:
    """`owner/name` from a repository's https, ssh or scp-like URL. Raises `BadInput`."""
    found = _PATH.fullmatch(path_on_forge(url, api_url, _API))
    if found is None or {found["owner"], found["name"]} & {".", ".."}:
        raise BadInput(f"forge: gitea needs a repository's URL as https://HOST/OWNER/NAME.git; {url!r} is none")
    return f"{found['owner']}/{found['name']}"


class Gitea:
    """The pull requests of one repository into one base branch."""

    def __init__(self, wire: Wire, name: str, settings: RepositorySettings) -> None:
        self.hourly_writes = settings.pace.writes_per_hour
        self._wire = wire
        self._name = name
        self._base = settings.branch
        self._path = f"/repos/{name}"
        self._read_until: datetime | None = None
        self._closed: dict[int, PullRequest] = {}
        self._unread: Listing[PullRequest] = Listing()
        self._closers: dict[tuple[int, str], str] = {}
        self._labels: dict[str, int] | None = None

    def begin(self, remembers: Remembers) -> None:
        self._labels = None
        self._wire.begin(remembers)

    @property
    def ban(self) -> Ban | None:
        return self._wire.ban

    @property
    def writes(self) -> int:
        return self._wire.writes

    def open_pulls(self, prefix: str) -> Listing[PullRequest]:
        reader = self._reader(lambda branch: branch.startswith(prefix))
        return Listing((pull for pull in self._open(reader) if pull.branch.startswith(prefix)), reader.unread)

    def closed_pulls(self, branch: str) -> tuple[PullRequest, ...]:
        self._read_history()
        if because := self._unread.doubt(branch):
            raise BadResponse(because)
        closed = [pull for pull in self._closed.values() if pull.branch == branch]
        closed.sort(key=lambda pull: (pull.closed_at, pull.number), reverse=True)
        return tuple(self._with_closer(pull) for pull in closed)

    def closed_since(self, prefix: str, since: datetime) -> Listing[PullRequest]:
        reader = self._reader(lambda branch: branch.startswith(prefix), history=True)
        deed = f"list what became of the pull requests of {self._name}"
        recent = self._since(reader, deed, since, state="closed")
        found = [one.shown() for one in recent if self._is_ours(one) and one.head.label.startswith(prefix)]
        return Listing((pull for pull in found if pull.state == "closed"), reader.unread)

    def merged_pulls(self, prefix: str, since: datetime | None) -> Listing[Merged]:
        reader = self._reader(lambda branch: branch.startswith(prefix), history=True)
        merged = islice(self._merged(reader, prefix, since), MOST_MERGED)
        found = [one.merge(self._reviews(one.number)) for one in merged]
        newest_first = sorted(found, key=lambda merged: (merged.at, merged.pull.number), reverse=True)
        return Listing(newest_first, reader.unread)

    def create(self, proposal: Proposal) -> Written:
        more = proposal.labels or proposal.reviewers or proposal.assignees or proposal.auto_merge
        body = {
            "title": DRAFT + proposal.title if proposal.draft else proposal.title,
            "head": proposal.branch,
            "base": proposal.base,
            "body": unfinished(proposal.body) if more else proposal.body,
        }
        deed = f"open a pull request for {proposal.branch} on {self._name}"
        try:
            return Written(self._pull(self._wire.send(deed, "POST", f"{self._path}/pulls", body)))
        except (Unavailable, BadResponse) as error:
            # There may be one now, another bot's or ours: look, and never send it again.
            if isinstance(error, Unavailable) and error.retry_after is not None:
                raise
            return Written(self._the_open_one(proposal, error))

    def rewrite(self, pull: PullRequest, proposal: Proposal) -> Written:
        switch = switches(pull, proposal)
        title = drafted_title(pull, proposal, DRAFT)
        if first := first_changes(switch, title, unfinished(proposal.body), "body"):
            self._patch(pull, first)
        if switch.auto_merge is False:
            self.stop_auto_merge(pull)
        warnings = self._add(pull, proposal)
        refused = auto_merge(self._wire, self._path, pull.number, proposal) if switch.auto_merge else None
        if refused:
            warnings.append(refused.because)
        changes: dict[str, object] = {"title": title, "body": last_body(proposal, refused)}
        return Written(self._patch(pull, changes), tuple(warnings))

    def add(self, pull: PullRequest, proposal: Proposal) -> Written:
        warnings = self._add(pull, proposal)
        return Written(self._pull(self._wire.get(f"show pull request {pull.number}", self._one(pull))), tuple(warnings))

    def stop_auto_merge(self, pull: PullRequest) -> None:
        # 404: it was not going to.
        with suppress(NotFound):
            deed = f"no longer let pull request {pull.number} merge by itself"
            self._wire.send(deed, "DELETE", f"{self._one(pull)}/merge")

    def say(self, pull: PullRequest, comment: str, body: str) -> PullRequest:
        if comment:
            self._comment(pull, comment)
        return pull if same_text(pull.body, body) else self._patch(pull, {"body": body})

    def remove_labels(self, pull: PullRequest, labels: tuple[str, ...]) -> PullRequest:
        """By number, as `_label` adds them."""
        gone = present(pull.labels, labels)
        if not gone:
            return pull
        path = f"{self._issue(pull)}/labels"
        there = self._wire.get_list(f"list the labels of pull request {pull.number}", path)
        for label in sound(Label, there):
            if present([label.name], gone):
                # Gone already: somebody was faster.
                with suppress(NotFound):
                    deed = f"take the label {label.name} off pull request {pull.number}"
                    self._wire.send(deed, "DELETE", f"{path}/{label.id}")
        return replace(pull, labels=without(pull.labels, gone))

    def close(self, pull: PullRequest, comment: str, body: str) -> None:
        self._comment(pull, comment)
        self._patch(pull, {"body": body, "state": "closed"})

    def git_credentials(self) -> TokenCredentials | None:
        return None

    @property
    def _whose(self) -> str:
        return f"the answer about {self._name}"

    def _issue(self, pull: PullRequest) -> str:
        return f"{self._path}/issues/{pull.number}"

    def _one(self, pull: PullRequest) -> str:
        return f"{self._path}/pulls/{pull.number}"

    def _reader(self, may_be: Callable[[str], bool], *, history: bool = False) -> Reader[Pull]:
        return Reader(Pull, GlimpsedPull, self._whose, self._base, may_be, history)

    def _open(self, reader: Reader[Pull]) -> list[PullRequest]:
        deed = f"list the pull requests of {self._name}"
        answers = reader.read(self._wire.get_all(deed, f"{self._path}/pulls", state="open"))
        return [one.shown() for one in answers if self._is_ours(one) and one.state == "open"]

    def _is_ours(self, answer: Pull) -> bool:
        """From a branch in this very repository: a fork may have one of the same name, and a deleted fork is -1."""
        return (answer.base.label, answer.head.repo_id) == (self._base, answer.base.repo_id)

    def _since(self, reader: Reader[Pull], deed: str, since: datetime | None, **filters: str) -> Iterator[Pull]:
        """By their last change, newest first, as far back as that."""
        for one in reader.read(self._wire.get_all(deed, f"{self._path}/pulls", sort="recentupdate", **filters)):
            if since is not None and one.updated_at is not None and one.updated_at < since:
                return
            yield one

    def _read_history(self) -> None:
        """Read what changed since the last time: there is no question for the pull requests of one branch.

        The first time that is all there ever were; after that, in a pass where nothing changed, one page.
        """
        read: dict[int, PullRequest | None] = {}
        newest = self._read_until
        reader = self._reader(lambda _: True, history=True)
        deed = f"list what became of the pull requests of {self._name}"
        for one in self._since(reader, deed, self._read_until, state="all"):
            newest = max((at for at in (newest, one.updated_at) if at is not None), default=None)
            # Merged ones are many, and nobody asks for them.
            is_wanted = self._is_ours(one) and one.state == "closed" and not one.merged
            read[one.number] = one.shown() if is_wanted else None
        # Only now: a reading that broke off has to begin again.
        self._read_until = newest
        still = [one for one in self._unread.unread if one.number not in read and one not in reader.unread]
        self._unread = Listing((), [*still, *reader.unread])
        self._closed = {number: pull for number, pull in (self._closed | read).items() if pull is not None}

    def _merged(self, reader: Reader[Pull], prefix: str, since: datetime | None) -> Iterator[Pull]:
        """Whatever was merged since has changed since."""
        for one in self._since(reader, f"list the merged pull requests of {self._name}", since, state="closed"):
            is_in_time = one.merged_at is not None and (since is None or one.merged_at >= since)
            if one.merged and is_in_time and self._is_ours(one) and one.head.label.startswith(prefix):
                yield one

    def _reviews(self, number: int) -> list[Review]:
        path = f"{self._path}/pulls/{number}/reviews"
        try:
            items = list(self._wire.get_all(f"say who reviewed pull request {number} of {self._name}", path))
        except (NotFound, Refused):
            return []
        return sound(Review, items)

    def _comment(self, pull: PullRequest, comment: str) -> None:
        """Killed right after, the next pass comes here again: nothing is said twice."""
        comments = f"{self._issue(pull)}/comments"
        deed = f"comment on pull request {pull.number} of {self._name}"
        said = sound(Comment, self._wire.get_list(deed, comments))
        if not said_before(comment, (one.body for one in said)):
            self._wire.send(deed, "POST", comments, {"body": comment})

    def _the_open_one(self, proposal: Proposal, otherwise: Exception) -> PullRequest:
        found = [pull for pull in self._open(self._reader(lambda _: True)) if pull.branch == proposal.branch]
        if not found:
            raise otherwise
        return min(found, key=lambda pull: pull.number)

    def _with_closer(self, pull: PullRequest) -> PullRequest:
        """Who closed it: a listing does not say. Asked once for each time that a pull request is closed."""
        key = (pull.number, pull.closed_at)
        if key not in self._closers:
            deed = f"tell who closed pull request {pull.number} of {self._name}"
            events = sound(Event, list(self._wire.get_all(deed, f"{self._issue(pull)}/timeline")))
            closers = [event.user.login for event in events if event.type == "close" and event.user]
            self._closers[key] = closers[-1] if closers else ""
        return replace(pull, closed_by=self._closers[key])

    def _add(self, pull: PullRequest, proposal: Proposal) -> list[str]:
        return [
            *self._label(pull, lacking(pull.labels, proposal.labels)),
            *self._ask_for_review(pull, lacking(pull.reviewers, proposal.reviewers)),
            *self._assign(pull, lacking(pull.assignees, proposal.assignees)),
        ]

    def _label(self, pull: PullRequest, names: Sequence[str]) -> list[str]:
        """By number, which Gitea wants before 1.22; it makes no label for us."""
        if not names:
            return []
        try:
            numbers = self._label_numbers()
            found = [numbers[name.lower()] for name in names if name.lower() in numbers]
            if found:
                self._wire.send(
                    f"label pull request {pull.number}", "POST", f"{self._issue(pull)}/labels", {"labels": found}
                )
        except _NOT_GIVEN as error:
            return [str(error)]
        return [f"{self._name} has no label {name}: make one there" for name in names if name.lower() not in numbers]

    def _label_numbers(self) -> dict[str, int]:
        """Those of the organisation, if it is one, and of the repository, which win. Listed once a pass."""
        if self._labels is None:
            owner = self._name.partition("/")[0]
            deed = f"list the labels of {self._name}"
            try:
                general = list(self._wire.get_all(deed, f"/orgs/{owner}/labels"))
            except (NotFound, Refused):
                general = []
            labels = sound(Label, [*general, *self._wire.get_all(deed, f"{self._path}/labels")])
            self._labels = {label.name.lower(): label.id for label in labels}
        return self._labels

    def _assign(self, pull: PullRequest, logins: Sequence[str]) -> list[str]:
        """The list replaces the one there, which is read now, so that nobody who was assigned meanwhile is lost."""
        if not logins:
            return []
        there = self._pull(self._wire.get(f"show pull request {pull.number}", self._one(pull))).assignees
        wanted = lacking(there, logins)
        try:
            now = self._patch(pull, {"assignees": [*there, *wanted]}).assignees if wanted else there
        except _NOT_GIVEN as error:
            if len(logins) == 1:
                return [str(error)]
            return [warning for login in logins for warning in self._assign(pull, [login])]
        return [f"{login} cannot be assigned to pull requests of {self._name}" for login in lacking(now, logins)]

    def _ask_for_review(self, pull: PullRequest, reviewers: Sequence[str]) -> list[str]:
        def send(names: str, body: Mapping[str, Sequence[str]]) -> object:
            deed = f"ask {names} to review pull request {pull.number}"
            return self._wire.send(deed, "POST", f"{self._one(pull)}/requested_reviewers", body)

        return ask_for_review(reviewers, send, _NOT_GIVEN)

    def _patch(self, pull: PullRequest, changes: dict[str, object]) -> PullRequest:
        deed = f"change pull request {pull.number} of {self._name}"
        changed = self._pull(self._wire.send(deed, "PATCH", self._one(pull), changes))
        if changed.number != pull.number:
            raise BadResponse(f"Gitea answered with pull request {changed.number} when asked to {deed}")
        return changed

    def _pull(self, answer: object) -> PullRequest:
        return checked(Pull, answer, self._whose).shown()
