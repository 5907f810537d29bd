"""Told to wait by a registry, the bot waits: over passes and restarts, with the exit code of a quiet day."""

from __future__ import annotations

import json

import pytest

from imagebot.selection.verdict import Waiting
from tests.cycle.conftest import POLICY, World, verdict
from tests.cycle.test_told import logged
from tests.support.stage import NOON
from tests.support.web_function import Answer

LATER = Answer(429, (("Retry-After", "900"),))


@pytest.fixture
def limited(world: World) -> World:
    """6.5.3 runs, a pull request proposes 6.5.4, and the registry wants to be left alone."""
    world.faults.append(lambda _: LATER)
    return world


def test_every_verb_says_that_it_waits_and_until_when_and_the_registry_is_asked_once(limited: World) -> None:
    stage, asked = limited.stage, len(limited.stage.registry.asked)

    first = stage.imagebot("once", "--json")
    again = stage.imagebot("once", "--json")
    status = stage.imagebot("status", "--json")
    explained = stage.imagebot("explain", "podinfo", "--json")

    assert len(stage.registry.asked) == asked + 1
    assert [said.code for said in (first, again, status, explained)] == [0, 0, 0, 0], first.err
    lines = [json.loads(said.out)["images"][0] for said in (first, again, status)] + json.loads(explained.out)
    assert {line["state"] for line in lines} == {"waiting"}
    (because,) = {line["because"] for line in lines}
    assert because.startswith(f"{stage.registry.host} asks to be left alone (429); nothing is asked of it before 20")
    assert all(line["until"] for line in lines)


def test_what_is_open_stays_open_while_a_registry_wants_to_be_left_alone(limited: World) -> None:
    before = limited.stage.pulls()

    report = limited.passes(days=1)

    assert isinstance(verdict(report), Waiting)
    assert (report.outcomes, limited.stage.pulls()) == ((), before)


def test_a_wait_is_no_warning_and_is_said_once(limited: World) -> None:
    process = limited.stage.world()
    _, first = logged(limited.stage, "info", NOON, process)
    _, again = logged(limited.stage, "info", NOON, process)

    (said,) = [line for line in first if line["event"] == "verdict.reached"]
    assert (said["verdict"], said["level"]) == ("Waiting", "info")
    assert [line["event"] for line in again] == ["pass.started", "pass.finished"]
    assert (again[-1]["level"], again[-1]["waiting"], again[-1]["unknown"]) == ("info", 1, 0)


def test_what_fails_beside_a_wait_is_told_as_failed(limited: World) -> None:
    """One image has to wait, and another of the same app is broken: somebody should look."""
    stage = limited.stage
    stage.policy(POLICY + "  - image: 127.0.0.1:1/acme/gone\n    semver: ^1\n")

    report = stage.one_pass()

    assert (report.exit_code, report.decisions[0].failed, report.decisions[0].waiting) == (1, True, False)
