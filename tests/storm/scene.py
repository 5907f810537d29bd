"""Environment repositories with hundreds of apps, each behind by one version, and passes every five minutes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import ceil
from pathlib import Path

from imagebot.cli.compose import world_of
from imagebot.cycle.pass_store import PassStore
from imagebot.cycle.report import Action, Report
from imagebot.cycle.run import run
from imagebot.cycle.world import World
from imagebot.forge import github
from imagebot.forge.manners import Manners
from imagebot.forge.protocol import Forge
from imagebot.knownforges import GITHUBS_WRITES_PER_HOUR
from imagebot.policy.model import Policy
from imagebot.policy.read import PolicySet, read_policies
from imagebot.secret import Secret
from imagebot.settings.resolve import Limits, Pace, RegistrySettings, RepositorySettings, Settings, TokenCredentials
from tests.storm.github import StormGitHub
from tests.storm.limits import Account, Clock, SimulatedPace
from tests.support import oci_folder
from tests.support.forge_server import served
from tests.support.git_repos import BareRepository, Content, a_repository

MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
FIVE_MINUTES = timedelta(minutes=5)

# What an app runs, its order, and so how far its update goes; in the order in which they should come.
KINDS: Mapping[str, tuple[str, str]] = {
    "security": ("1.1.0", "'>=1'"),
    "patch": ("1.0.0", "~1.0"),
    "minor": ("1.0.1", "^1"),
    "major": ("1.1.0", "'>=1'"),
}
_API = "https://github.test/api/v3"
_TAGS = ("1.0.0", "1.0.1", "1.1.0", "2.0.0")
_POLICY = """\
app: app
repository: REPOSITORY
environments: {staging: {}}
images: [{image: HOST/acme/app, semver: ORDER}]
pullRequest:
  labels: [LABELS]
