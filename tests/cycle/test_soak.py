"""The soak clock under attack, with a real store: it may begin anew, and never runs ahead.

The attacks are those of a publisher (forged dates, tags that are pushed again), of the machine (clocks, lost state) and
of people in a hurry.
"""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta

import pytest

from imagebot.cycle.report import Action, Report
from imagebot.forge.local import pulls_folder
from imagebot.selection.verdict import Held, Hold, Update, Verdict
from tests.cycle.conftest import DEPLOYMENT, POLICY
from tests.support import oci_folder
from tests.support.stage import NOON, Stage

BRANCH = "imagebot/staging/podinfo"
DAY = timedelta(days=1)
RIPE = NOON + 3 * DAY


@pytest.fixture
def soaking(stage: Stage) -> Stage:
    """The policy wants three days, and a first pass has seen 6.5.4 at noon."""
    stage.policy(POLICY + "    minimumAge: 3d\n")
    assert_soaks(stage.one_pass(), RIPE)
    return stage


def verdict(report: Report) -> Verdict:
    return report.decisions[0].watches[0].verdict


def assert_soaks(report: Report, until: datetime) -> None:
    held = verdict(report)
    assert isinstance(held, Held), held
    assert (held.hold, held.until) == (Hold.SOAK, until)


def test_three_days_later_there_is_a_pull_request_that_says_so(soaking: Stage) -> None:
    assert_soaks(soaking.one_pass(now=RIPE - timedelta(seconds=1)), RIPE)
    assert soaking.pulls() == ()

    assert soaking.one_pass(now=RIPE).outcomes[0].action is Action.OPENED

    (pull,) = soaking.pulls()
    assert "first seen 2026-01-01 12:00 UTC, minimumAge 3d" in pull.body


def test_dates_that_the_publisher_forged_count_for_nothing(soaking: Stage) -> None:
    soaking.publish("6.5.5", created="2019-01-01T00:00:00Z")
    soaking.one_pass(now=NOON + DAY)
    report = soaking.one_pass(now=RIPE)
    assert isinstance(verdict(report), Update)
    assert [update.new.tag for update in report.changes[0].updates] == ["6.5.4"]


def test_a_tag_that_is_pushed_again_begins_anew(soaking: Stage) -> None:
    """Good content first, to let the time run, and then the other."""
    soaking.publish("6.5.4", created="2026-01-04T11:00:00Z")
    assert_soaks(soaking.one_pass(now=RIPE), RIPE + 3 * DAY)


HOUR = timedelta(hours=1)
EVIL, GOOD = "2026-01-01T12:00:00Z", "2026-01-01T13:00:00Z"


@pytest.fixture(params=["sqlite", "branch"])
def pinned(request: pytest.FixtureRequest, stage: Stage) -> Stage:
    """As `soaking`, with digests in the file, and the state in a database or on a branch."""
    if request.param == "branch":
        stage.settings("database: {repository: environments}\n")
    stage.policy(POLICY + "    minimumAge: 3d\n")
    digest = oci_folder.publish(stage.folder / "registry", "acme/podinfo", "6.5.3")
    stage.commit({"staging/app.yaml": DEPLOYMENT.replace('"IMAGE:6.5.3"', f"IMAGE:6.5.3@{digest}")})
    assert_soaks(stage.one_pass(), RIPE)
    return stage


def test_an_image_that_comes_back_to_its_tag_soaks_anew(pinned: Stage) -> None:
    """It stood for another one until an hour ago: nobody has tried this one for three days."""
    pinned.publish("6.5.4", created=GOOD)
    assert_soaks(pinned.one_pass(now=NOON + HOUR), NOON + HOUR + 3 * DAY)
    assert_soaks(pinned.one_pass(now=NOON + 71 * HOUR), NOON + HOUR + 3 * DAY)
    back = NOON + 3 * DAY + HOUR / 2
    pinned.publish("6.5.4", created=EVIL)

    assert_soaks(pinned.one_pass(now=back), back + 3 * DAY)
    assert_soaks(pinned.one_pass(now=back + HOUR), back + 3 * DAY)
    assert pinned.pulls() == ()

    pinned.one_pass(now=back + 3 * DAY)
    (pull,) = pinned.pulls()
    assert pull.body.count("first seen 2026-01-04 12:30 UTC, minimumAge 3d") == 1
    assert "| first seen | – | 2026-01-04 12:30 UTC, minimum age 3d |" in pull.body


def test_who_looks_at_a_tag_without_waiting_for_it_notices_that_it_moved(pinned: Stage) -> None:
    """The policy beside it wants no age, and the one that does is not looked at in that pass."""
    other = POLICY.replace("app: podinfo", "app: other").replace("staging/", "other/")
    soaking = (pinned.folder / "policies" / "podinfo.yaml").read_text()
    (pinned.folder / "policies" / "podinfo.yaml").unlink()
    pinned.policy(other, "other.yaml")
    pinned.commit({"other/app.yaml": DEPLOYMENT})
    pinned.publish("6.5.4", created=GOOD)
    pinned.one_pass(now=NOON + HOUR)
    pinned.publish("6.5.4", created=EVIL)
    pinned.policy(soaking)

    report = pinned.one_pass(now=RIPE)

    held = next(each for each in report.decisions if each.policy.app == "podinfo").watches[0].verdict
    assert isinstance(held, Held), held
    assert held.until == RIPE + 3 * DAY


