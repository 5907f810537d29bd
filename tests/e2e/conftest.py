"""A stage whose pull requests live on a forge: git over http, the forge as its description has it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from imagebot.cycle.report import Action, Report
from imagebot.forge import forges
from imagebot.forge.manners import Manners
from imagebot.pulls import block
from tests.support import (
    api_descriptions,
    azure_server,
    bitbucket_dc_server,
    gitea_server,
    github_server,
    gitlab_server,
)
from tests.support.forge_server import ForgeServer, Pull
from tests.support.git_http import GitHttpServer, git_http_server
from tests.support.stage import NOON, Stage, set_up
from tests.support.stage_copies import StageCopies, stage_copies

POLICY = """\
app: shop
repository: environments
environments:
  production: {paths: ["production/"]}
images:
  - image: IMAGE
    semver: ^1
pullRequest: {labels: [image-update], reviewers: [alice, codeowners], assignees: [bob], autoMerge: [patch]}
"""
DEPLOYMENT = """\
spec:
  containers:
    - image: IMAGE:1.9.0 # ours
"""
BRANCH = "imagebot/production/shop"
KINDS = ("github", "gitlab", "gitea", "forgejo")


@dataclass
class Place:
    """A stage whose pull requests live on a forge."""

    stage: Stage
    server: ForgeServer

    def one_pass(self, now: datetime = NOON) -> Report:
        manners = Manners(timeout_s=20, between_writes_s=0.0)
        world = self.stage.world()
        known = {name: forges.connect(one, manners) for name, one in world.settings.repositories.items()}
        return self.stage.one_pass(replace(world, forge=lambda settings: known[settings.name]), now)

    @property
    def pull(self) -> Pull:
        """The only open one."""
        (found,) = [pull for pull in self.server.pulls.values() if pull.state == "open"]
        return found

    @property
    def proposed(self) -> str:
        """The tag that the body of the open one tells of."""
        found = block.read(self.pull.body or "")
        assert found is not None
        return found.proposed[0].tag

    @property
    def branch(self) -> str:
        """The tag that its branch has."""
        (tag,) = re.findall(r"IMAGE:(\S+)", self.stage.show("production/app.yaml", BRANCH))
        return str(tag)

    def assert_quiet(self, refusing: int = 0) -> Report:
        """A pass that writes nothing, and asks for one list at most; where people refused something, for one more."""
        calls, heads = len(self.server.calls), self.stage.heads()

        report = self.one_pass()

        assert (report.costs.git_pushes, report.costs.forge_writes) == (0, 0)
        assert len(self.server.calls) - calls <= 1 + refusing
        assert self.stage.heads() == heads
        return report


def actions(report: Report) -> list[Action]:
    assert [one.because for one in report.outcomes if one.action is Action.FAILED] == []
    return [outcome.action for outcome in report.outcomes]


_SERVERS: dict[str, Callable[[], AbstractContextManager[ForgeServer]]] = {
    "azure": azure_server.running,
    "bitbucket": bitbucket_dc_server.running,
    "forgejo": gitea_server.running,
    "gitea": partial(gitea_server.running, api_descriptions.GITEA),
    "github": github_server.running,
    "gitlab": gitlab_server.running,
}


def furnish(stage: Stage, server: ForgeServer, git: GitHttpServer) -> Place:
    """One app that is one version behind, on this forge; git finds its repository where the forge says."""
    served = git.folder / server.git_path
    served.parent.mkdir(parents=True)
    served.symlink_to(stage.bare)
    (stage.folder / "token").write_text(server.token)
    stage.config.write_text(
        "policies: [policies/]\nstate: state\nlog: {level: error}\n"
        f"repositories:\n  environments:\n    url: {git.url(server.git_path)}\n"
        f"    forge: {server.kind}\n    apiUrl: {server.url}\n    credentials: {{tokenFile: token}}\n"
        f"registries:\n  {stage.registry.host}: {{plainHttp: true}}\n"
    )
    stage.policy(POLICY, "shop.yaml")
    stage.publish("1.9.0", "1.9.1")
    stage.commit({"production/app.yaml": DEPLOYMENT, "CODEOWNERS": "production/.* @bob\nproduction/ @bob\n"})
    return Place(stage, server)


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with ExitStack() as stack:
        server = stack.enter_context(_SERVERS[request.param]())
        stage = set_up(tmp_path)
        server.heads = stage.heads
        stack.enter_context(stage.registry)
        yield furnish(stage, server, stack.enter_context(git_http_server(tmp_path / "git")))


@dataclass
class PlaceCopies:
    """Places that many tests begin with: see `StageCopies`. Each kind of forge has one server here."""

    stages: StageCopies
    git: GitHttpServer
    stack: ExitStack
    servers: dict[str, ForgeServer] = field(default_factory=dict)
    states: dict[str, dict[str, Any]] = field(default_factory=dict)

    def place(self, kind: str, name: str, make: Callable[[Place], object]) -> Place:
        """What `make` makes of a new place on such a forge; `name` stands for `make`."""
        if kind not in self.servers:
            self.servers[kind] = self.stack.enter_context(_SERVERS[kind]())
            self.states[kind] = self.servers[kind].state()
        server, name = self.servers[kind], f"{kind} {name}"

        def made(stage: Stage) -> None:
            server.set_state(self.states[kind])
            server.heads = stage.heads
            make(furnish(stage, server, self.git))
            self.states[name] = server.state()

        stage = self.stages.stage(name, made)
        server.set_state(self.states[name])
        return Place(stage, server)


@pytest.fixture(scope="session")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlaceCopies]:
    with ExitStack() as stack:
        stages = stack.enter_context(stage_copies(tmp_path_factory.mktemp("places")))
        yield PlaceCopies(stages, stack.enter_context(git_http_server(stages.folder / "git")), stack)


@pytest.fixture(params=KINDS)
def opened(request: pytest.FixtureRequest, copies: PlaceCopies) -> Iterator[Place]:
    """`place` after its first pass, which opened a pull request."""
    place = copies.place(request.param, "opened", open_one)
    yield place
    assert not place.server.violations, "\n".join(place.server.violations)


def open_one(place: Place) -> None:
    assert actions(place.one_pass()) == [Action.OPENED]
