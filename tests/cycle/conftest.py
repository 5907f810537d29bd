"""A stage with one app that is one version behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from imagebot.cycle.report import Action, Report
from imagebot.selection.verdict import Verdict
from tests.support import oci_folder
from tests.support.git_repos import a_repository
from tests.support.stage import NOON, Stage, set_up
from tests.support.web_function import Answer, Asked, Raw, Served

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
    stage.publish("6.5.0", "6.5.3", "6.5.4", "7.0.0", "latest")
    stage.policy(POLICY)
    stage.commit({"staging/app.yaml": DEPLOYMENT, "README.md": "hello\n"})
    with stage.registry:
        yield stage


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


Fault = Callable[[Asked], Answer | None]
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
def world(tmp_path: Path) -> Iterator[World]:
    """6.5.3 runs and a pull request proposes 6.5.4."""
    faults: list[Fault] = []

    def function(asked: Asked) -> Answer | Raw:
        return next((answer for fault in faults if (answer := fault(asked))), None) or oci_folder.answer(
            tmp_path / "registry", asked
        )

    with Served(function) as served:
        stage = Stage(tmp_path, served)
        a_repository(stage.bare)
        stage.settings()
        stage.publish("6.5.0", "6.5.3", "6.5.4", "7.0.0")
        stage.policy(POLICY)
        stage.commit({"staging/app.yaml": DEPLOYMENT})
        stage.one_pass()
        assert [pull.title.rpartition(" ")[2] for pull in stage.pulls()] == ["6.5.4"]
        yield World(stage, faults)
