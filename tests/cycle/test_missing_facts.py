"""What a registry could not tell when a pull request was written is told once it can: in whole passes."""

from __future__ import annotations

import pytest

from imagebot.cycle.report import Action
from imagebot.pulls import block
from tests.cycle.conftest import DEPLOYMENT, POLICY, World, actions, assert_quiet
from tests.support import oci_folder
from tests.support.web_function import Answer, Asked

BOTH = {"linux/amd64": "2026-01-01T12:00:00Z", "linux/arm64": "2026-01-01T12:00:00Z"}


def no_configs(asked: Asked) -> Answer | None:
    """The storage of blobs is away; what is known of an index by its manifest stands there."""
    return Answer(503) if "/blobs/" in asked.path else None


@pytest.fixture
def unsaid(world: World) -> World:
    """A pull request from 6.5.3 to 6.5.5, both for two platforms; nothing of their configs was known."""
    for tag in ("6.5.3", "6.5.5"):
        oci_folder.publish_index(world.stage.folder / "registry", "acme/podinfo", tag, BOTH)
    world.faults.append(no_configs)
    assert actions(world.passes()) == [Action.UPDATED]
    assert "not known: `6.5.5`: " in world.stage.pulls()[0].body
    return world


def test_what_was_not_known_is_told_once_it_is(unsaid: World) -> None:
    stage = unsaid.stage
    assert_quiet(stage)
    unsaid.faults.clear()

    report = unsaid.passes()

    assert (actions(report), report.costs.git_pushes, report.costs.forge_writes) == ([Action.UPDATED], 0, 1)
    body = stage.pulls()[0].body
    assert "not known" not in body
    assert "| configuration |" in body
    assert_quiet(stage)


def test_what_stays_unknown_is_written_once(unsaid: World) -> None:
    for _ in range(3):
        assert_quiet(unsaid.stage)


def test_what_becomes_known_first_is_told_first(unsaid: World) -> None:
    """The old image is told, the new one not yet."""
    stage = unsaid.stage
    found = block.read(stage.pulls()[0].body)
    assert found is not None
    assert found.unknown == ("new 0", "old 0")
    newest = [asked.path for asked in stage.registry.asked if "/blobs/" in asked.path][-1]
    unsaid.faults[:] = [lambda asked: Answer(503) if asked.path == newest else None]

    assert actions(unsaid.passes()) == [Action.UPDATED]

    found = block.read(stage.pulls()[0].body)
    assert found is not None
    assert len(found.unknown) == 1
    assert_quiet(stage)


def test_what_people_wrote_around_it_stays(unsaid: World) -> None:
    stage = unsaid.stage
    (pull,) = stage.pulls()
    stage.edit(pull.number, body=f"Above\n\n{pull.body}\nBelow\n")
    unsaid.faults.clear()
    unsaid.passes()
    (pull,) = stage.pulls()
    assert (pull.body.startswith("Above\n"), pull.body.rstrip().endswith("Below")) == (True, True)
    assert "not known" not in pull.body


def test_what_is_not_there_is_known_and_asked_for_no_more(world: World) -> None:
    """The registry said so: that is an answer."""
    for tag in ("6.5.3", "6.5.5"):
        oci_folder.publish_index(world.stage.folder / "registry", "acme/podinfo", tag, BOTH)
    world.stage.policy(POLICY + "    platforms: [linux/amd64]\n")
    world.stage.commit({"staging/app.yaml": DEPLOYMENT.replace("6.5.3", "6.5.2")})
    world.passes()
    found = block.read(world.stage.pulls()[0].body)
    assert found is not None
    assert "not known" in world.stage.pulls()[0].body
    assert found.unknown == ()


def test_auto_merge_that_waited_for_it_is_switched_on(unsaid: World) -> None:
    stage = unsaid.stage
    stage.policy(POLICY + "pullRequest: {autoMerge: [patch]}\n")
    unsaid.passes()
    told = block.read(stage.pulls()[0].body)
    assert told is not None
    assert not told.auto_merge
    unsaid.faults.clear()
    unsaid.passes()
    told = block.read(stage.pulls()[0].body)
    assert told is not None
    assert told.auto_merge
