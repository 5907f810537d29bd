"""The world of one schedule: git, a registry, a forge over HTTP, bots in processes of their own, and the log of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from random import Random

from tests.faults import bot, troubles
from tests.faults.forges import SERVERS
from tests.faults.line import BANS, KILLED, KILLED_AFTER, TROUBLES, Moment, Operation, Step, Told, in_turns
from tests.faults.people import APPS, GROUP, People
from tests.faults.schedule import At, ForgeName, Round, Schedule
from tests.support.forge_server import ForgeServer, served
from tests.support.forked import FORKS
from tests.support.gitea_server import GiteaServer
from tests.support.stage import NOON
from tests.support.web_function import Served

POLICY = """\
app: APP
repository: environments
environments: {staging: {paths: ["staging/"]}}
images: [{image: HOST/acme/APP, semver: ^1}]
pullRequest: {labels: [image-update], reviewers: [alice]GROUP}
"""
SETTINGS = """\
policies: [policies/]
state: state
repositories: {environments: {url: FOLDER/environments.git, forge: local}}
registries: {HOST: {plainHttp: true}}
log: {level: error}
"""
_IMPATIENT_S, _PATIENT_S = 1, 30


@dataclass
class Bot:
    """A running bot; one that was killed is started anew, on the state that it left."""

    process: ForkServerProcess
    connection: Connection

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.process.close()
        self.connection.close()


@dataclass
class Scene:
    """Everything there is, and the log of what was done to it. `excused` is what two bots said at the same moment: no
    forge takes a comment on condition that nobody was faster. `bans` tells until when which bot was told to wait, and
    `impatient` who asked all the same.
    """

    people: People
    forge: ForgeName
    dice: Random
    log: list[Step | str] = field(default_factory=list)
    bots: dict[str, Bot] = field(default_factory=dict)
    patience_s: int = _IMPATIENT_S
    minutes: int = 0
    excused: set[tuple[int, str]] = field(default_factory=set)
    bans: dict[str, float] = field(default_factory=dict)
    impatient: list[str] = field(default_factory=list)
    late: dict[str, str] = field(default_factory=dict)

    @property
    def server(self) -> ForgeServer:
        return self.people.server

    @property
    def takes_twins(self) -> bool:
        """Whether the forge may open two for one branch."""
        return isinstance(self.server, GiteaServer) and not self.server.checks_first

    @property
    def writes(self) -> int:
        """What was written to the forge, and pushed, as far as the log goes."""
        return self.pushes + len(self.server.writes)

    @property
    def pushes(self) -> int:
        """How often the bots pushed, or tried to."""
        return sum(isinstance(step, Step) and step.operation.kind == "push" for step in self.log)

    def play(self, each: Round) -> dict[str, Told | None]:
        """People's actions and then the passes: what each of them told, None for one that was killed."""
        self.minutes += 5
        self.people.may_be_twins = False
        self.log += [self.people.do(task) for task in each.actions]
        for name in each.forgetful:
            self._forget(name)
        self.people.outage = each.outage
        self.people.may_be_twins = self.takes_twins and len(each.bots) > 1
        told: dict[str, Told | None] = dict.fromkeys(each.bots)
        in_turns({name: self._pass(name, each, told) for name in each.bots}, self.dice, each.switch)
        return told

    def calm(self) -> None:
        """From now on nothing goes wrong: all bots are started anew, and wait as long as it takes. No ban is left."""
        self.log.append("nothing goes wrong any more")
        self.minutes += max(BANS.values()) // 60
        self.patience_s = _PATIENT_S
        self.close()

    def close(self) -> None:
        for name in list(self.bots):
            self.bots.pop(name).end()

    def _forget(self, name: str) -> None:
        """The bot comes back on an empty disk."""
        if name in self.bots:
            self._kill(name)
        shutil.rmtree(self.people.folder / name, ignore_errors=True)

    def _kill(self, name: str) -> None:
        """What it had not saved is gone; that may be what it was told."""
        self.bots.pop(name).end()
        self.bans.pop(name, None)

    def _pass(self, name: str, each: Round, told: dict[str, Told | None]) -> Iterator[None]:
        """Stops before each operation."""
        if name not in self.bots:
            self.bots[name] = self._started(name)
        connection = self.bots[name].connection
        now = NOON + timedelta(minutes=self.minutes + each.clock)
        connection.send(Moment(now, 60.0 * self.minutes))
        met: list[Operation] = []
        trouble = ""
        self.late.pop(name, None)
        while isinstance(message := connection.recv(), Operation):
            troubles.unhook(self.people.bare)
            yield
            met.append(message)
            if trouble == KILLED_AFTER or (trouble := self._met(name, met, each)) == KILLED:
                self.log.append(f"{name} is gone")
                self._kill(name)
                return
            connection.send("" if trouble == KILLED_AFTER else trouble)
        troubles.unhook(self.people.bare)
        assert isinstance(message, Told), message
        self.log += [f"{name}: {line}" for line in message.lines]
        told[name] = message

    def _met(self, name: str, met: Sequence[Operation], each: Round) -> str:
        """Let happen what happens right before the last operation; what trouble it meets, empty for none."""
        operation, number = met[-1], len(met)
        is_first = [one.kind for one in met].count(operation.kind) == 1
        places: tuple[At, ...] = (number, operation.kind) if is_first else (number,)
        for place in places:
            if task := each.meanwhile.get((name, place)):
                self.log.append(f"  meanwhile {self.people.do(task)}")
        trouble = next(filter(None, (each.trouble(name, place, operation.kind) for place in places)), "")
        trouble = trouble or self._late(name, each.troubles.get((name, number), 0), operation)
        self.log.append(Step(name, number, operation, trouble, len(self.server.calls)))
        if operation.kind == "request":
            self._asked(name, number, trouble, queued=operation.queued)
        if trouble == "raced":
            self.people.race(operation.branches[0])
        self.server.faults = troubles.faults(self.server, trouble)
        troubles.hook(self.people.bare, trouble, operation)
        return trouble

    def _late(self, name: str, due: int | str, operation: Operation) -> str:
        """A trouble whose operation came sooner or later this time, as threads fall, strikes the next of its kind."""
        late = due if isinstance(due, str) else self.late.get(name, "")
        if late in TROUBLES[operation.kind]:
            self.late.pop(name, None)
            return late
        self.late[name] = late
        return ""

    def _asked(self, name: str, number: int, trouble: str, *, queued: bool) -> None:
        """A bot that was told to wait sends nothing more; what it is told now holds from now on."""
        seconds = 60.0 * self.minutes
        if seconds < self.bans.get(name, 0.0) and not queued:
            self.impatient.append(f"{name} was told to wait, and asks all the same: operation {number}")
        if trouble in BANS:
            self.bans[name] = seconds + BANS[trouble]

    def _started(self, name: str) -> Bot:
        ours, theirs = FORKS.Pipe()
        process = FORKS.Process(target=bot.main, args=(theirs, self._place(name)), daemon=True)
        process.start()
        theirs.close()
        return Bot(process, ours)

    def _place(self, name: str) -> bot.Place:
        host = self.server.url.removesuffix(self.server.prefix)
        return bot.Place(
            folder=self.people.folder,
            state=self.people.folder / name,
            forge=self.server.kind,
            url=f"{host}/{self.server.git_path}",
            api_url=self.server.url,
            token=self.server.token,
            timeout_s=self.patience_s,
        )


@contextmanager
def staged(folder: Path, forge: ForgeName, dice: Random, schedule: Schedule | None = None) -> Iterator[Scene]:
    """A scene in which two apps are one version behind; in a schedule of a group they share one pull request."""
    grouped, twins = (schedule.grouped, schedule.twins) if schedule else (False, False)
    with ExitStack() as stack:
        folder.mkdir(exist_ok=True)
        server = stack.enter_context(served(SERVERS[forge](folder / "environments.git")))
        if isinstance(server, GiteaServer):
            server.checks_first = not twins
        people = People(folder, server, grouped=grouped)
        people.host = stack.enter_context(Served(people.registry)).host
        people.settle_in()
        (folder / "policies").mkdir()
        for app in APPS:
            group = f", group: {{name: {GROUP}}}" if grouped else ""
            text = POLICY.replace("APP", app).replace("HOST", people.host).replace("GROUP", group)
            (folder / "policies" / f"{app}.yaml").write_text(text)
        text = SETTINGS.replace("HOST", people.host).replace("FOLDER", str(folder))
        (folder / "imagebot.yaml").write_text(text)
        scene = Scene(people, forge, dice)
        stack.callback(scene.close)
        yield scene
