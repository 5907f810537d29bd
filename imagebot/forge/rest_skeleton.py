"""What every forge with a REST API does in the same order: lists that are read element by element, through the wire."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import ClassVar, Generic, TypeVar

from imagebot.bans import Ban, Remembers
from imagebot.errors import BadResponse, NotFound, Refused
from imagebot.forge.access import OF_FORGE, Asked
from imagebot.forge.answers import checked, iso
from imagebot.forge.listing import Glimpsed, ListedPull, Reader
from imagebot.forge.protocol import MOST_MERGED, Access, Listing, Merged, PullRequest
from imagebot.forge.refusals import Unprocessable
from imagebot.forge.skeleton import Search, Skeleton
from imagebot.forge.wire import Wire
from imagebot.knownforges import FACTS
from imagebot.settings.resolve import RepositorySettings

NOT_GIVEN = (NotFound, Refused, Unprocessable)
"""A label or a reviewer refused is no reason to fail: the pull request itself is what matters."""
One = TypeVar("One", bound=ListedPull)


class RestSkeleton(Skeleton, Generic[One]):
    """`shape` is how the forge lists a pull request, `glimpsed` what can be told of one that cannot be read.

    `name` is the repository's on the forge, for paths and for the words of errors.
    """

    shape: type[One]
    glimpsed: ClassVar[type[Glimpsed]]

    def __init__(self, wire: Wire, name: str, settings: RepositorySettings) -> None:
        super().__init__(FACTS[settings.forge], settings.branch, settings.pace.writes_per_hour)
        self._wire = wire
        self._name = name
        self._kind = settings.forge

    @abstractmethod
    def _elements(self, search: Search) -> Iterable[object]:
        """Those that are looked for as the forge lists them, page by page; it may list more."""

    @abstractmethod
    def _is_at_home(self, one: One) -> bool:
        """Whether its branch is in this very repository: a fork may have one of the same name."""

    def _at_home(self, listed: Iterable[One]) -> Iterable[One]:
        return (one for one in listed if self._is_at_home(one))

    def _approvers(self, number: int) -> tuple[str, ...]:
        """Who approved one that was merged. `NotFound` and `Refused` count as nobody."""
        raise NotImplementedError

    @property
    @abstractmethod
    def _root(self) -> str:
        """The path of the repository."""

    def access(self) -> Access:
        return OF_FORGE[self._kind](Asked(self._wire, self._root, self._name))

    def begin(self, remembers: Remembers) -> None:
        self._wire.begin(remembers)

    @property
    def ban(self) -> Ban | None:
        return self._wire.ban

    @property
    def writes(self) -> int:
        return self._wire.writes

    def _list(self, search: Search) -> Listing[PullRequest]:
        reader = self._reader(search)
        return Listing((self._shown(one) for one in self._read_list(reader, search)), reader.unread)

    def _list_merged(self, prefix: str, since: datetime | None) -> Listing[Merged]:
        search = Search("merged", prefix, by_change=True, since=since)
        reader = self._reader(search)
        return Listing(islice(self._merged(reader, search), MOST_MERGED), reader.unread)

    def _merged(self, reader: Reader[One], search: Search) -> Iterator[Merged]:
        """Whatever was merged since has changed since."""
        for one in self._read_list(reader, search):
            pull, (at, commit) = self._shown(one), one.landed()
            is_ours = pull.state == "merged" and pull.base == self.base and search.may_be(pull.branch)
            if is_ours and at is not None and (search.since is None or at >= search.since):
                yield Merged(pull, iso(at), pull.closed_by, commit, self._approved_by(pull.number))

    def _read_list(self, reader: Reader[One], search: Search) -> Iterable[One]:
        return self._at_home(self._since(reader.read(self._elements(search)), search))

    def _approved_by(self, number: int) -> tuple[str, ...]:
        try:
            return self._approvers(number)
        except (NotFound, Refused):
            return ()

    def _since(self, listed: Iterable[One], search: Search) -> Iterator[One]:
        """As far back as is looked for, in a list by last change, newest first."""
        for one in listed:
            if search.since is not None and one.updated_at is not None and one.updated_at < search.since:
                return
            yield one

    def _reader(self, search: Search) -> Reader[One]:
        return Reader(self.shape, self.glimpsed, self._whose, self.base, search.may_be, search.by_change)

    @property
    def _whose(self) -> str:
        """What begins the words of an error about an answer."""
        return f"{self.facts.name}'s answer about {self._name}"

    def _shown(self, one: One) -> PullRequest:
        return one.shown()

    def _pull(self, answer: object, task: str = "", number: int = 0) -> PullRequest:
        """The one in an answer, as `_checked` reads it."""
        return self._shown(self._checked(answer, task, number))

    def _checked(self, answer: object, task: str = "", number: int = 0) -> One:
        """The one in an answer, which must be this one where it was asked for by its number. Raises `BadResponse`."""
        one = checked(self.shape, answer, self._whose)
        if number not in (0, one.number):
            raise BadResponse(f"{self.facts.name} answered with {self.facts.noun} {one.number} when asked to {task}")
        return one
