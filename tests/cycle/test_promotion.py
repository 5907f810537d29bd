"""From one environment to the next: what staging has had for two days comes to production, and goes again with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from imagebot.cli.compose import load, only
from imagebot.cycle.report import Action, Report
from imagebot.cycle.run import preview
from imagebot.selection.verdict import Held, Hold, NoCandidate, Unknown, Update, UpToDate, Verdict
from tests.cycle.conftest import DEPLOYMENT
from tests.support.stage import NOON, Stage, set_up

POLICY = """\
app: podinfo
repository: environments
environments:
  staging: {paths: ["staging/"]}
  production: {paths: ["production/"], from: {environment: staging, after: 2d}}
images:
  - image: IMAGE
    semver: ^6.5
"""
STAGING, PRODUCTION = "imagebot/staging/podinfo", "imagebot/production/podinfo"
DAY = timedelta(days=1)


@pytest.fixture
def promoting(tmp_path: Path) -> Iterator[Stage]:
    """Both environments run 6.5.3 since long ago; 6.5.4 was merged into staging at noon."""
    stage = set_up(tmp_path)
    stage.publish("6.5.3", "6.5.4")
    stage.policy(POLICY)
    files = {"staging/app.yaml": DEPLOYMENT, "production/app.yaml": DEPLOYMENT}
    stage.commit(files, at=NOON - 100 * DAY)
    with stage.registry:
        stage.one_pass(now=NOON - DAY)
        assert [pull.branch for pull in stage.pulls()] == [STAGING]
        stage.merge(STAGING, NOON)
        yield stage


def production(report: Report) -> Verdict:
    return next(each for each in report.decisions if each.policy.environment == "production").watches[0].verdict


def held_until(report: Report) -> datetime | None:
    held = production(report)
    assert isinstance(held, Held), held
    assert held.hold is Hold.SOURCE
    return held.until


def test_two_days_after_staging_production_gets_a_pull_request_that_says_so(promoting: Stage) -> None:
    assert held_until(promoting.one_pass(now=NOON + 2 * DAY - timedelta(seconds=1))) == NOON + 2 * DAY
    assert promoting.pulls() == ()

    promoting.one_pass(now=NOON + 2 * DAY)

    (pull,) = promoting.pulls()
    assert (pull.branch, pull.title) == (PRODUCTION, "deps(production): podinfo 6.5.3 → 6.5.4")
    assert "### `podinfo` in `production`: `6.5.3` → `6.5.4` (patch)" in pull.body
    assert "staging has `6.5.4` since 2026-01-01 12:00 UTC, longer than 2d (now `6.5.3`)" in pull.body
    assert "Promoted: production takes only what staging has deployed, 2d after it got there." in pull.body
    assert promoting.show("production/app.yaml", PRODUCTION) == DEPLOYMENT.replace("6.5.3", "6.5.4")


def test_a_clock_that_is_set_back_takes_nothing_back_that_was_let_in(promoting: Stage) -> None:
    """An NTP step of an hour: what is open stays, however many passes it takes until it is late enough again."""
    promoting.one_pass(now=NOON + 2 * DAY)
    heads = promoting.heads()

    for minutes in (0, 5, 59):
        report = promoting.one_pass(now=NOON + 2 * DAY - timedelta(minutes=60 - minutes))
        assert (report.outcomes[-1].action, promoting.heads()) == (Action.KEPT, heads)

    assert len(promoting.pulls()) == 1


def test_a_version_that_staging_does_not_have_never_comes(promoting: Stage) -> None:
    promoting.publish("6.5.5")
    promoting.one_pass(now=NOON + 3 * DAY)
    titles = {pull.branch: pull.title for pull in promoting.pulls()}
    assert titles == {
        STAGING: "deps(staging): podinfo 6.5.4 → 6.5.5",
        PRODUCTION: "deps(production): podinfo 6.5.3 → 6.5.4",
    }


def test_a_newer_version_in_staging_starts_the_clock_anew_and_takes_the_old_one_back(promoting: Stage) -> None:
    promoting.publish("6.5.5")
    promoting.one_pass(now=NOON + 3 * DAY)
    promoting.merge(STAGING, NOON + 3 * DAY)

    report = promoting.one_pass(now=NOON + 4 * DAY)

    assert held_until(report) == NOON + 5 * DAY
    assert promoting.pulls() == ()
    promoting.one_pass(now=NOON + 5 * DAY)
    assert [pull.title for pull in promoting.pulls()] == ["deps(production): podinfo 6.5.3 → 6.5.5"]


def test_a_rollback_in_staging_takes_it_back_from_production(promoting: Stage) -> None:
    promoting.one_pass(now=NOON + 2 * DAY)
    promoting.commit({"staging/app.yaml": DEPLOYMENT}, message="back to 6.5.3", at=NOON + 2.5 * DAY)

    report = promoting.one_pass(now=NOON + 3 * DAY)

    assert isinstance(production(report), UpToDate)
    assert [outcome.action for outcome in report.outcomes] == [Action.CLOSED]
    assert (promoting.pulls(), list(promoting.heads())) == ((), ["main"])
    staging = report.decisions[0].watches[0].verdict
    assert isinstance(staging, Held)
    assert staging.hold is Hold.ROLLED_BACK
    again = promoting.one_pass(now=NOON + 30 * DAY)
    assert (again.outcomes, promoting.pulls()) == ((), ())


def test_a_rollback_in_staging_below_production_proposes_nothing(promoting: Stage) -> None:
    promoting.publish("6.5.2")
    promoting.one_pass(now=NOON + 2 * DAY)
    promoting.commit({"staging/app.yaml": DEPLOYMENT.replace("6.5.3", "6.5.2")}, at=NOON + 2.5 * DAY)

    report = promoting.one_pass(now=NOON + 9 * DAY)

    held = production(report)
    assert isinstance(held, Held)
    assert held.hold is Hold.DOWNGRADE
    assert promoting.pulls() == ()


def test_a_bots_commit_that_lies_on_the_branch_itself_counts_from_when_it_was_seen(promoting: Stage) -> None:
    """It carries the date of the commit below it, which may be long ago: a fast-forward leaves no date of its own."""
    promoting.publish("6.5.5")
    promoting.one_pass(now=NOON + 3 * DAY)
    promoting.merge(STAGING, NOON + 3 * DAY, how="--ff-only")

    assert held_until(promoting.one_pass(now=NOON + 4 * DAY)) == NOON + 6 * DAY
    assert isinstance(production(promoting.one_pass(now=NOON + 6 * DAY)), Update)


def test_a_change_beside_the_field_does_not_start_the_clock_anew(promoting: Stage) -> None:
    there = promoting.show("staging/app.yaml")
    promoting.commit({"staging/app.yaml": there.replace("# the app", "# it")}, at=NOON + DAY)
    assert isinstance(production(promoting.one_pass(now=NOON + 2 * DAY)), Update)


def test_one_environment_alone_still_knows_the_other(promoting: Stage) -> None:
    settings, policies = load(promoting.config)
    world = promoting.world()
    assert world.settings == settings
    report = preview(world, only(policies, ("podinfo@production",)), NOON + 2 * DAY)
    assert [str(decision.policy) for decision in report.decisions] == ["podinfo@production"]
    assert isinstance(production(report), Update)


@pytest.mark.parametrize(
    ("file", "kind", "says"),
    [
        pytest.param(None, NoCandidate, "staging, which versions come from, has no field of this image", id="no field"),
        pytest.param("image: [IMAGE:6.5.3\n", Unknown, "versions come from podinfo@staging: ", id="not readable"),
    ],
)
def test_where_staging_has_no_answer_production_stays(
    promoting: Stage, file: str | None, kind: type[Verdict], says: str
) -> None:
    promoting.commit({"staging/app.yaml": file})
    answer = production(promoting.one_pass(now=NOON + 9 * DAY))
    assert isinstance(answer, kind)
    assert says in answer.because


def test_an_environment_of_two_minds_gives_nothing(promoting: Stage) -> None:
    promoting.commit({"staging/other.yaml": DEPLOYMENT})
    answer = production(promoting.one_pass(now=NOON + 9 * DAY))
    assert isinstance(answer, NoCandidate)
    assert "is not of one mind: staging/app.yaml:8 6.5.4, staging/other.yaml:8 6.5.3" in answer.because


def test_promotion_and_soak_hold_together(promoting: Stage) -> None:
    promoting.policy(POLICY.replace("after: 2d}", "after: 2d}, minimumAge: 5d"))
    assert held_until(promoting.one_pass(now=NOON + DAY)) == NOON + 2 * DAY
    held = production(promoting.one_pass(now=NOON + 3 * DAY))
    assert isinstance(held, Held)
    assert (held.hold, held.until) == (Hold.SOAK, NOON + 6 * DAY)


def test_a_version_beside_a_marker_of_flux_has_been_there_since_it_was_merged(tmp_path: Path) -> None:
    """Not since the bot saw it first: such a value says nothing of an image by itself."""
    stage = set_up(tmp_path)
    stage.publish("6.5.3", "6.5.4")
    stage.policy(POLICY + "    imagePolicy: flux-system:podinfo\n")
    values = 'version: 6.5.4 # {"$imagepolicy": "flux-system:podinfo:tag"}\n'
    files = {"staging/values.yaml": values, "production/values.yaml": values.replace("6.5.4", "6.5.3")}
    stage.commit(files, at=NOON - 100 * DAY)
    with stage.registry:
        report = stage.one_pass(now=NOON)

        assert isinstance(production(report), Update), report
        assert "staging has `6.5.4` since 2025-09-23" in stage.pulls()[0].body
