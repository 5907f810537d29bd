"""Killed at any of its steps, the next pass repairs what the last one left."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys

import pytest

from tests.cycle.conftest import DEPLOYMENT
from tests.support.forked import run_function
from tests.support.killed_pass import main as one_pass
from tests.support.stage import Stage

BRANCH = "imagebot/staging/podinfo"
EVENTS = [
    "pass.started",
    "repository.fetched",
    "tags.listed",
    "verdict.reached",
    "change.committed",
    "branch.pushed",
    "pull_request.settled",
    "repository.passed",
    "registry.asked",
    "pass.finished",
]


def killed(stage: Stage, at: int) -> tuple[int, str]:
    """The exit code of a pass that ends itself at that event, and the names of its events if it has not so many."""
    code, out, _ = run_function(one_pass, (stage.config, at))
    return code, out


def undisturbed(stage: Stage) -> str:
    """The commit that a pass makes which nobody kills, on a copy of the repository."""
    copy = stage.folder / "copy"
    copy.mkdir()
    shutil.copytree(stage.bare, copy / "environments.git")
    shutil.copytree(stage.folder / "policies", copy / "policies")
    twin = Stage(copy, stage.registry)
    twin.settings()
    twin.one_pass()
    return twin.heads()[BRANCH]


def test_a_pass_has_these_steps(stage: Stage) -> None:
    """The repository and the registry are asked at the same time: either may be the first to answer."""
    first, *rest = killed(stage, 99)[1].split()
    asked, then = rest[:2], rest[2:]

    assert [first, *sorted(asked), *then] == EVENTS


@pytest.mark.parametrize("at", range(1, len(EVENTS) + 1), ids=EVENTS)
def test_killed_then_run_again(stage: Stage, at: int) -> None:
    expected = undisturbed(stage)

    assert killed(stage, at)[0] == -signal.SIGKILL
    stage.one_pass()

    (pull,) = stage.pulls()
    assert (pull.number, pull.title) == (1, "deps(staging): podinfo 6.5.3 → 6.5.4")
    assert stage.heads() == {"main": stage.heads()["main"], BRANCH: expected}
    assert stage.show("staging/app.yaml", BRANCH) == DEPLOYMENT.replace("6.5.3", "6.5.4")
    report = stage.one_pass()
    assert (report.costs.git_pushes, report.costs.forge_writes) == (0, 0)


def test_killed_at_every_step_in_a_row(stage: Stage) -> None:
    expected = undisturbed(stage)

    for at in range(1, len(EVENTS) + 1):
        killed(stage, at)
    stage.one_pass()

    assert len(stage.pulls()) == 1
    assert stage.heads()[BRANCH] == expected


def test_two_bots_at_once_make_one_pull_request(stage: Stage) -> None:
    """Each has a state of its own, so no lock keeps them apart: the lease and the forge do."""
    (stage.folder / "other").mkdir()
    shutil.copytree(stage.folder / "policies", stage.folder / "other" / "policies")
    other = stage.folder / "other" / "imagebot.yaml"
    other.write_text(stage.config.read_text())
    words = [sys.executable, "-m", "imagebot", "once", "--config"]

    with (
        subprocess.Popen([*words, stage.config], stdout=subprocess.DEVNULL) as one,
        subprocess.Popen([*words, other], stdout=subprocess.DEVNULL) as two,
    ):
        codes = {one.wait(), two.wait()}

    assert codes <= {0, 1}
    assert len(stage.pulls()) == 1
    report = stage.one_pass()
    assert (report.costs.git_pushes, report.costs.forge_writes) == (0, 0)