"""

ASKED_AT_ONCE = 50
"""So many pull requests does the bot ask for in one request."""


@dataclass
class Pass:
    """What one pass did, and what it asked of GitHub. `opened` are the apps whose pull requests it opened."""

    at: datetime
    report: Report
    opened: tuple[str, ...]
    requests: int
    writes: int
    listings: int

    def count(self, task: Action) -> int:
        return sum(1 for outcome in self.report.outcomes if outcome.action is task)


@dataclass
class Scene:
    """`servers` are by the names of their `repositories`; `kinds` tells of each app how far its update goes."""

    folder: Path
    world: World
    policies: PolicySet
    kinds: Mapping[str, str]
    servers: Mapping[str, StormGitHub]
    repositories: Mapping[str, BareRepository]
    account: Account
    every: timedelta
    passes: list[Pass] = field(default_factory=list)

    @property
    def opened(self) -> list[tuple[datetime, str]]:
        """When each pull request was opened, and for which app: the first one first."""
        pulls = [
            (server.created[number], pull.head)
            for server in self.servers.values()
            for number, pull in server.pulls.items()
        ]
        return [(at, head.rpartition("/")[2]) for at, head in sorted(pulls)]

    @property
    def pages(self) -> int:
        """How many requests it takes to list what is open in each repository, once."""
        counts = [sum(1 for pull in server.pulls.values() if pull.state == "open") for server in self.servers.values()]
        return sum(
            max(1, ceil(count / min(server.page, ASKED_AT_ONCE)))
            for count, server in zip(counts, self.servers.values(), strict=True)
        )

    @property
    def spread(self) -> timedelta:
        """From the first pull request to the last."""
        return self.opened[-1][0] - self.opened[0][0]

    def most_in_an_hour(self) -> int:
        """The most pull requests that were opened in an hour, each at the time of its pass: the bot knows no other."""
        return max(
            sum(len(later.opened) for later in self.passes if first.at <= later.at < first.at + HOUR)
            for first in self.passes
        )

    def in_order(self) -> bool:
        """Whether no update was opened in a later pass than one that goes further."""
        kinds = [[list(KINDS).index(self.kinds[app]) for app in each.opened] for each in self.passes if each.opened]
        return all(max(earlier) <= min(later) for earlier, later in pairwise(kinds))

    def until_all_are_open(self, within: timedelta) -> None:
        """Passes until every app has its pull request; an error if that takes too long."""
        while len(self.opened) < len(self.kinds):
            assert self.account.clock.now - MIDNIGHT < within, f"{len(self.opened)} are open, {self.passes[-1]}"
            self.one_pass()

    def close(self, number: int) -> None:
        """People close that many pull requests in each repository, the newest first."""
        for server in self.servers.values():
            for pull in sorted(server.pulls.values(), key=lambda pull: -pull.number)[:number]:
                server.close(pull, "ada")

    def publish(self, *tags: str) -> None:
        """Newer versions of what all apps run."""
        for tag in tags:
            oci_folder.publish(self.folder / "registry", "acme/app", tag)

    def spend_all_but(self, left: int) -> None:
        """Let the bot have written so much in this hour that its own limit leaves only that much."""
        account = f"github {_API}"
        memory = PassStore(self.world.store(), self.account.clock.now)
        limit = self.world.forge(next(iter(self.world.settings.repositories.values()))).hourly_writes
        assert limit is not None, "GitHub has one"
        spent = limit - left - len(memory.counted("writes", account))
        for _ in range(spent):
            self.account.clock.seconds += Pace().apart_s
            self.account.count(writes=True)
        memory = PassStore(self.world.store(), self.account.clock.now)
        memory.count("writes", account, [self.account.clock.now] * spent)
        memory.save()

    def one_pass(self) -> Pass:
        """One pass, and then the time until the next one; a pass that takes longer is followed at once."""
        account, started, already = self.account, self.account.clock.seconds, len(self.opened)
        before = (account.requests, account.writes, self._listings())
        at = account.clock.now
        report = run(self.world, self.policies, at)
        now = (account.requests, account.writes, self._listings())
        opened = tuple(app for _, app in self.opened[already:])
        self.passes.append(Pass(at, report, opened, *(after - count for after, count in zip(now, before, strict=True))))
        account.clock.not_before(started + self.every.total_seconds())
        return self.passes[-1]

    def _listings(self) -> int:
        return sum(server.listings for server in self.servers.values())


@contextmanager
def storm(
    folder: Path,
    apps: Mapping[str, Mapping[str, int]],
    limits: Limits,
    laden: bool = False,
    every: timedelta = FIVE_MINUTES,
) -> Iterator[Scene]:
    """Of each repository in `apps`, how many apps there are of each kind.

    A pull request that is `laden` with labels, reviewers and assignees takes five requests that change something, a
    bare one takes one.
    """
    clock = Clock(MIDNIGHT)
    account = Account(clock)
    with ExitStack() as stack:
        registry = stack.enter_context(oci_folder.serve(folder / "registry"))
        for tag in _TAGS:
            oci_folder.publish(folder / "registry", "acme/app", tag)
        servers = {name: stack.enter_context(served(StormGitHub(f"acme/{name}", account))) for name in apps}
        kinds: dict[str, str] = {}
        policies: list[Policy] = []
        repositories: dict[str, BareRepository] = {}
        for name, counts in apps.items():
            files: dict[str, Content] = {}
            for kind, count in counts.items():
                template = _policy(registry.host, name, kind, laden)
                for number in range(count):
                    app = f"{name}-{number:04}-{kind}"
                    kinds[app] = kind
                    policies.append(replace(template, app=app, paths=(f"apps/{app}/",)))
                    files[f"apps/{app}/pod.yaml"] = _pod(f"{registry.host}/acme/app:{KINDS[kind][0]}")
            repositories[name] = a_repository(folder / f"{name}.git", files)
        settings = Settings(
            policies=(),
            repositories={
                name: RepositorySettings(name=name, url=str(folder / f"{name}.git"), forge="github", api_url=_API)
                for name in apps
            },
            registries={registry.host: RegistrySettings(plain_http=True)},
            state=folder / "state",
            limits=limits,
        )
        manners = Manners(timeout_s=30, between_writes_s=0.0, lanes=SimulatedPace(clock))
        forges = {name: _forge(name, server, manners) for name, server in servers.items()}
        world = replace(world_of(settings), forge=lambda repository: forges[repository.name], tell=lambda _: None)
        yield Scene(folder, world, PolicySet(tuple(policies)), kinds, servers, repositories, account, every)


def _policy(host: str, repository: str, kind: str, laden: bool) -> Policy:
    labels = [*(["image-update"] if laden else []), *(["security"] if kind == "security" else [])]
    text = _POLICY.replace("HOST", host).replace("REPOSITORY", repository).replace("ORDER", KINDS[kind][1])
    text = text.replace("LABELS", ", ".join(labels)) + ("  reviewers: [alice]\n  assignees: [bob]\n" if laden else "")
    found = read_policies({f"{kind}.yaml": text.encode()}, {repository}, {})
    assert not found.problems, found.problems
    return found.policies[0]


def _pod(image: str) -> str:
    return f"apiVersion: v1\nkind: Pod\nmetadata: {{name: app}}\nspec:\n  containers:\n    - image: {image}\n"


def _forge(name: str, server: StormGitHub, manners: Manners) -> Forge:
    settings = RepositorySettings(
        name=name,
        url=f"{server.url.removesuffix(server.prefix)}/{server.repository}.git",
        forge="github",
        api_url=server.url,
        credentials=TokenCredentials(Secret(server.token)),
        pace=Pace(writes_per_hour=GITHUBS_WRITES_PER_HOUR),
    )
    return github.connect(settings, manners)
