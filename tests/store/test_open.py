from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from imagebot.forge.protocol import Forge
from imagebot.selection.hand_holds import HandHold
from imagebot.selection.verdict import Held, UpToDate
from imagebot.settings.resolve import RepositorySettings
from tests.cycle.conftest import DEPLOYMENT
from tests.support.stage import NOON, Stage, set_up

POLICY = """\
app: podinfo
repository: environments
environments: {staging: {paths: [staging/], minimumAge: 3d}}
images: [{image: IMAGE, semver: ^6.5}]
"""
DAY = timedelta(days=1)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Stage]:
    """An app that soaks, one version behind."""
    stage = set_up(tmp_path)
    stage.publish("6.5.3", "6.5.4")
    stage.policy(POLICY)
    stage.commit({"staging/app.yaml": DEPLOYMENT})
    with stage.registry:
        yield stage


def forget_the_disk(stage: Stage) -> None:
    """As between two jobs in a pipeline."""
    shutil.rmtree(stage.folder / "state")


@pytest.mark.parametrize("where", ["", "database: {repository: environments}\n"], ids=["folder", "branch"])
def test_a_soak_goes_on_in_the_next_process(shop: Stage, where: str) -> None:
    shop.settings(where)
    shop.one_pass()
    if where:
        forget_the_disk(shop)
    assert not shop.one_pass(now=NOON + 2 * DAY).outcomes
    if where:
        forget_the_disk(shop)
    (outcome,) = shop.one_pass(now=NOON + 3 * DAY).outcomes
    assert outcome.action == "opened"


def test_a_folder_that_is_lost_starts_the_soak_again(shop: Stage) -> None:
    shop.one_pass()
    forget_the_disk(shop)
    assert not shop.one_pass(now=NOON + 3 * DAY).outcomes
    assert shop.one_pass(now=NOON + 6 * DAY).outcomes


def test_a_server_keeps_it_as_well(shop: Stage, postgresql_url: str) -> None:
    (shop.folder / "url").write_text(f"{postgresql_url}\n")
    shop.settings("database: {urlFile: url}\n")
    shop.one_pass()
    forget_the_disk(shop)
    assert shop.one_pass(now=NOON + 3 * DAY).outcomes
    assert not (shop.folder / "state" / "state.db").exists()


def test_a_pass_without_news_leaves_the_branch_alone(shop: Stage) -> None:
    shop.settings("database: {repository: environments}\n")
    shop.one_pass()
    before = shop.heads()
    assert sorted(before) == ["imagebot/+state", "main"]
    shop.one_pass(now=NOON + DAY)
    shop.one_pass(now=NOON + 2 * DAY)
    assert shop.heads() == before


def test_the_state_branch_costs_no_question_to_the_forge(shop: Stage) -> None:
    """While the bot has no branch that proposes something, its pull requests are not listed."""

    def no_forge(_: RepositorySettings) -> Forge:
        raise AssertionError("the forge was asked")

    shop.settings("database: {repository: environments}\n")
    shop.one_pass()
    shop.one_pass(replace(shop.world(), forge=no_forge), now=NOON + DAY)


def test_what_a_plan_sees_is_not_pushed(shop: Stage) -> None:
    shop.settings("database: {repository: environments}\n")
    assert shop.imagebot("plan").code == 0
    assert sorted(shop.heads()) == ["main"]


def test_a_hold_counts_from_the_next_pass_on(shop: Stage) -> None:
    """In a world that is open already, as that of `imagebot run` is."""
    shop.policy(POLICY.replace(", minimumAge: 3d", ""))
    world = shop.world()
    world.store().hold(HandHold("podinfo", "staging", "6.5.4", "ada", NOON, "breaks the login page"))
    (decision,) = shop.one_pass(world).decisions
    verdict = decision.watches[0].verdict
    assert isinstance(verdict, Held)
    assert "by ada on 2026-01-01, breaks the login page" in verdict.because
    assert shop.imagebot("unhold", "podinfo", "6.5.4").code == 0
    assert shop.one_pass(world).outcomes


def test_the_last_verdict_of_each_policy_is_remembered(shop: Stage) -> None:
    shop.one_pass()
    (verdict,) = shop.world().store().last_verdicts()
    assert (verdict.app, verdict.environment, verdict.image) == ("podinfo", "staging", shop.image)
    assert (verdict.state, verdict.tag, verdict.until, verdict.at) == ("Held", "6.5.4", NOON + 3 * DAY, NOON)
    shop.commit({"staging/app.yaml": DEPLOYMENT.replace("6.5.3", "6.5.4")})
    report = shop.one_pass(now=NOON + DAY)
    assert isinstance(report.decisions[0].watches[0].verdict, UpToDate)
    (verdict,) = shop.world().store().last_verdicts()
    assert (verdict.state, verdict.at) == ("UpToDate", NOON + DAY)


def test_a_database_that_cannot_be_used_stops_the_pass(shop: Stage) -> None:
    """What is held is not known, so nothing may be written."""
    (shop.folder / "state").mkdir()
    (shop.folder / "state" / "state.db").write_text("no database at all, but long enough to be looked at" * 99)
    done = shop.imagebot("once")
    assert (done.code, done.out) == (2, "")
    assert "state.db cannot be used: file is not a database; move it away" in done.err
    assert shop.pulls() == ()


@pytest.mark.parametrize(
    ("database", "unwanted"),
    [
        pytest.param("", {"psycopg", "alembic"}, id="folder"),
        pytest.param("database: {repository: environments}\n", {"psycopg", "alembic", "sqlalchemy"}, id="branch"),
    ],
)
def test_a_store_loads_its_own_libraries_only(shop: Stage, database: str, unwanted: set[str]) -> None:
    shop.settings(database)
    shop.world().store()
    script = (
        "import json, sys; from pathlib import Path; from imagebot.cli.compose import load, world_of;"
        "world = world_of(load(Path(sys.argv[1]))[0]); before = 'sqlalchemy' in sys.modules; world.store().holds();"
        "print(json.dumps([before, sorted(sys.modules)]))"
    )
    command = [sys.executable, "-c", script, str(shop.config)]
    before, after = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert not before
    assert unwanted & set(after) == set()


def test_postgresql_without_its_driver_says_what_to_install(shop: Stage) -> None:
    """The driver is an extra: who keeps the state in a file does not pay for it."""
    (shop.folder / "url").write_text("postgresql://imagebot@db.example.com/imagebot")
    shop.settings("database: {urlFile: url}\n")
    script = (
        "import sys; sys.modules['psycopg'] = None; sys.argv = ['imagebot', 'once', '--config', sys.argv[1]];"
        "from imagebot.cli.main import run; run()"
    )
    command = [sys.executable, "-c", script, str(shop.config)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert "`database` wants PostgreSQL's driver: install `imagebot[postgresql]`" in done.stderr
