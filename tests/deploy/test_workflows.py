"""What runs at a forge runs what a person runs, starts from no rights and trusts nobody's action."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yaml"))
WORKFLOWS: dict[str, dict[Any, Any]] = {path.stem: yaml.safe_load(path.read_text()) for path in FILES}
STEPS = [
    pytest.param(step, id=f"{name} {step['name']}")
    for name, workflow in WORKFLOWS.items()
    for job in workflow["jobs"].values()
    for step in job["steps"]
]


def test_there_are_tests_and_releases() -> None:
    assert WORKFLOWS.keys() == {"test", "release"}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_rights_are_named_one_by_one(name: str) -> None:
    assert WORKFLOWS[name]["permissions"] == {}
    wanted = {right: level for job in WORKFLOWS[name]["jobs"].values() for right, level in job["permissions"].items()}
    more = {"packages": "write", "id-token": "write"} if name == "release" else {}
    assert wanted == {"contents": "write" if more else "read", **more}


@pytest.mark.parametrize("step", STEPS)
def test_scripts_are_shell_and_hold_no_template(step: dict[str, Any]) -> None:
    """GitHub pastes `${{ }}` into the script before a shell reads it: a way in for whoever names a branch."""
    assert "uses" not in step
    assert "${{" not in step["run"]
    assert subprocess.run(["bash", "-n"], input=step["run"], text=True, check=False).returncode == 0


@pytest.mark.parametrize("name", WORKFLOWS)
def test_checks_are_those_of_ci(name: str) -> None:
    (job,) = WORKFLOWS[name]["jobs"].values()
    assert ".ci/run" in [step["run"].strip() for step in job["steps"]]


def test_hooks_are_programs_of_the_lock() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [repository["repo"] for repository in hooks] == ["local"]
    assert all(hook["entry"].startswith(".venv/bin/") for hook in hooks[0]["hooks"])


def test_the_hook_for_policies_is_a_verb() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert hook["entry"].split() == [next(iter(scripts)), "lint"]
