"""Everything outside that a pass touches, composed by the verb that runs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from imagebot.cycle.bulkhead import Bulkhead
from imagebot.cycle.index import FieldIndex
from imagebot.cycle.said_loudly import SaidLoudly
from imagebot.cycle.side_by_side import Budgets, Lanes, SideBySide, Step
from imagebot.errors import Bug, ImagebotError, Stopped
from imagebot.forge.protocol import Forge
from imagebot.forge.source_forge import SourceForge
from imagebot.gitrepo.mirror import Mirror
from imagebot.observe.events import Event
from imagebot.registry.client import Registries
from imagebot.registry.trusted_root import TrustedRoots
from imagebot.settings.resolve import RepositorySettings, Settings, SourceForgeSettings
from imagebot.store.protocol import Store

T = TypeVar("T")


@dataclass(frozen=True)
class World:
    """What a pass is handed besides policies and `now`. `stopping` is asked between steps.

    `source` takes a name from `sources`, and the branch if it is not the one that goes with it.
    `store` opens what is remembered as it is now, once a pass; it raises `BadInput` and `WorldError`s. `as_it_lies`
    takes why it could not, and gives what can be read of it all the same, or raises that.
    `lanes` are the threads that ask, `budgets` what their questions may cost; `bugs` are those that the bulkheads of
    this pass met, `said` the troubles that were told loudly. `roots` are asked for what keyless signatures are held
    against, where settings name a repository of such. `reads_only`: nothing is kept, so nothing is carried out.
    """

    settings: Settings
    registries: Registries
    mirror: Callable[[RepositorySettings], Mirror]
    source: Callable[[str, str | None], Mirror]
    forge: Callable[[RepositorySettings], Forge]
    source_forge: Callable[[SourceForgeSettings], SourceForge]
    store: Callable[[], Store]
    as_it_lies: Callable[[ImagebotError], Store]
    index: FieldIndex
    tell: Callable[[Event], None]
    stopping: Callable[[], bool]
    lanes: Lanes = field(default_factory=Lanes)
    budgets: Budgets = field(default_factory=Budgets)
    bugs: list[Bug] = field(default_factory=list)
    said: SaidLoudly = field(default_factory=SaidLoudly)
    roots: TrustedRoots | None = None
    reads_only: bool = False

    def for_a_pass(self) -> World:
        """The same world, in which no bug was met yet."""
        return replace(self, bugs=[])

    def remembered(self) -> tuple[Store, ImagebotError | None]:
        """The store; where nothing can be kept in it, as it lies, and why. Raises what `store` raises."""
        try:
            return self.store(), None
        except ImagebotError as error:
            return self.as_it_lies(error), error

    def ask(self, task: str, question: Callable[[], T]) -> T | ImagebotError:
        """The answer of one party, or why there is none: see `Bulkhead.ask`."""
        return Bulkhead(self.tell, self.bugs).ask(task, question)

    def ask_each(self, party: str, task: str, questions: Sequence[Callable[[], T]]) -> list[T | ImagebotError]:
        """The answers of one party to all of these, in their order, a few asked at a time. Raises `Stopped`.

        Who asks from a thread of a party must name another one here: its own threads may all be waiting for this.
        """
        steps = [Step(party, task, question, self.budgets.question) for question in questions]
        return self._all_of(SideBySide(self.lanes, self.ask, self.tell, self.budgets), steps)

    def ask_quietly(self, steps: Sequence[Step[T]], party_s: float) -> list[T | ImagebotError]:
        """The answers to all of these, in their order, for which each party has so many seconds. Raises `Stopped`.

        That somebody is late is told as what came of it, and not here.
        """
        budgets = replace(self.budgets, party=party_s)
        return self._all_of(SideBySide(self.lanes, self.ask, lambda _: None, budgets), steps)

    def _all_of(self, work: SideBySide, steps: Sequence[Step[T]]) -> list[T | ImagebotError]:
        answers: dict[int, T | ImagebotError] = {}
        for number, step in enumerate(steps):
            work.start(step, partial(answers.__setitem__, number))
        while len(work):
            self.go_on()
            work.wait()
        return [answers[number] for number in range(len(steps))]

    def go_on(self) -> None:
        """Raise `Stopped` if the process was told to stop."""
        if self.stopping():
            raise Stopped("stopped between two steps; the next pass goes on")
