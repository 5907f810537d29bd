"""A push that the server refuses: one app's refusal is that app's, and the server's own words are told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from imagebot.cycle.report import Action, Report
from tests.cycle.conftest import DEPLOYMENT
from tests.support.stage import Stage, set_up

APPS = ("shop", "web", "api")
POLICY = """\
app: {app}
repository: environments
environments:
  staging: {{paths: ["{app}/"]}}
images:
  - image: IMAGE
    semver: ^6.5
"""


@pytest.fixture
def three_apps(tmp_path: Path) -> Iterator[Stage]:
    """Three apps, each one version behind."""
    stage = set_up(tmp_path)
    stage.publish("6.5.3", "6.5.4")
    for app in APPS:
        stage.policy(POLICY.format(app=app), f"{app}.yaml")
    stage.commit({f"{app}/app.yaml": DEPLOYMENT for app in APPS})
    with stage.registry:
        yield stage


def hook(stage: Stage, name: str, script: str) -> None:
    """A hook of the server's."""
    file = stage.bare / "hooks" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def told(report: Report) -> dict[str, tuple[Action, str]]:
    return {one.name: (one.action, one.because) for one in report.outcomes}


@pytest.mark.parametrize(
    ("name", "script"),
    [
        pytest.param("update", 'case "$1" in */web) echo "GL-HOOK-ERR: no ticket"; exit 1;; esac', id="one by one"),
        pytest.param(
            "pre-receive",
            'while read o n r; do case $r in */web) echo "GL-HOOK-ERR: no ticket"; no=1;; esac; done; test -z "$no"',
            id="all at once",
        ),
    ],
)
def test_one_refused_branch_stops_nobody_elses(three_apps: Stage, name: str, script: str) -> None:
    hook(three_apps, name, script)

    report = three_apps.one_pass()

    found = told(report)
    assert (found["shop"][0], found["api"][0]) == (Action.OPENED, Action.OPENED)
    task, because = found["web"]
    assert task is Action.FAILED
    assert because.startswith("imagebot/staging/web was not pushed: the remote rejects it: GL-HOOK-ERR: no ticket (")
    assert {pull.branch for pull in three_apps.pulls()} == {"imagebot/staging/shop", "imagebot/staging/api"}
    assert report.exit_code == 1
    (three_apps.bare / "hooks" / name).unlink()
    assert told(three_apps.one_pass())["web"][0] is Action.OPENED


@pytest.mark.parametrize("there", ["imagebot", "imagebot/staging", "imagebot/staging/web/deeper"])
def test_a_branch_in_the_way_is_named_and_one_push_is_enough(three_apps: Stage, there: str) -> None:
    three_apps.git("-C", str(three_apps.bare), "branch", there, "main")
    names = APPS if there != "imagebot/staging/web/deeper" else ("web",)

    report = three_apps.one_pass()

    for app in names:
        branch = f"imagebot/staging/{app}"
        way = f"the branch {there} is in the way of {branch}: rename or delete it, or set branchPrefix"
        assert told(report)[app] == (Action.FAILED, f"{branch} was not pushed: {way}")
    assert {app for app, (task, _) in told(report).items() if task is Action.OPENED} == set(APPS) - set(names)
    assert report.costs.git_pushes == 1
    assert there in three_apps.heads()
