"""A stage with one app that is one version behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from imagebot.cycle.report import Deed, Report
from imagebot.selection.verdict import Verdict
from tests.support.stage import Stage, set_up

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


def deeds(report: Report) -> list[Deed]:
    """What became of each branch."""
    return [outcome.deed for outcome in report.outcomes]


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
