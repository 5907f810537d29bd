"""Azure DevOps, Services and Server, with a personal access token.

A description holds 4 000 characters, of which a list shows 400: the machine block is kept in the pull request's
properties, and both are read for each. Nothing tells when one changed last.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import quote, unquote, urlsplit

from imagebot.bans import Remembers
from imagebot.errors import BadInput, NotFound
from imagebot.forge import rest
from imagebot.forge.answers import checked, iso, sound
from imagebot.forge.azure_answers import Evaluation, GlimpsedPull, Properties, Pull, Team, TeamMember, Threads
from imagebot.forge.azure_auto_complete import NOBODY, asked
from imagebot.forge.manners import Manners
from imagebot.forge.pages import Pager
from imagebot.forge.proposed import TEAM, NotMerging, lacking, without
from imagebot.forge.protocol import Listing, Proposal, PullRequest, State, Written
from imagebot.forge.rest_skeleton import NOT_GIVEN, RestSkeleton
from imagebot.forge.skeleton import Search
from imagebot.forge.transport import Reply
from imagebot.forge.urls import path_on_forge
from imagebot.forge.wire import Dialect, Wire
from imagebot.gitnames import HEADS
from imagebot.knownforges import FACTS
from imagebot.pulls import block
from imagebot.pulls.commands import Command
from imagebot.settings.resolve import RepositorySettings

_RIGHTS = "the scope Code (read & write), and its owner *Contribute to pull requests* in the repository"
_PAGER = Pager("$top", 100, "$skip", counts_items=True, within="value", until_empty=True)
_VERSION = {"api-version": "7.1"}
_PREVIEW = {"api-version": "7.1-preview.1"}
_STATES: Mapping[State, str] = {"open": "active", "closed": "abandoned", "merged": "completed"}
_REMEMBERED = timedelta(days=30)
"""How long after it was closed somebody may ask for one again by a label."""
_OURS = frozenset(wish.label for wish in Command)
_SHOWN = 400
"""As many characters of a description a list shows at most."""
_PROPERTY = "imagebot.block"
_LIMIT = FACTS["azure"].body_limit
_PART = re.compile(r"[^/\\:*?\"<>|;#$,+=\[\]{}\x00-\x1f]{1,128}")
_OF_ONE_ORGANISATION = ".visualstudio.com"


@dataclass(frozen=True, slots=True)
class AzureRepository:
    """A repository: its collection (on dev.azure.com the organisation; elsewhere maybe nothing, or a longer path), its
    project, its name.
    """

    collection: tuple[str, ...]
    project: str
    name: str

    @property
    def root(self) -> str:
        """The path of the collection."""
        return "".join(f"/{quote(part, safe='')}" for part in self.collection)

    @property
    def home(self) -> str:
        """The path of the project."""
        return f"{self.root}/{quote(self.project, safe='')}"


def connect(settings: RepositorySettings, manners: Manners) -> Azure:
    """The forge at `settings.api_url`; asks nothing of it yet. Raises `BadInput` if the settings do not fit Azure."""
    credentials = rest.token_of(settings)
    host = urlsplit(settings.api_url).netloc
    dialect = Dialect(host, _PAGER, _RIGHTS, manners.apart_s(settings), status=_status, always=_VERSION)
    # A token goes without a user.
    wire = rest.connect(settings, credentials, rest.basic(""), dialect, manners)
    return Azure(wire, place(settings.url, settings.api_url), settings)


def place(url: str, api_url: str) -> AzureRepository:
    """Where a repository is, from its https or ssh URL. Raises `BadInput`."""
    parts = [unquote(part) for part in path_on_forge(url, api_url, "").split("/")]
    if not all(_PART.fullmatch(part) for part in parts) or {".", ".."} & set(parts):
        parts = []
    match parts:
        case ["v3", collection, project, name]:
            return AzureRepository((collection,), project, name)
        case [*collection, "_git", name] if len(collection) == (0 if _is_of_one(url) else 1):
            # The repository that a project begins with has the project's name.
            return AzureRepository(tuple(collection), name, name)
        case [*collection, project, "_git", name]:
            return AzureRepository(tuple(collection), project, name)
    wanted = "https://dev.azure.com/ORGANISATION/PROJECT/_git/NAME"
    raise BadInput(f"forge: azure needs a repository's URL as {wanted}; {url!r} is none")


def _is_of_one(url: str) -> bool:
    return (urlsplit(url).hostname or "").endswith(_OF_ONE_ORGANISATION)


def _status(reply: Reply) -> int:
    """A token that is no good is answered with the page to sign in at."""
    return 401 if reply.status == 203 else reply.status


class Azure(RestSkeleton[Pull]):
    """The pull requests of one repository into one base branch."""

    shape = Pull
    glimpsed = GlimpsedPull

    def __init__(self, wire: Wire, place: AzureRepository, settings: RepositorySettings) -> None:
        super().__init__(wire, f"{place.project}/{place.name}", settings)
        self._place = place
        self._path = f"{place.home}/_apis/git/repositories/{quote(place.name, safe='')}"
        self._pulls = f"{self._path}/pullrequests"
        self._people: dict[str, str] | None = None

    @property
    def _root(self) -> str:
        return self._path

    def begin(self, remembers: Remembers) -> None:
        self._people = None
        super().begin(remembers)

    def _list(self, search: Search) -> Listing[PullRequest]:
        """When one changed last is not told: of those that were closed for a while, those that have a label of ours."""
        since = search.since
        if search.state != "closed" or since is None:
            return super()._list(search)
        found = super()._list(replace(search, since=since - _REMEMBERED))
        recent = (pull for pull in found if pull.closed_at >= iso(since) or _OURS.intersection(pull.labels))
        return Listing(recent, found.unread)

    def _elements(self, search: Search) -> Iterator[object]:
        """Those that were closed since then, where that is asked."""
        asked_for = {"status": _STATES[search.state], "targetRefName": HEADS + self.base}
        if search.branch:
            asked_for["sourceRefName"] = HEADS + search.branch
        if search.since is not None:
            asked_for |= {"minTime": f"{search.since:%Y-%m-%dT%H:%M:%SZ}", "queryTimeRangeType": "closed"}
        criteria = {f"searchCriteria.{name}": value for name, value in asked_for.items()}
        return self._wire.get_all(f"list the pull requests of {self._name}", self._pulls, **criteria)

    def _is_at_home(self, one: Pull) -> bool:
        return one.fork_source is None

    def _whole(self, pull: PullRequest) -> PullRequest:
        """What we wrote ourselves just now is whole."""
        if block.last(pull.body) is not None:
            return pull
        now = self._now(pull.number).shown() if len(pull.body) >= _SHOWN else pull
        task = f"read what is kept with pull request {pull.number} of {self._name}"
        answer = self._wire.get(task, f"{self._part(pull.number)}/properties")
        kept = (checked(Properties, answer, self._whose).value or {}).get(_PROPERTY)
        return replace(pull, body=_joined(now.body, kept.value if kept else ""))

    def _now(self, number: int) -> Pull:
        return self._checked(self._wire.get(f"show pull request {number} of {self._name}", self._one(number)))

    def _one(self, number: int) -> str:
        return f"{self._pulls}/{number}"

    def _part(self, number: int) -> str:
        """As Azure spells the paths below one."""
        return f"{self._path}/pullRequests/{number}"

    def _open(self, proposal: Proposal) -> Written:
        """The block comes last: it tells that all is said."""
        reviewers, unknown = self._ids(proposal.reviewers)
        words, kept = _parted(proposal.body)
        body: dict[str, object] = {
            "sourceRefName": HEADS + proposal.branch,
            "targetRefName": HEADS + proposal.base,
            "title": proposal.title,
            "description": words,
            "isDraft": proposal.draft,
            "labels": [{"name": name} for name in proposal.labels],
            "reviewers": [{"id": one} for one in reviewers],
        }
        task = f"open a pull request for {proposal.branch} on {self._name}"
        opened = self._pull(self._wire.send(task, "POST", self._pulls, body))
        return Written(self._keep(opened, kept), tuple(unknown))

    def _show(self, pull: PullRequest) -> PullRequest:
        return self._now(pull.number).shown()

    def _change(
        self, pull: PullRequest, *, title: str | None = None, body: str | None = None, close: bool = False
    ) -> PullRequest:
        """The block comes last, but before the end: whoever closed it stands there."""
        words, kept = (None, "") if body is None else _parted(body)
        if close and body is not None:
            self._keep(pull, kept)
        changes = {"title": title, "description": words, "status": "abandoned" if close else None}
        changed = self._patch(pull, {key: value for key, value in changes.items() if value is not None})
        if body is None:
            return changed
        return replace(changed, body=_joined(changed.body, kept)) if close else self._keep(changed, kept)

    def _patch(self, pull: PullRequest, changes: Mapping[str, object]) -> PullRequest:
        task = f"change pull request {pull.number} of {self._name}"
        return self._pull(self._wire.send(task, "PATCH", self._one(pull.number), changes), task, pull.number)

    def _keep(self, pull: PullRequest, kept: str) -> PullRequest:
        """Keep this block with a pull request. Answers it with that."""
        change = [{"op": "add", "path": f"/{_PROPERTY}", "value": kept}]
        task = f"keep what we know of pull request {pull.number} of {self._name}"
        self._wire.send(task, "PATCH", f"{self._part(pull.number)}/properties", change)
        return replace(pull, body=_joined(pull.body, kept))

    def _comments(self, pull: PullRequest) -> Sequence[str]:
        task = f"list the comments of pull request {pull.number} of {self._name}"
        answer = self._wire.get(task, f"{self._part(pull.number)}/threads")
        return checked(Threads, answer, self._whose).said()

    def _comment(self, pull: PullRequest, comment: str) -> None:
        """Closed: one that waits for somebody to resolve it may keep a pull request from being completed."""
        said = {"content": comment, "commentType": "text", "parentCommentId": 0}
        task = f"comment on pull request {pull.number} of {self._name}"
        body = {"comments": [said], "status": "closed"}
        self._wire.send(task, "POST", f"{self._part(pull.number)}/threads", body)

    def _label(self, pull: PullRequest, names: Sequence[str]) -> list[str]:
        """Azure makes those that it does not know."""
        warnings = []
        for name in names:
            task = f"label pull request {pull.number} {name}"
            try:
                self._wire.send(task, "POST", f"{self._part(pull.number)}/labels", {"name": name})
            except NOT_GIVEN as error:
                warnings.append(str(error))
        return warnings

    def _unlabel(self, pull: PullRequest, names: Sequence[str]) -> PullRequest:
        for name in names:
            # Gone already: somebody was faster.
            with suppress(NotFound):
                task = f"take the label {name} off pull request {pull.number}"
                path = f"{self._part(pull.number)}/labels/{quote(name, safe='')}"
                self._wire.send(task, "DELETE", path)
        return replace(pull, labels=without(pull.labels, names))

    def _ask_for_review(self, pull: PullRequest, names: Sequence[str]) -> list[str]:
        ids, warnings = self._ids(names)
        for one in ids:
            task = f"ask {one} to review pull request {pull.number}"
            try:
                self._wire.send(task, "PUT", f"{self._part(pull.number)}/reviewers/{one}", {"vote": 0})
            except NOT_GIVEN as error:
                warnings.append(str(error))
        return warnings

    def _ids(self, names: Sequence[str]) -> tuple[list[str], list[str]]:
        """The identities of people and teams of the project, and what is to be said of those that are not there."""
        if not names:
            return [], []
        try:
            known = self._identities()
        except NOT_GIVEN as error:
            return [], [f"{', '.join(names)} cannot be asked for a review: {error}"]
        missing = [f"no team of {self._place.project} has {name}, or is it" for name in lacking(known, names)]
        return [known[name.lower()] for name in names if name.lower() in known], missing

    def _identities(self) -> dict[str, str]:
        """By the name before the `@`, or `team:NAME`, in lower case. Listed once a pass."""
        if self._people is None:
            path = f"{self._place.root}/_apis/projects/{quote(self._place.project, safe='')}/teams"
            task = f"list the teams of {self._place.project}"
            teams = sound(Team, self._wire.get_all(task, path))
            self._people = {f"{TEAM}{team.name}".lower(): team.id for team in teams}
            for team in teams:
                task = f"list who is in the team {team.name}"
                members = self._wire.get_all(task, f"{path}/{quote(team.id, safe='')}/members")
                for one in sound(TeamMember, members):
                    self._people.setdefault(one.identity.login.lower(), one.identity.id)
        return self._people

    def _set_draft(self, pull: PullRequest, *, wanted: bool) -> Sequence[str]:
        self._patch(pull, {"isDraft": wanted})
        return ()

    def _merge_when_checked(self, pull: PullRequest, proposal: Proposal) -> NotMerging | None:
        try:
            now = self._now(pull.number)
            change = asked(now, self._evaluations(now), proposal)
            if isinstance(change, NotMerging):
                return change
            self._patch(pull, change)
        except NOT_GIVEN as error:
            return NotMerging(str(error))
        return None

    def _evaluations(self, now: Pull) -> list[Evaluation]:
        project = now.repository.project.id if now.repository and now.repository.project else ""
        artifact = f"vstfs:///CodeReview/CodeReviewId/{project}/{now.number}"
        task = f"tell what pull request {now.number} of {self._name} waits for"
        path = f"{self._place.home}/_apis/policy/evaluations"
        return sound(Evaluation, self._wire.get_all(task, path, artifactId=artifact, **_PREVIEW))

    def _stop_merging(self, pull: PullRequest) -> None:
        if self._now(pull.number).auto_complete_set_by is not None:
            self._patch(pull, {"autoCompleteSetBy": {"id": NOBODY}})

    def _approvers(self, number: int) -> tuple[str, ...]:
        return self._now(number).approvers()


def _parted(body: str) -> tuple[str, str]:
    """The words of a body, as long as they may be, and its block."""
    found = block.last(body)
    words = block.without(body).strip()
    return words if len(words) <= _LIMIT else f"{words[: _LIMIT - 1]}…", found[0] if found else ""


def _joined(words: str, kept: str) -> str:
    """A body of both."""
    return f"{words.strip()}\n\n{kept}\n" if kept else words
