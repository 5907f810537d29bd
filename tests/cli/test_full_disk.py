"""A state folder that cannot be written: what there is to do is told, nothing is done twice, nothing is forgotten."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cycle.conftest import DEPLOYMENT, POLICY
from tests.support.stage import Said, Stage, set_up

# No byte can be written to any file, as on a full disk, by whoever runs the tests.
FULL = """\
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
from imagebot.cli.main import run
sys.exit(run())
"""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """6.5.3 runs, a pull request proposes 6.5.4, and 6.5.5 has just been published."""
    stage = set_up(tmp_path)
    stage.publish("6.5.3", "6.5.4")
    stage.policy(POLICY)
    stage.commit({"staging/app.yaml": DEPLOYMENT})
    with stage.registry:
        assert stage.imagebot("once").code == 0
        stage.publish("6.5.5")
        yield stage


def on_a_full_disk(stage: Stage, *words: str) -> Said:
    # -B: Python would keep the first half, or nothing, of what it compiles.
    done = subprocess.run(
        [sys.executable, "-B", "-c", FULL, *words], cwd=stage.folder, capture_output=True, text=True, check=False
    )
    return Said(done.returncode, done.stdout, done.stderr)


def report(said: Said) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(said.out)
    return found


def test_a_full_disk_keeps_nobody_from_reading_deciding_and_telling(stage: Stage) -> None:
    before = stage.heads(), stage.pulls()

    for verb in ("once", "status"):
        said = on_a_full_disk(stage, verb, "--json")
        assert said.code == 1, said.err
        (line,) = report(said)["images"]
        assert (line["state"], line["chosen"]) == ("update", "6.5.5")
        (problem,) = report(said)["problems"]
        assert problem.startswith("nothing is carried out that nobody can remember: the database ")
        assert "make room on its disk" in problem
    assert (stage.heads(), stage.pulls()) == before


def test_what_a_full_disk_kept_from_being_done_is_done_once_there_is_room(stage: Stage) -> None:
    on_a_full_disk(stage, "once")

    assert stage.imagebot("once").code == 0

    (pull,) = stage.pulls()
    assert pull.title.endswith("6.5.5")


def test_a_full_disk_loses_no_hold(stage: Stage) -> None:
    assert stage.imagebot("hold", "podinfo@staging", "6.5.5", "--because", "it breaks the till").code == 0

    (line,) = report(on_a_full_disk(stage, "once", "--json"))["images"]

    assert (line["state"], line["chosen"]) == ("held (by hand)", "6.5.5")


def test_a_full_disk_at_the_very_beginning_is_told_in_one_line(tmp_path: Path) -> None:
    stage = set_up(tmp_path)
    stage.publish("6.5.3", "6.5.4")
    stage.policy(POLICY)
    stage.commit({"staging/app.yaml": DEPLOYMENT})
    with stage.registry:
        said = on_a_full_disk(stage, "once", "--json")
    assert said.code == 1
    assert "Traceback" not in said.err
    assert report(said)["images"][0]["state"] == "unknown"
    assert len(report(said)["problems"]) == 1
