"""GitLab.com and self-managed GitLab: merge requests, with a personal, project or group token."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from urllib.parse import quote, urlsplit

from imagebot.errors import BadInput, BadResponse, NotFound, Refused, Unavailable
from imagebot.forge import rest
from imagebot.forge.answers import checked, sound
from imagebot.forge.bans import Ban, Remembers
from imagebot.forge.gitlab_answers import Approvals, GlimpsedRequest, Note, Project, Request, User
from imagebot.forge.gitlab_auto_merge import auto_merge
from imagebot.forge.listing import Reader
from imagebot.forge.manners import Manners
from imagebot.forge.proposed import (
    TEAM,
    drafted_title,
    first_changes,
    is_unfinished,
    lacking,
    last_body,
    present,
    said_before,
    same_text,
    switches,
    unfinished,
)
from imagebot.forge.protocol import MOST_MERGED, Listing, Merged, Proposal, PullRequest, Written
from imagebot.forge.refusals import Unprocessable
from imagebot.forge.urls import path_on_forge
from imagebot.forge.wire import Dialect, Wire
from imagebot.settings.resolve import RepositorySettings, TokenCredentials

# GitLab's rules for the path of a group or project; no part can change the meaning of a longer path.
_PART = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}"
_PATH = re.compile(rf"{_PART}(?:/{_PART}){{1,20}}", re.ASCII)
_MOVED_TO = re.compile(r"(?:^|/)projects/(\d{1,12})(?=$|[/?])", re.ASCII)
_API = "/api/v4"
_RIGHTS = "the scope `api` and the role Developer in the project"
_PAGE = 50
# A line that begins with a slash is an order to GitLab: /approve, /merge, /assign.
_DRAFT = "Draft: "
_QUICK_ACTION = re.compile(r"^([ \t]*)/(?=[A-Za-z])", re.ASCII | re.MULTILINE)


def connect(settings: RepositorySettings, manners: Manners) -> GitLab:
    """The forge at `settings.api_url`; asks nothing of it yet. Raises `BadInput` if the settings do not fit GitLab."""
    credentials = settings.forge_credentials
    if not isinstance(credentials, TokenCredentials):
        raise BadInput(f"repository {settings.name}: forge: gitlab needs a token to open merge requests with")
    if not settings.api_url:
        raise BadInput(f"repository {settings.name}: forge: gitlab needs the URL of its API")
    if not settings.api_url.endswith(_API):
        raise BadInput(f"the URL of GitLab's API ends with {_API}; {settings.api_url!r} does not")
    name = project_path(settings.url, settings.api_url)
    graphql = f"{settings.api_url.removesuffix(_API)}/api/graphql"
    dialect = Dialect(
        urlsplit(settings.api_url).netloc, "per_page", _PAGE, _RIGHTS, manners.apart_s(settings), graphql=graphql
    )
    # As a bearer token GitLab takes all its kinds: personal, project, group and OAuth tokens.
    return GitLab(rest.connect(settings, credentials, "Bearer", dialect, manners), name, settings)


def project_path(url: str, api_url: str) -> str:
    """`group/subgroup/project` from a repository's https, ssh or scp-like URL. Raises `BadInput`."""
    found = _PATH.fullmatch(path_on_forge(url, api_url, _API))
    if found is None:
        raise BadInput(f"forge: gitlab needs a repository's URL as https://HOST/GROUP/PROJECT.git; {url!r} is none")
    return found[0]


