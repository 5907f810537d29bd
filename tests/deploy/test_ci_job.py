"""The pipeline examples parse, ask for few rights, and trust nobody's action."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(__file__).parent.parent.parent / "deploy" / "ci-job"
# GitHub's own schema calls the key `on`; to YAML 1.1, which PyYAML reads, that is `true`.
GITHUB: dict[Any, Any] = yaml.safe_load((FOLDER / "github.yaml").read_text())
GITLAB: dict[str, Any] = yaml.safe_load((FOLDER / "gitlab.yaml").read_text())
JOB: dict[str, Any] = GITHUB["jobs"]["once"]
SCRIPTS = [*(step["run"] for step in JOB["steps"]), *GITLAB["imagebot"]["script"]]


def test_github_starts_from_no_rights() -> None:
    assert GITHUB["permissions"] == {}
    assert JOB["permissions"] == {"contents": "write", "pull-requests": "write"}


def test_github_uses_no_action_that_would_need_a_pin() -> None:
    assert [step for step in JOB["steps"] if "uses" in step] == []


def test_passes_come_on_a_schedule_and_never_two_at_once() -> None:
    assert {"schedule", "workflow_dispatch"} == GITHUB[True].keys()
    assert GITHUB["concurrency"] == {"group": "imagebot", "cancel-in-progress": False}
    assert GITLAB["imagebot"]["rules"] == [{"if": '$CI_PIPELINE_SOURCE == "schedule"'}]
    assert GITLAB["imagebot"]["resource_group"] == "imagebot"


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_are_shell_and_hold_no_template(script: str) -> None:
    """GitHub pastes `${{ }}` into the script before a shell reads it: a way in for whoever names a branch."""
    assert subprocess.run(["sh", "-n"], input=script, text=True, check=False).returncode == 0
    assert "${{" not in script


def test_one_pass_each() -> None:
    assert re.search(r'"\$IMAGE" once\n$', JOB["steps"][-1]["run"])
    assert GITLAB["imagebot"]["script"] == ["imagebot once"]


def test_tokens_are_in_no_argument() -> None:
    """A container's arguments and a process's are there for everyone on the machine to read."""
    docker = JOB["steps"][-1]["run"].split()
    assert docker[docker.index("--env") + 1] == "TOKEN"


@pytest.mark.parametrize("host", ["github.com", "gitlab.com", "codeberg.org"])
def test_lint_takes_the_settings(tmp_path: Path, host: str) -> None:
    """With the policies of the cluster example beside them, as they would lie in a repository."""
    settings = (FOLDER / "imagebot.yaml").read_text()
    assert settings.count("url: https://github.com/") == 1
    (tmp_path / "imagebot.yaml").write_text(settings.replace("url: https://github.com/", f"url: https://{host}/"))
    shutil.copytree(FOLDER.parent / "kubernetes" / "policies", tmp_path / "policies")
    command = [sys.executable, "-m", "imagebot", "lint"]
    environment = {**os.environ, "TOKEN": "not-a-token"}
    linted = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (linted.returncode, linted.stderr) == (0, "")