def test_a_promoted_digest_soaks_on_while_its_tag_moves(stage: Stage) -> None:
    """What comes to production is what staging runs, whatever the tag stands for meanwhile."""
    rule = POLICY.replace(
        'staging: {paths: ["staging/"]}',
        'staging: {paths: ["staging/"]}\n'
        '  production: {paths: ["production/"], from: {environment: staging}, minimumAge: 3d}',
    )
    stage.policy(rule + "    pin: digest\n")
    digest = oci_folder.publish(stage.folder / "registry", "acme/podinfo", "6.5.4", created=EVIL)
    pinned = DEPLOYMENT.replace('"IMAGE:6.5.3"', f"IMAGE:6.5.4@{digest}")
    stage.commit({"staging/app.yaml": pinned, "production/app.yaml": DEPLOYMENT}, at=NOON - DAY)
    stage.one_pass()
    stage.publish("6.5.4", created=GOOD)
    stage.one_pass(now=NOON + DAY)
    report = stage.one_pass(now=RIPE)
    production = next(each for each in report.decisions if each.policy.environment == "production").watches[0].verdict
    assert isinstance(production, Update), production
    assert production.to.digest == digest


def test_a_tag_pushed_again_while_its_pull_request_is_open_takes_that_back(soaking: Stage) -> None:
    soaking.one_pass(now=RIPE)
    soaking.publish("6.5.4", created="2026-01-04T13:00:00Z")

    report = soaking.one_pass(now=RIPE + DAY)

    assert_soaks(report, RIPE + 4 * DAY)
    assert report.outcomes[0].action is Action.CLOSED
    assert (soaking.pulls(), BRANCH in soaking.heads()) == ((), False)
    assert soaking.one_pass(now=RIPE + 4 * DAY).outcomes[0].action is Action.OPENED


def test_a_clock_that_is_set_back_takes_nothing_back_that_was_let_in(soaking: Stage) -> None:
    soaking.one_pass(now=RIPE)

    for minutes in (60, 55):
        report = soaking.one_pass(now=RIPE - timedelta(minutes=minutes))
        assert [outcome.action for outcome in report.outcomes] == [Action.KEPT]

    assert BRANCH in soaking.heads()


def test_a_restart_does_not_shorten_it(soaking: Stage) -> None:
    """Every pass of these tests is a process of its own as far as memory goes; the store is what stays."""
    assert_soaks(soaking.one_pass(soaking.world(), now=NOON + 2 * DAY), RIPE)


def test_lost_state_begins_anew(soaking: Stage) -> None:
    shutil.rmtree(soaking.folder / "state")
    assert_soaks(soaking.one_pass(now=RIPE), RIPE + 3 * DAY)


def test_a_clock_that_was_set_back_makes_nothing_older(soaking: Stage) -> None:
    soaking.publish("6.5.5")
    assert isinstance(verdict(soaking.one_pass(now=NOON - 400 * DAY)), Held)
    soaking.publish("6.5.6")
    soaking.one_pass(now=NOON - 400 * DAY)
    held = verdict(soaking.one_pass(now=NOON + DAY))
    assert isinstance(held, Held)
    assert held.until == RIPE
    assert isinstance(verdict(soaking.one_pass(now=RIPE - timedelta(seconds=1))), Held)


def test_a_rebase_does_not_shorten_it(soaking: Stage) -> None:
    """A pull request of what is ripe is rebuilt on a new base; what soaks beside it goes on soaking."""
    soaking.one_pass(now=RIPE)
    soaking.publish("6.6.0")
    soaking.one_pass(now=RIPE)
    soaking.commit({"staging/app.yaml": DEPLOYMENT.replace("# the app", "# this app")})

    report = soaking.one_pass(now=RIPE + DAY)

    assert [update.new.tag for update in report.changes[0].updates] == ["6.5.4"]
    assert "6.6.0 may run from 2026-01-07 12:00 UTC on" in verdict(report).because
    assert soaking.show("staging/app.yaml", BRANCH) == DEPLOYMENT.replace("# the app", "# this app").replace(
        "6.5.3", "6.5.4"
    )


def test_a_persons_click_does_not_shorten_it(soaking: Stage) -> None:
    """Reopening a pull request that was taken back, or deleting its branch, brings it back no sooner."""
    soaking.one_pass(now=RIPE)
    (pull,) = soaking.pulls()
    soaking.publish("6.5.4", created="2026-01-04T13:00:00Z")
    soaking.one_pass(now=RIPE)
    soaking.git("-C", str(soaking.bare), "branch", BRANCH, "main")
    (record,) = pulls_folder(str(soaking.bare)).glob("[0-9]*")
    record.write_text(record.read_text().replace('state: "closed"', 'state: "open"'))
    assert [reopened.number for reopened in soaking.pulls()] == [pull.number]

    assert_soaks(soaking.one_pass(now=RIPE + DAY), RIPE + 3 * DAY)
    assert soaking.pulls() == ()