class GitLab:
    """The merge requests of one project into one base branch."""

    def __init__(self, wire: Wire, name: str, settings: RepositorySettings) -> None:
        self.hourly_writes = settings.pace.writes_per_hour
        self._wire = wire
        self._name = name
        self._base = settings.branch
        self._path = f"/projects/{quote(name, safe='')}"
        self._directory = _Directory(wire)
        self._just_opened: set[int] = set()
        wire.find = self._where_it_is

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
        pulls = [self._shown(one) for one in self._requests(reader, state="opened")]
        ours = (pull for pull in pulls if pull.state == "open" and pull.branch.startswith(prefix))
        return Listing(ours, reader.unread)

    def closed_pulls(self, branch: str) -> tuple[PullRequest, ...]:
        reader = self._reader(lambda one: one == branch)
        pulls = [self._shown(one) for one in self._requests(reader, state="closed", source_branch=branch)]
        reader.none_missing()
        closed = [pull for pull in pulls if (pull.state, pull.branch) == ("closed", branch)]
        return tuple(sorted(closed, key=lambda pull: (pull.closed_at, pull.number), reverse=True))

    def closed_since(self, prefix: str, since: datetime) -> Listing[PullRequest]:
        reader = self._reader(lambda branch: branch.startswith(prefix), history=True)
        found = [self._shown(one) for one in self._since(reader, since, state="closed")]
        return Listing((one for one in found if one.state == "closed" and one.branch.startswith(prefix)), reader.unread)

    def merged_pulls(self, prefix: str, since: datetime | None) -> Listing[Merged]:
        reader = self._reader(lambda branch: branch.startswith(prefix), history=True)
        merged = islice(self._merged(reader, prefix, since), MOST_MERGED)
        found = [one.merged(self._approvers(one.number)) for one in merged]
        newest_first = sorted(found, key=lambda merged: (merged.at, merged.pull.number), reverse=True)
        return Listing(newest_first, reader.unread)

    def create(self, proposal: Proposal) -> Written:
        """GitLab takes all of a merge request at once, but for auto-merge: there is no half of one otherwise."""
        reviewers, no_reviewers = self._directory.numbers(proposal.reviewers)
        assignees, no_assignees = self._directory.numbers(proposal.assignees)
        body: dict[str, object] = {
            "source_branch": proposal.branch,
            "target_branch": proposal.base,
            "title": _DRAFT + proposal.title if proposal.draft else proposal.title,
            "description": _inert(unfinished(proposal.body) if proposal.auto_merge else proposal.body),
            "labels": _listed_labels(proposal.labels),
            "reviewer_ids": reviewers,
            "assignee_ids": assignees,
            "remove_source_branch": True,
        }
        given = {key: value for key, value in body.items() if value not in ([], "")}
        deed = f"open a merge request for {proposal.branch} on {self._name}"
        try:
            pull = self._pull(self._wire.send(deed, "POST", f"{self._path}/merge_requests", given))
        except (Unavailable, BadResponse) as error:
            # There may be one now, another bot's or ours: look, and never send it again.
            if isinstance(error, Unavailable) and error.retry_after is not None:
                raise
            return Written(self._the_open_one(proposal, error))
        self._just_opened.add(pull.number)
        return Written(pull, _once(no_reviewers, no_assignees, self._not_given(pull, proposal)))

    def rewrite(self, pull: PullRequest, proposal: Proposal) -> Written:
        switch = switches(pull, proposal)
        title = drafted_title(pull, proposal, _DRAFT)
        if first := first_changes(switch, title, _inert(unfinished(proposal.body)), "description"):
            self._put(pull, first)
        if switch.auto_merge is False:
            self.stop_auto_merge(pull)
        refused = None
        if switch.auto_merge:
            again = is_unfinished(pull.body) and pull.number not in self._just_opened
            refused = auto_merge(self._wire, self._name, pull.number, proposal, again=again)
            self._just_opened.discard(pull.number)
        changes: dict[str, object] = {
            "title": title,
            "description": _inert(last_body(proposal, refused)),
        }
        more, unknown = self._lacking(pull, proposal)
        written = self._put(pull, changes | more)
        not_merging = [refused.because] if refused else []
        return Written(written, _once(unknown, self._not_given(written, proposal), not_merging))

    def add(self, pull: PullRequest, proposal: Proposal) -> Written:
        changes, unknown = self._lacking(pull, proposal)
        written = self._put(pull, changes) if changes else pull
        return Written(written, _once(unknown, self._not_given(written, proposal)))

    def stop_auto_merge(self, pull: PullRequest) -> None:
        deed = f"no longer let merge request {pull.number} merge by itself"
        try:
            self._wire.send(deed, "POST", f"{self._one(pull)}/cancel_merge_when_pipeline_succeeds")
        except Unprocessable as error:
            # 406: it was not going to.
            if error.status != 406:
                raise

    def say(self, pull: PullRequest, comment: str, body: str) -> PullRequest:
        if comment:
            self._comment(pull, comment)
        return pull if same_text(pull.body, _inert(body)) else self._put(pull, {"description": _inert(body)})

    def remove_labels(self, pull: PullRequest, labels: tuple[str, ...]) -> PullRequest:
        gone = present(pull.labels, labels)
        return self._put(pull, {"remove_labels": _listed_labels(gone)}) if gone else pull

    def close(self, pull: PullRequest, comment: str, body: str) -> None:
        self._comment(pull, comment)
        self._put(pull, {"description": _inert(body), "state_event": "close"})

    def git_credentials(self) -> TokenCredentials | None:
        return None

    @property
    def _whose(self) -> str:
        return f"GitLab's answer about {self._name}"

    def _one(self, pull: PullRequest) -> str:
        return f"{self._path}/merge_requests/{pull.number}"

    def _reader(self, may_be: Callable[[str], bool], *, history: bool = False) -> Reader[Request]:
        return Reader(Request, GlimpsedRequest, self._whose, self._base, may_be, history)

    def _requests(self, reader: Reader[Request], **filters: str) -> Iterator[Request]:
        """Only from branches in this very project: a fork may have one of the same name."""
        deed = f"list the merge requests of {self._name}"
        items = self._wire.get_all(deed, f"{self._path}/merge_requests", target_branch=self._base, **filters)
        for one in reader.read(items):
            if one.source_project_id == one.target_project_id and one.target_branch == self._base:
                yield one

    def _since(self, reader: Reader[Request], since: datetime | None, **filters: str) -> Iterator[Request]:
        """By their last change, newest first, as far back as that."""
        for one in self._requests(reader, order_by="updated_at", sort="desc", **filters):
            if since is not None and one.updated_at is not None and one.updated_at < since:
                return
            yield one

    def _merged(self, reader: Reader[Request], prefix: str, since: datetime | None) -> Iterator[Request]:
        """Whatever was merged since has changed since."""
        for one in self._since(reader, since, state="merged"):
            is_in_time = one.merged_at is not None and (since is None or one.merged_at >= since)
            if one.state == "merged" and is_in_time and one.source_branch.startswith(prefix):
                yield one

    def _where_it_is(self, location: str) -> str:
        """A moved project is redirected to by its number, of which GitLab tells the URL."""
        deed = f"find {self._name}"
        location = location or self._wire.peek(deed, self._path).headers.get("Location", "")
        found = _MOVED_TO.search(location)
        if found is None:
            return ""
        answer = self._wire.get(deed, f"/projects/{found[1]}")
        return checked(Project, answer, self._whose).http_url_to_repo

    def _approvers(self, number: int) -> tuple[str, ...]:
        path = f"{self._path}/merge_requests/{number}/approvals"
        try:
            answer = self._wire.get(f"say who approved merge request {number} of {self._name}", path)
        except (NotFound, Refused):
            return ()
        return tuple(one.user.username for one in checked(Approvals, answer, self._whose).approved_by)

    def _comment(self, pull: PullRequest, comment: str) -> None:
        """Killed right after, the next pass comes here again: nothing is said twice."""
        notes = f"{self._one(pull)}/notes"
        deed = f"comment on merge request {pull.number} of {self._name}"
        said = sound(Note, list(self._wire.get_all(deed, notes)))
        if not said_before(_inert(comment), (one.body for one in said)):
            self._wire.send(deed, "POST", notes, {"body": _inert(comment)})

    def _the_open_one(self, proposal: Proposal, otherwise: Exception) -> PullRequest:
        reader = self._reader(lambda branch: branch == proposal.branch)
        pulls = [self._shown(one) for one in self._requests(reader, state="opened", source_branch=proposal.branch)]
        found = [pull for pull in pulls if (pull.state, pull.branch) == ("open", proposal.branch)]
        if not found:
            raise otherwise
        return min(found, key=lambda pull: pull.number)

    def _lacking(self, pull: PullRequest, proposal: Proposal) -> tuple[dict[str, object], list[str]]:
        """What would add the labels and people that it lacks, and who is unknown."""
        labels = lacking(pull.labels, proposal.labels)
        changes: dict[str, object] = {"add_labels": _listed_labels(labels)} if labels else {}
        reviewers, no_reviewers = self._directory.numbers(lacking(pull.reviewers, proposal.reviewers))
        assignees, no_assignees = self._directory.numbers(lacking(pull.assignees, proposal.assignees))
        if reviewers or assignees:
            # These lists replace those there: read them now, so that nobody who was added meanwhile is lost.
            now = self._pull(self._wire.get(f"show merge request {pull.number}", self._one(pull)))
            changes["reviewer_ids"] = [*dict.fromkeys((*self._directory.numbers(now.reviewers)[0], *reviewers))]
            changes["assignee_ids"] = [*dict.fromkeys((*self._directory.numbers(now.assignees)[0], *assignees))]
        return changes, [*no_reviewers, *no_assignees]

    def _not_given(self, pull: PullRequest, proposal: Proposal) -> list[str]:
        """GitLab passes over what it will not add without a word, so the answer is compared."""
        why = "GitLab passes over who cannot see the project, and without a licence takes one of each"
        reviewers = [name for name in lacking(pull.reviewers, proposal.reviewers) if self._directory.knows(name)]
        assignees = [name for name in lacking(pull.assignees, proposal.assignees) if self._directory.knows(name)]
        return [
            *(f"{name} was not asked to review merge request {pull.number}: {why}" for name in reviewers),
            *(f"{name} was not assigned to merge request {pull.number}: {why}" for name in assignees),
            *(
                f"GitLab did not add the label {name} to merge request {pull.number}"
                for name in lacking(pull.labels, proposal.labels)
            ),
        ]

    def _put(self, pull: PullRequest, changes: dict[str, object]) -> PullRequest:
        deed = f"change merge request {pull.number} of {self._name}"
        changed = self._pull(self._wire.send(deed, "PUT", self._one(pull), changes))
        if changed.number != pull.number:
            raise BadResponse(f"GitLab answered with merge request {changed.number} when asked to {deed}")
        return changed

    def _pull(self, answer: object) -> PullRequest:
        return self._shown(checked(Request, answer, self._whose))

    def _shown(self, answer: Request) -> PullRequest:
        self._directory.remember((*answer.reviewers, *answer.assignees))
        return answer.shown()


