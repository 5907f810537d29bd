"""GitLab.com and self-managed GitLab: merge requests, with a personal, project or group token."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote, urlsplit

from imagebot.errors import BadInput, NotFound, Refused
from imagebot.forge import rest
from imagebot.forge.answers import checked, sound
from imagebot.forge.gitlab_answers import Approvals, GlimpsedRequest, MergeRequest, Note, Project, User
from imagebot.forge.gitlab_auto_merge import auto_merge
from imagebot.forge.manners import Manners
from imagebot.forge.pages import Pager
from imagebot.forge.proposed import TEAM, NotMerging, is_unfinished, lacking
from imagebot.forge.protocol import Proposal, PullRequest, State, Written
from imagebot.forge.refusals import Unprocessable
from imagebot.forge.rest_skeleton import RestSkeleton
from imagebot.forge.skeleton import Search
from imagebot.forge.urls import path_on_forge
from imagebot.forge.wire import Dialect, Wire
from imagebot.knownforges import FACTS
from imagebot.settings.resolve import RepositorySettings

# GitLab's rules for the path of a group or project; no part can change the meaning of a longer path.
_PART = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}"
_PATH = re.compile(rf"{_PART}(?:/{_PART}){{1,20}}", re.ASCII)
_MOVED_TO = re.compile(r"(?:^|/)projects/(\d{1,12})(?=$|[/?])", re.ASCII)
_API = FACTS["gitlab"].api_path
_RIGHTS = "the scope `api` and the role Developer in the project"
_PAGE = 50
_STATES: dict[State, str] = {"open": "opened", "closed": "closed", "merged": "merged"}


def connect(settings: RepositorySettings, manners: Manners) -> GitLab:
    """The forge at `settings.api_url`; asks nothing of it yet. Raises `BadInput` if the settings do not fit GitLab."""
    credentials = rest.token_of(settings)
    if not settings.api_url.endswith(_API):
        raise BadInput(f"the URL of GitLab's API ends with {_API}; {settings.api_url!r} does not")
    name = project_path(settings.url, settings.api_url)
    graphql = f"{settings.api_url.removesuffix(_API)}/api/graphql"
    dialect = Dialect(
        urlsplit(settings.api_url).netloc, Pager("per_page", _PAGE), _RIGHTS, manners.apart_s(settings), graphql=graphql
    )
    # As a bearer token GitLab takes all its kinds: personal, project, group and OAuth tokens.
    return GitLab(rest.connect(settings, credentials, rest.bearer, dialect, manners), name, settings)


def project_path(url: str, api_url: str) -> str:
    """`group/subgroup/project` from a repository's https, ssh or scp-like URL. Raises `BadInput`."""
    found = _PATH.fullmatch(path_on_forge(url, api_url, _API))
    if found is None:
        raise BadInput(f"forge: gitlab needs a repository's URL as https://HOST/GROUP/PROJECT.git; {url!r} is none")
    return found[0]


