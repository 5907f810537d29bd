"""A bot as a process of its own, which can be killed for good. Before each operation it asks how that will end.

The seams are the code's own: what a forge's client sends each request by, the mirror, the store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from threading import RLock
from traceback import format_exc
from typing import Any, cast

from imagebot.bans import Bans
from imagebot.cli.compose import load, world_of
from imagebot.cycle.report import Report
from imagebot.cycle.run import run
from imagebot.cycle.world import World
from imagebot.errors import ImagebotError, Unavailable
from imagebot.forge import azure, bitbucket, gitea, github, gitlab
from imagebot.forge.manners import Manners
from imagebot.forge.protocol import Forge
from imagebot.gitrepo.mirror import NETWORK_SECONDS, Heads, Mirror
from imagebot.gitrepo.push import Pushed, PushUpdate, Rejected
from imagebot.gitrepo.remote import Remote
from imagebot.secret import Secret
from imagebot.settings.resolve import ForgeKind, RepositorySettings, Settings, TokenCredentials
from imagebot.store.protocol import Store
from tests.faults.line import Moment, Operation, Told
from tests.support.stage import NOON

Ask = Callable[[Operation], AbstractContextManager[str]]
"""Tells how an operation will end; it is to be done within: one after another, however many threads a pass has."""


# Not by `forge.forges`, which imports what it needs: these are there before a bot is forked.
CONNECT: dict[ForgeKind, Callable[[RepositorySettings, Manners], Forge]] = {
    "azure": azure.connect,
    "bitbucket": bitbucket.connect,
    "gitea": gitea.connect,
    "github": github.connect,
    "gitlab": gitlab.connect,
}


@dataclass(frozen=True)
class Place:
    """Where a bot works: the folder with its settings, its state, and the forge with what is needed to be let in."""

    folder: Path
    state: Path
    forge: ForgeKind
    url: str
    api_url: str
    token: str
    timeout_s: int


@dataclass
class Clocks:
    """Both clocks of a bot, as they stand in the pass that it is at."""

    moment: Moment = field(default_factory=lambda: Moment(NOON, 0.0))

    def bans(self) -> Bans:
        """What the bot is told by a forge, counted by these clocks."""
        return Bans(lambda: self.moment.now, lambda: self.moment.seconds)


def main(connection: Connection, place: Place) -> None:
    """One pass for each moment that is sent; what is sent back ends with a `Told`, or a traceback: that is a bug."""
    turn = RLock()

    @contextmanager
    def ask(operation: Operation) -> Iterator[str]:
        queued = not turn.acquire(blocking=False)
        if queued:
            turn.acquire()
        try:
            connection.send(replace(operation, queued=queued))
            yield str(connection.recv())
        finally:
            turn.release()

    clocks = Clocks()
    world = world_at(place, ask, clocks)
    while True:
        try:
            moment = clocks.moment = connection.recv()
        except EOFError:
            return
        try:
            connection.send(told(run(world, load(place.folder / "imagebot.yaml")[1], moment.now)))
        except ImagebotError as error:
            connection.send(Told((f"gives up: {error}",), done=False))
        except Exception:  # noqa: BLE001  whoever plays the schedule shows it
            connection.send(format_exc())


def world_at(place: Place, ask: Ask, clocks: Clocks) -> World:
    """The world as the verbs compose it, with a seam wherever it is touched."""
    settings = _settings(place)
    world = world_of(settings)
    repository = RepositorySettings(
        name="environments",
        url=place.url,
        forge=place.forge,
        api_url=place.api_url,
        credentials=TokenCredentials(Secret(place.token)),
    )
    forge = CONNECT[place.forge](repository, Manners(place.timeout_s, 0.0, bans=clocks.bans()))
    _seam(forge, ask)

    def mirror(one: RepositorySettings) -> Mirror:
        return _Mirror(settings.state / "mirrors" / f"{one.name}.git", Remote(one.url, one.branch), ask)

    def store() -> Store:
        return cast("Store", _Store(world.store(), ask))

    return replace(world, mirror=mirror, store=store, forge=lambda _: forge, tell=lambda _: None)


def _settings(place: Place) -> Settings:
    """As the file says, but for git, which is local, words are for the forge that there is."""
    settings = load(place.folder / "imagebot.yaml")[0]
    there = {name: one.model_copy(update={"forge": place.forge}) for name, one in settings.repositories.items()}
    return settings.model_copy(update={"state": place.state, "repositories": there})


def told(report: Report) -> Told:
    """What is worth knowing of a report when it comes to explaining what went wrong."""
    return Told(tuple(_lines(report)), report.costs.git_pushes, report.costs.forge_writes)


def _lines(report: Report) -> Iterator[str]:
    for decision in report.decisions:
        for line in decision.watches:
            yield f"{decision.policy.app} {type(line.verdict).__name__}: {line.verdict.because}"
    for outcome in report.outcomes:
        yield f"{outcome.name} {outcome.action.value}: {outcome.because}"


def _seam(forge: Any, ask: Ask) -> None:
    """Each request is asked about right before it is sent, below all that may keep it back."""
    wire = forge._wire  # noqa: SLF001  nothing that is not private is passed by each request, and just once
    send = wire._ask  # noqa: SLF001

    def asked(*words: Any) -> Any:
        with ask(Operation("request")):
            return send(*words)

    wire._ask = asked  # noqa: SLF001


class _Mirror(Mirror):
    def __init__(self, folder: Path, remote: Remote, ask: Ask) -> None:
        super().__init__(folder, remote, NETWORK_SECONDS)
        self._ask = ask

    def fetch(self, prefix: str | None) -> Heads:
        with self._ask(Operation("fetch")) as trouble:
            if trouble:
                raise Unavailable("the remote end hung up unexpectedly")
            return super().fetch(prefix)

    def push(self, updates: Sequence[PushUpdate]) -> dict[str, Pushed | Rejected]:
        if not updates:
            return super().push(updates)
        moved = tuple(update.branch for update in updates if update.new is not None)
        with self._ask(Operation("push", tuple(update.branch for update in updates), moved)):
            return super().push(updates)


class _Store:
    def __init__(self, store: Store, ask: Ask) -> None:
        self._store = store
        self._ask = ask

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def save(self) -> None:
        with self._ask(Operation("save")) as trouble:
            if trouble:
                raise Unavailable("there is no space left for what must be remembered")
            self._store.save()
