"""A list of pull requests, each read as far as it goes: one that is odd is no reason to know nothing of the others."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from imagebot.errors import BadResponse
from imagebot.forge.answers import Answer, Moment, Number, checked
from imagebot.forge.protocol import PullRequest, Unread
from imagebot.pulls import block


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What can be told of one that cannot be read; `is_foreign` is only said of what is for sure."""

    number: int | None = None
    branch: str = ""
    base: str = ""
    body: str = ""
    is_foreign: bool = False


class Glimpsed(Answer):
    """An element of which every field may be odd."""

    @abstractmethod
    def told(self) -> Glimpse:
        """What is left of it."""


class ListedPull(Answer):
    """An element that can be read: a pull request as a forge lists it."""

    number: Number
    updated_at: Moment = None

    @abstractmethod
    def shown(self) -> PullRequest:
        """The same for every forge."""

    def landed(self) -> tuple[datetime | None, str]:
        """When it was merged and as which commit, where a list tells that."""
        return None, ""


_One = TypeVar("_One", bound=ListedPull)


@dataclass
class Reader(Generic[_One]):
    """Reads elements in one `shape`; `unread` grows by each that may be ours and cannot be read.

    `base` is our branch, `may_be` whether a branch may be one that is asked for. Of those whose branch is not told, a
    `history` takes only what holds a block of ours: nothing of what is over is opened twice.
    """

    shape: type[_One]
    glimpsed: type[Glimpsed]
    whose: str
    base: str
    may_be: Callable[[str], bool]
    history: bool = False
    unread: list[Unread] = field(default_factory=list)

    def read(self, items: Iterable[object]) -> Iterator[_One]:
        """Those that can be read, each once: pages move on while others are asked for.

        Of two that have one number and not one branch nobody can tell which has it: the later is in doubt.
        """
        seen: dict[int, object] = {}
        for item in items:
            try:
                one = checked(self.shape, item, self.whose)
            except BadResponse as error:
                self._pass_over(item, str(error))
                continue
            if one.number not in seen:
                seen[one.number] = item
                yield one
            elif self._glimpse(item).branch != self._glimpse(seen[one.number]).branch:
                self._pass_over(item, "another one has its number")

    def _pass_over(self, item: object, because: str) -> None:
        glimpse = self._glimpse(item)
        if glimpse.is_foreign or glimpse.base not in ("", self.base):
            return
        if not self.may_be(glimpse.branch) if glimpse.branch else self.history and block.read(glimpse.body) is None:
            return
        which = f"pull request {glimpse.number}" if glimpse.number else "a pull request"
        self.unread.append(Unread(glimpse.branch, f"{which} cannot be read: {because}", glimpse.number))

    def _glimpse(self, item: object) -> Glimpse:
        try:
            return checked(self.glimpsed, item, self.whose).told()
        except BadResponse:
            return Glimpse()
