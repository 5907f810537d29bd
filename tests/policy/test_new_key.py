"""A policy key as a newcomer adds it: one line in its model. Everything else follows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cycle.conftest import DEPLOYMENT, POLICY
from tests.support.house_copy import HouseCopy
from tests.support.stage import Stage, set_up

WISH = '    audit: Flag = False\n    """Whether somebody looks at it twice."""\n'
IMAGE_KEY = '    rare: Flag = False\n    """Whether it is rare."""\n'


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> HouseCopy:
    """A copy of this house with a key more for pull requests, and one for images."""
    house = HouseCopy.of(tmp_path_factory.mktemp("house"))
    house.replace("imagebot/policy/model.py", "    draft_while_soaking: Flag", f"{WISH}    draft_while_soaking: Flag")
    house.replace("imagebot/policy/watch.py", "    embedded: Flag", f"{IMAGE_KEY}    embedded: Flag")
    return house


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = set_up(tmp_path)
    stage.publish("6.5.3", "6.5.4")
    stage.policy(POLICY)
    stage.commit({"staging/app.yaml": DEPLOYMENT})
    with stage.registry:
        yield stage


@pytest.mark.parametrize("file", ["policy", "defaults", "settings"])
def test_the_schemas_have_it(extended: HouseCopy, file: str) -> None:
    schema: Any = json.loads(extended.imagebot("schema", file).stdout)
    images = schema["$defs"]["Watch" if file == "policy" else "ImageDefaults"]
    assert images["properties"]["rare"]["description"] == "Whether it is rare."
    wishes = [one for one in schema["$defs"].values() if "audit" in one["properties"]]
    assert [one["properties"]["audit"]["description"] for one in wishes] == ["Whether somebody looks at it twice."]


def test_the_reference_has_it(extended: HouseCopy) -> None:
    assert extended.python("docs/make.py").returncode == 0
    reference = (extended.folder / "docs/reference.md").read_text()
    assert "| `audit` | `true` or `false` | `false` | Whether somebody looks at it twice. |" in reference
    assert reference.count("| `rare` | `true` or `false` | `false` | Whether it is rare. |") == 2


def test_defaults_have_it_and_say_where(extended: HouseCopy, stage: Stage) -> None:
    (stage.folder / "policies" / "_defaults.yaml").write_text("image: {rare: true}\npullRequest:\n  audit: true\n")
    shown = extended.imagebot("lint", "--inherited", at=stage.folder)
    assert "policies/podinfo.yaml: images.0.rare: true  (policies/_defaults.yaml:1)\n" in shown.stdout
    assert "policies/podinfo.yaml: pullRequest.audit: true  (policies/_defaults.yaml:3)\n" in shown.stdout


def test_an_open_pull_request_gets_it(extended: HouseCopy, stage: Stage) -> None:
    """It changes the fingerprint, so the body is written anew: what is said there about the key is seen."""
    assert extended.imagebot("once", at=stage.folder).returncode == 0
    (before,) = stage.pulls()
    assert extended.imagebot("once", at=stage.folder).returncode == 0
    assert stage.pulls() == (before,), "nothing changed, nothing is written"
    stage.policy(f"{POLICY}pullRequest: {{audit: true}}\n")
    assert extended.imagebot("once", at=stage.folder).returncode == 0
    (after,) = stage.pulls()
    assert (after.number, after.body != before.body) == (before.number, True)
