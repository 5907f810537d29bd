"""What is the same on Bitbucket Cloud and Data Center.

Either shows HTML comments, so that our marks are link definitions; has neither labels nor boxes that tick, so that
people ask by comments; and loses what a change leaves out, so that each is made of what is there now.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from imagebot.bans import Remembers
from imagebot.errors import BadInput, BadResponse, NotFound, Refused
from imagebot.forge import commented
from imagebot.forge.bitbucket_answers import Pull
from imagebot.forge.listing import Reader
from imagebot.forge.proposed import TEAM, without
from imagebot.forge.protocol import Proposal, PullRequest, Written
from imagebot.forge.rest_skeleton import NOT_GIVEN, RestSkeleton
from imagebot.forge.skeleton import Search
from imagebot.forge.wire import Wire
from imagebot.pulls.commands import Command
from imagebot.settings.resolve import RepositorySettings

_One = TypeVar("_One", bound=Pull)
_NOT_READ = (NotFound, Refused, BadResponse)


class Bitbucket(RestSkeleton[_One]):
    """The pull requests of one repository into one base branch. `pulls` is the path of all of them."""

    def __init__(self, wire: Wire, name: str, settings: RepositorySettings, pulls: str) -> None:
        super().__init__(wire, name, settings)
        self._pulls = pulls
        self._wishes: dict[int, tuple[int, tuple[str, ...]]] = {}
        self._writers: dict[str, bool | None] = {}

    def begin(self, remembers: Remembers) -> None:
        self._writers = {}
        super().begin(remembers)

    @property
    def _root(self) -> str:
        return self._pulls.rpartition("/")[0]

    @abstractmethod
    def _said(self, number: int) -> Iterable[commented.PullComment]:
        """What was said on one."""

    @abstractmethod
    def _say(self, task: str, path: str, comment: str) -> None:
        """Say something on the one at this path."""

    @abstractmethod
    def _decline(self, task: str, now: _One) -> object:
        """Close it. Answers what it is then."""

    @abstractmethod
    def _with(self, now: _One, people: Sequence[str]) -> Mapping[str, object]:
        """What a change says that asks these people for a review, besides those who are asked. Raises `BadInput`."""

    @abstractmethod
    def _may_write(self, person: str) -> bool:
        """Whether somebody may write to the repository. Raises what the forge answers to whoever may not ask that."""

    @abstractmethod
    def _opening(self, proposal: Proposal) -> Mapping[str, object]:
        """What opens one."""

    def _one(self, number: int) -> str:
        return f"{self._pulls}/{number}"

    def _now(self, number: int) -> _One:
        """One as it is now, which a change is made of."""
        return self._checked(self._wire.get(f"show pull request {number} of {self._name}", self._one(number)))

    def _read_list(self, reader: Reader[_One], search: Search) -> Iterable[_One]:
        """What was said on one is read only where it may be ours: people have pull requests as well."""
        for one in super()._read_list(reader, search):
            listed = one.shown()
            if listed.base == self.base and search.may_be(listed.branch):
                yield one

    def _shown(self, one: _One) -> PullRequest:
        """With what people ask for by comments as labels, read only where there are more than last time."""
        shown = one.shown()
        if one.stands == "merged" or not one.told:
            return shown
        known = self._wishes.get(one.number)
        if known is None or known[0] != one.told:
            try:
                heard = commented.labels(self._said(one.number), one.us, self._listens(shown.reviewers))
            except _NOT_READ:
                # Somebody may have held it: that one is left alone, and no other.
                return replace(shown, labels=(Command.HOLD.label,))
            known = self._wishes[one.number] = (one.told, heard)
        return replace(shown, labels=known[1])

    def _listens(self, reviewers: Sequence[str]) -> Callable[[str], bool]:
        """Whom we listen to: those who may write, and those who review it where it is not told who may."""

        def may(person: str) -> bool:
            if person not in self._writers:
                self._writers[person] = self._told_to_write(person)
            told = self._writers[person]
            return self._is_among(person, reviewers) if told is None else told

        return may

    def _told_to_write(self, person: str) -> bool | None:
        """Whether somebody may write, None where that is not told: the same is not asked again in this pass."""
        try:
            return self._may_write(person)
        except _NOT_READ:
            return None

    def _is_among(self, person: str, reviewers: Sequence[str]) -> bool:
        return person in reviewers

    def _open(self, proposal: Proposal) -> Written:
        task = f"open a pull request for {proposal.branch} on {self._name}"
        return Written(self._pull(self._wire.send(task, "POST", self._pulls, self._opening(proposal))))

    def _show(self, pull: PullRequest) -> PullRequest:
        return self._shown(self._now(pull.number))

    def _change(
        self, pull: PullRequest, *, title: str | None = None, body: str | None = None, close: bool = False
    ) -> PullRequest:
        """One that is closed takes no more changes."""
        now = self._now(pull.number)
        changes = {key: text for key, text in (("title", title), ("description", body)) if text is not None}
        if now.stands == "open" and changes:
            now = self._put(now, changes)
        if now.stands == "open" and close:
            task = f"close pull request {pull.number} of {self._name}"
            now = self._checked(self._decline(task, now), task, now.number)
        return self._shown(now)

    def _put(self, now: _One, changes: Mapping[str, object]) -> _One:
        task = f"change pull request {now.number} of {self._name}"
        answer = self._wire.send(task, "PUT", self._one(now.number), {**now.kept(), **changes})
        return self._checked(answer, task, now.number)

    def _comments(self, pull: PullRequest) -> Iterable[str]:
        return (one.text for one in self._said(pull.number))

    def _comment(self, pull: PullRequest, comment: str) -> None:
        self._say(f"comment on pull request {pull.number} of {self._name}", self._one(pull.number), comment)

    def _unlabel(self, pull: PullRequest, names: Sequence[str]) -> PullRequest:
        """What people asked for by comments is answered by one."""
        answer = commented.done(list(self._said(pull.number)), names)
        self._comment(pull, self._written(answer))
        return replace(pull, labels=without(pull.labels, names))

    def _ask_for_review(self, pull: PullRequest, names: Sequence[str]) -> list[str]:
        teams = [f"Bitbucket asks no {name} for a review: name people" for name in names if name.startswith(TEAM)]
        people = [name for name in names if not name.startswith(TEAM)]
        return teams + (self._ask_people(pull, people) if people else [])

    def _ask_people(self, pull: PullRequest, people: Sequence[str]) -> list[str]:
        """All of them, then one by one: Bitbucket refuses all if it refuses one."""
        now = self._now(pull.number)
        try:
            self._put(now, self._with(now, people))
        except (*NOT_GIVEN, BadInput) as error:
            if len(people) == 1:
                return [f"{people[0]} cannot be asked to review pull request {pull.number}: {error}"]
            return [warning for one in people for warning in self._ask_people(pull, [one])]
        return []

    def _set_draft(self, pull: PullRequest, *, wanted: bool) -> Sequence[str]:
        done = self._put(self._now(pull.number), {"draft": wanted})
        return () if done.draft is wanted else (f"pull request {pull.number} is no draft: this Bitbucket has none",)

    def _approvers(self, number: int) -> tuple[str, ...]:
        return self._now(number).approvers()
