"""What is beyond a fence is never looked at: no registry is asked, no repository fetched, no field read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from imagebot.errors import WRONG_INPUT
from tests.cycle.conftest import DEPLOYMENT, POLICY
from tests.support.stage import Stage, set_up

ALL = {"apps": "podinfo", "repositories": "environments", "paths": "staging/", "environments": "staging"}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """One app that is one version behind, whose folder has a fence; beside it another team's repository."""
    stage = set_up(tmp_path)
    stage.publish("6.5.3", "6.5.4")
    stage.policy(POLICY)
    stage.commit({"staging/app.yaml": DEPLOYMENT, "production/app.yaml": DEPLOYMENT})
    with stage.registry:
        yield stage


def fenced(stage: Stage, **may: str) -> None:
    """Settings with a fence around the policies, and a second repository that would be missed if it were fetched."""
    stage.settings()
    text = stage.config.read_text()
    keys = ", ".join(f"{key}: ['{value}']" for key, value in {**ALL, **may}.items())
    text = text.replace("policies: [policies/]", f"policies: [{{from: policies/, may: {{{keys}}}}}]")
    stage.config.write_text(text.replace("repositories:\n", "repositories:\n  theirs: {url: nowhere.git}\n"))


def test_what_is_within_gets_its_pull_request(stage: Stage) -> None:
    fenced(stage, registries=f"{stage.registry.host}/acme/")
    assert stage.one_pass().exit_code == 0
    assert [pull.branch for pull in stage.pulls()] == ["imagebot/staging/podinfo"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("semver", "semver"),
        ("repository: environments", "repository: theirs"),
        ('paths: ["staging/"]', 'paths: ["production/"]'),
        ("  staging:", "  production:"),
    ],
    ids=["registry", "repository", "paths", "environment"],
)
def test_what_is_beyond_costs_no_request_and_no_fetch(stage: Stage, old: str, new: str) -> None:
    fenced(stage, registries="ghcr.io/acme/" if old == new else f"{stage.registry.host}/acme/")
    stage.policy(POLICY.replace(old, new))
    report = stage.one_pass()
    assert report.exit_code == WRONG_INPUT
    (problem,) = report.problems
    assert f"{stage.folder}/policies/podinfo.yaml:" in problem
    assert "beyond the fence of policies" in problem
    assert (stage.registry.asked, stage.pulls(), report.decisions) == ([], (), ())
    assert not list((stage.folder / "state").glob("mirrors/*")), "nothing was fetched"


def test_regret_a_name_of_fluxs_that_another_team_writes_too_takes_no_field_from_anybody(stage: Stage) -> None:
    """Whoever names a policy of Flux's in their own folder says nothing about files that they may not change."""
    marked = 'podinfo: 6.5.3 # {"$imagepolicy": "flux-system:podinfo:tag"}\n'
    stage.commit({"staging/app.yaml": marked, "other/app.yaml": "image: IMAGE-other:1.0.0\n"})
    stage.publish("1.0.0", repository="acme/podinfo-other")
    stage.policy(POLICY.replace("semver", "imagePolicy: flux-system:podinfo\n    semver"))
    theirs = POLICY.replace("app: podinfo", "app: other").replace("IMAGE", "IMAGE-other").replace("staging/", "other/")
    stage.policy(theirs.replace("semver", "imagePolicy: flux-system:podinfo\n    semver"), "other.yaml")
    assert stage.one_pass().exit_code == 0
    assert [pull.branch for pull in stage.pulls()] == ["imagebot/staging/podinfo"]
    assert "6.5.4" in stage.show("staging/app.yaml", "imagebot/staging/podinfo")
