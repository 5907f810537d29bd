"""`imagebot suspend` and `resume`, and `freezes` of imagebot.yaml: nothing is written, and everybody is told why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from imagebot.cycle.report import Action
from imagebot.selection.verdict import Held, Hold
from tests.cycle.conftest import DEPLOYMENT
from tests.support.stage import NOON, Stage, set_up

POLICY = """\
app: podinfo
repository: environments
environments: {staging: {paths: ["staging/"]}, production: {paths: ["production/"]}}
images: [{image: IMAGE, semver: ^6.5}]
"""
STAGING, PRODUCTION = "imagebot/staging/podinfo", "imagebot/production/podinfo"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Both environments run 6.5.3, and 6.5.4 is there."""
    stage = set_up(tmp_path)
    stage.publish("6.5.3", "6.5.4")
    stage.policy(POLICY)
    stage.commit({"staging/app.yaml": DEPLOYMENT, "production/app.yaml": DEPLOYMENT})
    with stage.registry:
        yield stage


def everything(stage: Stage) -> object:
    return stage.heads(), [(pull.branch, pull.title, pull.body, pull.labels) for pull in stage.pulls()]


def said(stage: Stage, *words: str) -> str:
    done = stage.imagebot(*words)
    assert (done.code, done.err) == (0, ""), done
    return done.out


def test_what_is_suspended_is_neither_opened_nor_moved_on_nor_closed(stage: Stage) -> None:
    stage.one_pass()
    stage.publish("6.5.5")
    stage.commit({"staging/app.yaml": DEPLOYMENT.replace("6.5.3", "6.5.5")})
    before = everything(stage)
    assert said(stage, "suspend", "--all", "--because", "the cluster moves").startswith("suspended: everything, by ")

    report = stage.one_pass()

    assert everything(stage) == before, "one would be moved on, the other closed: it was done by hand"
    assert [outcome.action for outcome in report.outcomes if outcome.action is not Action.KEPT] == []
    assert report.exit_code == 0
    held = next(one for one in report.decisions if one.policy.environment == "production").watches[0].verdict
    assert isinstance(held, Held)
    assert held.hold is Hold.SUSPENDED
    assert "the cluster moves; 6.5.5 is the newest" in held.because
    assert said(stage, "resume", "--all").startswith("goes on: everything, by ")

    stage.one_pass()

    assert [(pull.branch, pull.title) for pull in stage.pulls()] == [
        (PRODUCTION, "deps(production): podinfo 6.5.3 → 6.5.5")
    ]


@pytest.mark.parametrize("place", ["podinfo@production", "@production"])
def test_an_environment_is_suspended_and_the_other_goes_on(stage: Stage, place: str) -> None:
    said(stage, "suspend", place, "--because", "an incident")
    assert "already suspended" in said(stage, "suspend", place, "--because", "another one")

    stage.one_pass()

    assert [pull.branch for pull in stage.pulls()] == [STAGING]
    told = said(stage, "status", "podinfo")
    assert f"Suspended: nothing is written; `imagebot resume` ends it:\n  {place}, by " in told
    assert "an incident; 6.5.4 is the newest of 2 tags in ^6.5 (now 6.5.3)" in told
    data = json.loads(said(stage, "status", "--json"))
    assert [(hold["app"], hold["environment"], hold["suspends"]) for hold in data["holds"]] == [
        ("podinfo" if place.startswith("podinfo") else "*", "production", True)
    ]
    assert "still suspended: " in said(stage, "resume", "podinfo")
    assert said(stage, "resume", place).startswith(f"goes on: {place}, by ")
    assert said(stage, "resume", "--all") == "nothing is suspended\n"


def test_a_place_that_is_none_is_told(stage: Stage) -> None:
    done = stage.imagebot("suspend", "podinf", "--because", "x")
    assert (done.code, done.err) == (2, "imagebot: no policy for 'podinf'; did you mean podinfo?\n")
    assert stage.imagebot("suspend", "--because", "x").code == 2
    assert stage.imagebot("suspend", "podinfo", "--all", "--because", "x").code == 2
    assert "not suspended: podinfo" in said(stage, "resume", "podinfo")


@pytest.mark.parametrize("place", ["@", "podinfo@"])
def test_an_empty_variable_in_a_script_does_not_stop_or_free_everything(stage: Stage, place: str) -> None:
    """`suspend "@$ENVIRONMENT"`."""
    said(stage, "suspend", "--all", "--because", "an incident")
    for words in (("suspend", place, "--because", "x"), ("resume", place)):
        done = stage.imagebot(*words)
        assert (done.code, done.out) == (2, "")
        assert (
            done.err
            == f"imagebot: {place!r} has an @ and no environment behind it: name one, or write --all for everything\n"
        )
    assert len(stage.world().store().holds()) == 1


def test_a_suspension_is_no_hold(stage: Stage) -> None:
    """`unhold` does not end it, nor does it take a pull request back."""
    stage.one_pass()
    said(stage, "suspend", "podinfo@staging", "--because", "x")
    assert "not held" in said(stage, "unhold", "podinfo@staging")

    stage.one_pass()

    assert {pull.branch for pull in stage.pulls()} == {STAGING, PRODUCTION}


def test_days_on_which_nothing_changes_hold_whatever_policies_say(stage: Stage) -> None:
    day = f"{NOON:%Y-%m-%d}"
    freeze = f'{{from: {day}, to: {day}, environments: ["prod*"], because: the turn of the year}}'
    stage.settings(f"freezes: [{freeze}]\n")

    report = stage.one_pass()

    assert [pull.branch for pull in stage.pulls()] == [STAGING]
    held = next(one for one in report.decisions if one.policy.environment == "production").watches[0].verdict
    assert isinstance(held, Held)
    assert held.hold is Hold.WINDOW
    assert "the turn of the year" in held.because

    stage.one_pass(now=NOON + timedelta(days=1))

    assert {pull.branch for pull in stage.pulls()} == {STAGING, PRODUCTION}
