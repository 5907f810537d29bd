"""A stage with one app that is one version behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from imagebot.cycle.report import Action, Report
from imagebot.selection.verdict import Verdict
from tests.support.stage import NOON, Stage, set_up
from tests.support.stage_copies import Fault, StageCopies, stage_copies
from tests.support.web_function import Answer

POLICY = """\
app: podinfo
repository: environments
environments:
  staging: {paths: ["staging/"]}
images:
  - image: IMAGE
    semver: ^6.5
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
spec:
  template:
    spec:
      containers:
        - name: app   # the app
          image:   "IMAGE:6.5.3"
"""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """One app in one environment; the registry has a newer tag than what is deployed."""
    stage = set_up(tmp_path)
    furnish(stage)
    with stage.registry:
        yield stage


@pytest.fixture(scope="session")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StageCopies]:
    with stage_copies(tmp_path_factory.mktemp("stages")) as copies:
        yield copies


@pytest.fixture
def opened(copies: StageCopies) -> Stage:
    """`stage` after its first pass, which opened a pull request for 6.5.4."""
    return copies.stage("opened", open_one)


def furnish(stage: Stage) -> None:
    stage.publish("6.5.0", "6.5.3", "6.5.4", "7.0.0", "latest")
    stage.policy(POLICY)
    stage.commit({"staging/app.yaml": DEPLOYMENT, "README.md": "hello\n"})


def open_one(stage: Stage) -> None:
    furnish(stage)
    stage.one_pass()


def actions(report: Report) -> list[Action]:
    """What became of each branch."""
    return [outcome.action for outcome in report.outcomes]


def verdict(report: Report) -> Verdict:
    """What was decided about the first image of the first policy."""
    return report.decisions[0].watches[0].verdict


def assert_quiet(stage: Stage) -> Report:
    """A pass that changes nothing, anywhere."""
    heads, pulls = stage.heads(), stage.pulls()

    report = stage.one_pass()

    assert (report.costs.git_pushes, report.costs.forge_writes) == (0, 0)
    assert (stage.heads(), stage.pulls()) == (heads, pulls)
    return report


GONE = Answer(404, (("Content-Type", "application/json"),), b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}')


@dataclass
class World:
    """A stage whose registry has faults that come and go."""

    stage: Stage
    faults: list[Fault] = field(default_factory=list)

    def asked(self) -> list[str]:
        """The manifests that were asked for so far."""
        return [str(asked) for asked in self.stage.registry.asked if "/manifests/" in asked.path]

    def passes(self, days: float = 0) -> Report:
        return self.stage.one_pass(now=NOON + days * timedelta(days=1))


@pytest.fixture
def world(copies: StageCopies) -> World:
    """6.5.3 runs and a pull request proposes 6.5.4."""
    return World(copies.stage("opened without latest", without_latest), copies.faults)


def without_latest(stage: Stage) -> None:
    stage.publish("6.5.0", "6.5.3", "6.5.4", "7.0.0")
    stage.policy(POLICY)
    stage.commit({"staging/app.yaml": DEPLOYMENT})
    stage.one_pass()
    assert [pull.title.rpartition(" ")[2] for pull in stage.pulls()] == ["6.5.4"]