class _Directory:
    """GitLab's users by name: its merge requests take them by number."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._numbers: dict[str, int] = {}

    def remember(self, users: Iterable[User]) -> None:
        self._numbers |= {user.username.lower(): user.id for user in users}

    def knows(self, name: str) -> bool:
        return name.lower() in self._numbers

    def numbers(self, names: Iterable[str]) -> tuple[list[int], list[str]]:
        """The numbers of `names`, and a warning for each that has none. Each name is asked for once."""
        found, warnings = [], []
        for name in dict.fromkeys(names):
            if name.startswith(TEAM):
                warnings.append(
                    f"GitLab asks no group to review a merge request: in place of {name}, name people, or make the "
                    "group an approver in the project's approval rules"
                )
                continue
            if not self.knows(name) and (problem := self._look_up(name)):
                warnings.append(problem)
                continue
            found.append(self._numbers[name.lower()])
        return found, warnings

    def _look_up(self, name: str) -> str:
        """What is wrong with the name; empty if GitLab knows somebody by it."""
        try:
            users = self._wire.get_list(f"look up the user {name}", "/users", username=name)
        except (NotFound, Refused) as error:
            return str(error)
        self.remember(sound(User, users))
        return "" if self.knows(name) else f"GitLab knows no user {name}"


def _once(*warnings: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for texts in warnings for text in texts))


def _listed_labels(names: Sequence[str]) -> str:
    """As GitLab takes them; it has none with a comma, and would make two of one."""
    return ",".join(name for name in names if "," not in name)


def _inert(text: str) -> str:
    """The text without orders to GitLab, which carries out what stands behind a slash at the beginning of a line."""
    return _QUICK_ACTION.sub(r"\1\\/", text)
