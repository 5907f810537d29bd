"""Answers with slips through whole passes, beside an app whose registry and repository are sound.

One environment repository holds that app and those of three slipping registries; three more lie on slipping forges.
"""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.message import Message
from pathlib import Path
from random import Random

from imagebot.bans import Bans
from imagebot.cli.compose import load, world_of
from imagebot.cycle.run import run
from imagebot.cycle.world import World
from imagebot.errors import FINE, NOT_ALL_DONE, ImagebotError
from imagebot.forge import forges as known_forges
from imagebot.forge.manners import Manners
from imagebot.forge.protocol import Forge
from imagebot.observe.events import BugMet, Event
from imagebot.registry.client import Registries
from imagebot.registry.limits import Timeouts
from imagebot.secret import Secret
from imagebot.settings.resolve import RepositorySettings, TokenCredentials
from tests.fuzz.answers.forges import Make, honest, makes
from tests.fuzz.answers.http_slips import Http, with_slips
from tests.fuzz.answers.watch import METER, Finding, Tally
from tests.support import oci_folder
from tests.support.forge_server import ForgeServer
from tests.support.raw_server import RawServer, Request
from tests.support.stage import NOON, PERSON
from tests.support.web_function import Asked, Served

FILE = "staging/kustomization.yaml"
REGISTRIES = 3
_LIVES = 5
"""Passes until a forge's pull requests and branches are taken away, and its life begins again."""


@dataclass
class Slips:
    """What one server answers in a pass. Which answers slip does not depend on the order in which threads ask."""

    honest: Callable[[Request], Http]
    name: str
    host: str = ""
    share: float = 0.0
    count: int = 0
    seen: Counter[str] = field(default_factory=Counter)

    def begin(self, case: str) -> None:
        """The slips of another pass."""
        self.name = f"{case} {self.name.rpartition(' ')[2]}"
        self.share = Random(self.name).choice((0.1, 0.3, 0.6, 1.0))
        self.seen.clear()
        self.count = 0

    def reply(self, request: Request) -> bytes:
        with METER.making():
            key = f"{request.method} {request.target}"
            self.seen[key] += 1
            dice = Random(f"{self.name} {key} {self.seen[key]}")
            answer = self.honest(request)
            if dice.random() < self.share:
                self.count += 1
                raw = with_slips(answer, dice)
            else:
                raw = answer.raw()
            return raw.replace(b"HOST", self.host.encode())


@dataclass
class Stage:
    """Where the passes take place. `forges` are those that slip, by the name of their repository."""

    folder: Path
    sound: str
    slips: list[Slips]
    forges: Mapping[str, tuple[Make, ForgeServer, Slips]]
    events: list[Event] = field(default_factory=list)
    now: datetime = NOON

    def play(self, seed: int, number: int, tally: Tally) -> None:
        """A pass in which a newer tag is due everywhere; the sound app has to be brought to it."""
        case = f"pass #passes/{seed}/{number}"
        tag = f"1.0.{number + 1}"
        for image in ("acme/api", "acme/sound"):
            oci_folder.publish(self.folder / "registry", image, tag)
        if number % _LIVES == 0:
            self._begin_anew()
        for slips in self.slips:
            slips.begin(case)
        self.events.clear()
        world = self._world()
        # No ban lasts as long.
        self.now = NOON + timedelta(hours=3 * number)
        codes: list[int] = []
        tally.watch(case, lambda: codes.append(self._pass(world)), ImagebotError)
        world.registries.close()
        for wrong in self._wrong(tag, codes):
            tally.add(Finding(wrong.partition(": ")[0], f"{case}: {wrong}"))
        tally.answers = sum(slips.count for slips in self.slips)

    def _pass(self, world: World) -> int:
        return run(world, load(self.folder / "imagebot.yaml")[1], self.now).exit_code

    def _wrong(self, tag: str, codes: list[int]) -> Iterator[str]:
        """What is wrong after a pass, the oracle of all this."""
        if codes not in ([FINE], [NOT_ALL_DONE]):
            yield f"the pass ends with another code than it should: {codes}"
        for event in self.events:
            if isinstance(event, BugMet):
                yield f"a bug, {event.because[:60]}: {event.task}\n{event.trace[-2_500:]}"
        done = git(self.folder, "environments", "show", f"imagebot/staging/sound:{FILE}")
        if f'acme/sound, newTag: "{tag}@' not in done:
            yield f"the sound app is not brought to its tag: {tag}\n{done}"

    def _begin_anew(self) -> None:
        for name, (_, server, _) in self.forges.items():
            server.pulls.clear()
            for line in git(self.folder, name, "for-each-ref", "--format=%(refname)", "refs/heads/imagebot").split():
                git(self.folder, name, "update-ref", "-d", line)

    def _world(self) -> World:
        settings = load(self.folder / "imagebot.yaml")[0]
        impatient = Registries(settings.registries, timeouts=Timeouts(connect=5.0, read=5.0, total=20.0))
        world = replace(world_of(settings), registries=impatient, tell=self.events.append)
        connected: dict[str, Forge] = {}

        def forge(repository: RepositorySettings) -> Forge:
            if repository.name not in connected:
                connected[repository.name] = self._connect(repository)
            return connected[repository.name]

        return replace(world, forge=forge)

    def _connect(self, repository: RepositorySettings) -> Forge:
        bans = Bans(lambda: self.now, self.now.timestamp)
        manners = Manners(timeout_s=5, between_writes_s=0.0, bans=bans)
        if repository.name not in self.forges:
            return known_forges.connect(repository, manners)
        make, server, slips = self.forges[repository.name]
        over_http = repository.model_copy(
            update={
                "url": "https://forge.test/acme/environments.git",
                "forge": make.name,
                "api_url": f"http://{slips.host}{server.prefix}",
                "credentials": TokenCredentials(Secret(server.token)),
            }
        )
        return make.connect(over_http, manners)


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """All of it, one version behind."""
    folder.mkdir()
    with ExitStack() as stack:
        registry = folder / "registry"
        for image in ("acme/api", "acme/sound"):
            oci_folder.publish(registry, image, "1.0.0")
        sound = stack.enter_context(Served(lambda asked: oci_folder.answer(registry, asked))).host
        slips = [Slips(_registry(registry), f"registry{number}") for number in range(REGISTRIES)]
        forges = {}
        for make in makes():
            server = make.server(make.description)
            forges[make.name] = (make, server, Slips(honest(server), make.name))
        every = [*slips, *(of_forge for _, _, of_forge in forges.values())]
        for each in every:
            each.host = stack.enter_context(RawServer({"*": each.reply})).host
        _settle(folder, sound, [each.host for each in slips], forges)
        yield Stage(folder, sound, every, forges)


