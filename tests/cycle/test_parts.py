"""A pass over a part of the policies does what the whole one would do there, and no more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from imagebot.cli.compose import load, travelling
from imagebot.cycle.report import Action, Report
from imagebot.cycle.run import run
from imagebot.cycle.tag_lists import lister
from imagebot.errors import WRONG_INPUT
from imagebot.webhooks.concerned import concerned
from imagebot.webhooks.subject import PushedImage, Subject
from tests.support.git_repos import BareRepository, a_repository
from tests.support.stage import NOON, Stage, set_up

GROUPS = ["{name: platform}", "{by: image}"]
DEPLOYMENT = "kind: Deployment\nspec: {template: {spec: {containers: [{name: a, image: IMAGES:1.0.0}]}}}\n"


def policy(app: str, group: str, *images: str, repository: str = "environments") -> str:
    watches = "".join(f"\n  - {{image: IMAGE-{image}, semver: ^1}}" for image in images)
    return (
        f"app: {app}\nrepository: {repository}\nenvironments: {{e: {{paths: [{app}/]}}}}\n"
        f"images:{watches}\npullRequest: {{group: {group}}}\n"
    )


def files(stage: Stage, app: str, *images: str) -> dict[str, str | None]:
    return {f"{app}/{image}.yaml": DEPLOYMENT.replace("IMAGES", f"{stage.image}-{image}") for image in images}


def published(stage: Stage, version: str, *images: str) -> None:
    for image in images:
        stage.publish(version, repository=f"acme/podinfo-{image}")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = set_up(tmp_path)
    with stage.registry:
        yield stage


def called_about(stage: Stage, image: str) -> Report:
    """A pass because somebody pushed this one."""
    world = stage.world()
    _, policies = load(stage.config)
    host, _, path = f"{stage.image}-{image}".partition("/")
    subjects: Sequence[Subject] = [PushedImage(host, path)]
    part = concerned(policies, world.settings.repositories, lambda watch: lister(world, watch), subjects)
    return run(world, part, NOON)


def asked_for(stage: Stage, app: str) -> Report:
    """`imagebot once APP`."""
    return run(stage.world(), travelling(load(stage.config)[1], (app,)), NOON)


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("how", ["a call", "a person"])
def test_who_looks_at_one_app_throws_no_other_out_of_a_shared_pull_request(stage: Stage, group: str, how: str) -> None:
    """`one` and `three` share nothing but what each shares with `two`."""
    stage.policy(policy("one", group, "a"), "one.yaml")
    stage.policy(policy("two", group, "a", "b"), "two.yaml")
    stage.policy(policy("three", group, "b"), "three.yaml")
    stage.policy(policy("apart", "{by: app}", "c"), "apart.yaml")
    stage.commit({**files(stage, "one", "a"), **files(stage, "two", "a", "b"), **files(stage, "three", "b")})
    published(stage, "1.0.0", "a", "b", "c")
    published(stage, "1.1.0", "a", "b")
    assert {one.action for one in stage.one_pass().outcomes} == {Action.OPENED}
    published(stage, "1.2.0", "a")

    report = called_about(stage, "a") if how == "a call" else asked_for(stage, "one")

    assert Action.UPDATED in {one.action for one in report.outcomes}
    assert sorted(str(one.policy) for one in report.decisions) == ["one@e", "three@e", "two@e"]
    assert {one.action for one in stage.one_pass().outcomes} == {Action.KEPT}


def test_a_part_opens_no_more_than_limits_over_everything_let_it(stage: Stage) -> None:
    a_repository(stage.folder / "other.git")
    stage.settings("limits: {openPullRequests: 1}\n")
    second = f"  other: {{url: {stage.folder / 'other.git'}, forge: local}}\nregistries:\n"
    stage.config.write_text(stage.config.read_text().replace("registries:\n", second))
    stage.policy(policy("one", "{by: app}", "a"), "one.yaml")
    stage.policy(policy("two", "{by: app}", "b", repository="other"), "two.yaml")
    stage.commit(files(stage, "one", "a"))
    BareRepository(stage.folder / "other.git").commit("main", {k: v for k, v in files(stage, "two", "b").items() if v})
    published(stage, "1.0.0", "a", "b")
    published(stage, "1.1.0", "a")
    assert [one.action for one in stage.one_pass().outcomes] == [Action.OPENED]
    published(stage, "1.1.0", "b")

    for report in (called_about(stage, "b"), asked_for(stage, "two")):
        assert [one.action for one in report.outcomes] == [Action.WAITING]
        assert "1 of 1 pull requests are open in all" in report.outcomes[0].because


@pytest.mark.parametrize("group", GROUPS)
def test_a_policy_that_cannot_be_read_is_thrown_out_of_no_shared_pull_request(stage: Stage, group: str) -> None:
    stage.policy(policy("one", group, "a"), "one.yaml")
    stage.policy(policy("two", group, "a"), "two.yaml")
    stage.commit({**files(stage, "one", "a"), **files(stage, "two", "a")})
    published(stage, "1.0.0", "a")
    published(stage, "1.1.0", "a")
    stage.one_pass()
    before = stage.heads()
    published(stage, "1.2.0", "a")
    stage.policy("app: two\nimages: [\n", "two.yaml")

    report = stage.one_pass()

    assert report.exit_code == WRONG_INPUT
    assert stage.heads() == before
    stage.policy(policy("two", group, "a"), "two.yaml")
    assert [one.action for one in stage.one_pass().outcomes] == [Action.UPDATED]