class GitLab(RestSkeleton[MergeRequest]):
    """The merge requests of one project into one base branch."""

    shape = MergeRequest
    glimpsed = GlimpsedRequest

    def __init__(self, wire: Wire, name: str, settings: RepositorySettings) -> None:
        super().__init__(wire, name, settings)
        self._path = f"/projects/{quote(name, safe='')}"
        self._directory = _Directory(wire)
        self._just_opened: set[int] = set()
        wire.find = self._where_it_is

    @property
    def _root(self) -> str:
        return self._path

    def _elements(self, search: Search) -> Iterator[object]:
        filters = {"source_branch": search.branch} if search.branch else {}
        if search.by_change:
            filters |= {"order_by": "updated_at", "sort": "desc"}
        task, path = f"list the merge requests of {self._name}", f"{self._path}/merge_requests"
        return self._wire.get_all(task, path, target_branch=self.base, state=_STATES[search.state], **filters)

    def _is_at_home(self, one: MergeRequest) -> bool:
        return one.source_project_id == one.target_project_id

    def _open(self, proposal: Proposal) -> Written:
        reviewers, no_reviewers = self._directory.numbers(proposal.reviewers)
        assignees, no_assignees = self._directory.numbers(proposal.assignees)
        body: dict[str, object] = {
            "source_branch": proposal.branch,
            "target_branch": proposal.base,
            "title": proposal.title,
            "description": proposal.body,
            "labels": _listed_labels(proposal.labels),
            "reviewer_ids": reviewers,
            "assignee_ids": assignees,
            "remove_source_branch": True,
        }
        given = {key: value for key, value in body.items() if value not in ([], "")}
        task = f"open a merge request for {proposal.branch} on {self._name}"
        pull = self._pull(self._wire.send(task, "POST", f"{self._path}/merge_requests", given))
        self._just_opened.add(pull.number)
        return Written(pull, (*no_reviewers, *no_assignees, *self._not_given(pull, proposal)))

    def _show(self, pull: PullRequest) -> PullRequest:
        return self._pull(self._wire.get(f"show merge request {pull.number}", self._one(pull)))

    def _change(
        self, pull: PullRequest, *, title: str | None = None, body: str | None = None, close: bool = False
    ) -> PullRequest:
        return self._put(pull, {"title": title, "description": body, "state_event": "close" if close else None})

    def _put(self, pull: PullRequest, changes: dict[str, object]) -> PullRequest:
        task = f"change merge request {pull.number} of {self._name}"
        given = {key: value for key, value in changes.items() if value is not None}
        return self._pull(self._wire.send(task, "PUT", self._one(pull), given), task, pull.number)

    def _comments(self, pull: PullRequest) -> Iterator[str]:
        task = f"list the comments of merge request {pull.number} of {self._name}"
        return (one.body for one in sound(Note, self._wire.get_all(task, f"{self._one(pull)}/notes")))

    def _comment(self, pull: PullRequest, comment: str) -> None:
        task = f"comment on merge request {pull.number} of {self._name}"
        self._wire.send(task, "POST", f"{self._one(pull)}/notes", {"body": comment})

    def _give(self, pull: PullRequest, proposal: Proposal) -> list[str]:
        """All at once: GitLab takes them so."""
        labels = lacking(pull.labels, proposal.labels)
        changes: dict[str, object] = {"add_labels": _listed_labels(labels)} if _listed_labels(labels) else {}
        reviewers, no_reviewers = self._directory.numbers(lacking(pull.reviewers, proposal.reviewers))
        assignees, no_assignees = self._directory.numbers(lacking(pull.assignees, proposal.assignees))
        if reviewers or assignees:
            # These lists replace those there: read them now, so that nobody who was added meanwhile is lost.
            now = self._show(pull)
            changes["reviewer_ids"] = [*dict.fromkeys((*self._directory.numbers(now.reviewers)[0], *reviewers))]
            changes["assignee_ids"] = [*dict.fromkeys((*self._directory.numbers(now.assignees)[0], *assignees))]
        written = self._put(pull, changes) if changes else pull
        return [*no_reviewers, *no_assignees, *self._not_given(written, proposal)]

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

    def _unlabel(self, pull: PullRequest, names: Sequence[str]) -> PullRequest:
        return self._put(pull, {"remove_labels": _listed_labels(names)})

    def _merge_when_checked(self, pull: PullRequest, proposal: Proposal) -> NotMerging | None:
        again = is_unfinished(pull.body) and pull.number not in self._just_opened
        self._just_opened.discard(pull.number)
        return auto_merge(self._wire, self._name, pull.number, proposal, again=again)

    def _stop_merging(self, pull: PullRequest) -> None:
        task = f"no longer let merge request {pull.number} merge by itself"
        try:
            self._wire.send(task, "POST", f"{self._one(pull)}/cancel_merge_when_pipeline_succeeds")
        except Unprocessable as error:
            # 406: it was not going to.
            if error.status != 406:
                raise

    def _approvers(self, number: int) -> tuple[str, ...]:
        task = f"say who approved merge request {number} of {self._name}"
        answer = self._wire.get(task, f"{self._path}/merge_requests/{number}/approvals")
        return tuple(one.user.username for one in checked(Approvals, answer, self._whose).approved_by)

    def _where_it_is(self, location: str) -> str:
        """A moved project is redirected to by its number, of which GitLab tells the URL."""
        task = f"find {self._name}"
        location = location or self._wire.peek(task, self._path).headers.get("Location", "")
        found = _MOVED_TO.search(location)
        if found is None:
            return ""
        answer = self._wire.get(task, f"/projects/{found[1]}")
        return checked(Project, answer, self._whose).http_url_to_repo

    def _one(self, pull: PullRequest) -> str:
        return f"{self._path}/merge_requests/{pull.number}"

    def _shown(self, one: MergeRequest) -> PullRequest:
        self._directory.remember((*one.reviewers, *one.assignees))
        return one.shown()


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


def _listed_labels(names: Sequence[str]) -> str:
    """As GitLab takes them; it has none with a comma, and would make two of one."""
    return ",".join(name for name in names if "," not in name)