def _registry(folder: Path) -> Callable[[Request], Http]:
    def answer(request: Request) -> Http:
        given = oci_folder.answer(folder, Asked(request.method, request.target, Message()))
        assert isinstance(given.body, bytes)
        headers = tuple((name.encode(), value.encode()) for name, value in given.headers)
        body = b"" if request.method == "HEAD" else given.body
        return Http(given.status, headers, body)

    return answer


def _settle(folder: Path, sound: str, slipping: list[str], forges: Mapping[str, object]) -> None:
    """The repositories, each with what runs in it, the policies and the settings."""
    lines = [("sound", f"{sound}/acme/sound")]
    lines += [(f"odd-{number}", f"{host}/acme/api") for number, host in enumerate(slipping)]
    _repository(folder, "environments", [image for _, image in lines])
    apps = [("environments", app, image) for app, image in lines]
    for name in forges:
        _repository(folder, name, [f"{sound}/acme/sound"])
        apps.append((name, f"on-{name}", f"{sound}/acme/sound"))
    (folder / "policies").mkdir()
    for repository, app, image in apps:
        text = f"app: {app}\nrepository: {repository}\nenvironments: {{staging: {{}}}}\n"
        text += f"images: [{{image: {image}, semver: ^1, pin: digest}}]\n"
        text += "pullRequest: {labels: [image-update], reviewers: [alice], assignees: [bob]}\n"
        (folder / "policies" / f"{app}.yaml").write_text(text)
    repositories = "".join(
        f"  {name}: {{url: {folder}/{name}.git, forge: local}}\n" for name in ("environments", *forges)
    )
    registries = "".join(f"  {host}: {{plainHttp: true}}\n" for host in (sound, *slipping))
    (folder / "imagebot.yaml").write_text(
        f"policies: [policies/]\nstate: state\nrepositories:\n{repositories}registries:\n{registries}"
        "limits: {openPullRequests: 1000, openedPerHour: 1000}\n"
    )


def _repository(folder: Path, name: str, images: list[str]) -> None:
    subprocess.run(["git", "init", "--quiet", "--bare", "-b", "main", str(folder / f"{name}.git")], check=True)
    text = "kind: Kustomization\nimages:\n" + "".join(f'  - {{name: {image}, newTag: "1.0.0"}}\n' for image in images)
    head = b"commit refs/heads/main\ncommitter Ada <ada@example.com> 1767225600 +0000\ndata 1\nx\n"
    data = text.encode()
    commit = head + b"M 100644 inline %s\ndata %d\n%s\n" % (FILE.encode(), len(data), data)
    git(folder, name, "fast-import", "--quiet", stdin=commit)


def git(folder: Path, name: str, *words: str, stdin: bytes = b"") -> str:
    """What git says in a repository; nothing where it fails."""
    whole = ["git", "-C", str(folder / f"{name}.git"), *words]
    done = subprocess.run(whole, input=stdin, env=os.environ | PERSON, capture_output=True, check=False)
    return done.stdout.decode() if done.returncode == 0 else ""
