"""`imagebot history` as people run it, on what they and the bot did."""

from __future__ import annotations

import csv
import getpass
import io
import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cycle.conftest import DEPLOYMENT, POLICY
from tests.support.git_repos import BareRepository
from tests.support.past_events import a_past
from tests.support.stage import NOON, Stage, set_up

TWO = POLICY.replace(
    'staging: {paths: ["staging/"]}', 'staging: {paths: ["staging/"]}\n  production: {paths: ["production/"]}'
)
EVIL = "=Eve\x1b[31m[bold]\u202e"


def then(day: float) -> datetime:
    return NOON + timedelta(days=day)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """An app that the bot moved once and a person once, and took back; nothing here changes any more."""
    return live(tmp_path_factory.mktemp("lived"))


@pytest.fixture
def living(tmp_path: Path) -> Stage:
    """The same, of one's own."""
    return live(tmp_path)


def live(folder: Path) -> Stage:
    stage = set_up(folder)
    stage.publish("6.5.3", "6.5.4")
    stage.policy(TWO)
    stage.commit({"staging/app.yaml": DEPLOYMENT, "production/app.yaml": DEPLOYMENT}, at=then(0))
    with stage.registry:
        stage.one_pass()
    stage.merge("imagebot/staging/podinfo", then(2))
    stage.commit(
        {"staging/app.yaml": DEPLOYMENT.replace("6.5.3", "6.6.0")}, at=then(3), message="by hand\nof two lines"
    )
    again = DEPLOYMENT.replace("6.5.3", "6.5.4")
    stage.commit({"staging/app.yaml": again}, at=then(3.5) + timedelta(seconds=59), message="Revert it")
    return stage


def changes(stage: Stage, *words: str) -> list[dict[str, Any]]:
    said = stage.imagebot("history", *words, "--json")
    assert said.code == 0, said.err
    found: list[dict[str, Any]] = json.loads(said.out)["changes"]
    return found


def short(change: dict[str, Any]) -> tuple[str, str, str, str, bool]:
    new = change["fields"][0]["new"]["tag"]
    return (change["environment"], new, change["how"], change["since"][:10], change["back"])


def test_it_tells_who_brought_which_version_where_and_when(lived: Stage) -> None:
    found = changes(lived)
    assert [short(change) for change in found] == [
        ("staging", "6.5.4", "by hand", "2026-01-05", True),
        ("staging", "6.6.0", "by hand", "2026-01-04", False),
        ("staging", "6.5.4", "imagebot", "2026-01-03", False),
        ("production", "6.5.3", "by hand", "2026-01-01", False),
        ("staging", "6.5.3", "by hand", "2026-01-01", False),
    ]
    bots = found[2]
    assert (bots["authors"], bots["mergedBy"], bots["tookSeconds"]) == (["imagebot"], "Ada", None)
    assert (bots["kind"], bots["fields"][0]["line"], bots["fields"][0]["file"]) == ("patch", 8, "staging/app.yaml")
    assert found[1]["subject"] == "by hand"


def test_the_forge_is_asked_about_its_pull_requests(lived: Stage) -> None:
    """A local one knows no commits, and who merged wrote no number: nothing is guessed."""
    assert changes(lived, "--forge")[2]["review"] is None


def test_the_forge_adds_who_merged_and_how_long_it_was_open(tmp_path: Path) -> None:
    """What it merged itself has a number in git."""
    stage = set_up(tmp_path)
    stage.publish("6.5.3", "6.5.4")
    stage.policy(POLICY)
    stage.commit({"staging/app.yaml": DEPLOYMENT})
    with stage.registry:
        stage.one_pass()
    assert stage.imagebot("pr", "merge", "1").code == 0
    (newest, *_) = changes(stage, "--forge")
    assert (newest["how"], newest["number"], newest["mergedBy"]) == ("imagebot", 1, getpass.getuser())
    assert newest["review"]["url"].endswith("environments.pulls/1.md")
    assert newest["review"]["opened"] <= newest["review"]["merged"]
    assert newest["tookSeconds"] is not None
    assert "1.md" in stage.imagebot("history", "--forge").out


def test_it_tells_the_same_again_and_on_a_fresh_clone(living: Stage) -> None:
    heads = living.heads()
    told = [living.imagebot("history") for _ in range(2)]
    shutil.rmtree(living.folder / "state")
    told.append(living.imagebot("history"))
    assert [(said.code, said.out) for said in told] == [(0, told[0].out)] * 3
    assert living.heads() == heads


@pytest.mark.parametrize(
    ("words", "tags"),
    [
        pytest.param(["--environment", "production"], ["6.5.3"], id="an environment"),
        pytest.param(["podinfo@production"], ["6.5.3"], id="an app in an environment"),
        pytest.param(["podinfo", "--since", "100000d"], ["6.5.4", "6.6.0", "6.5.4", "6.5.3", "6.5.3"], id="far back"),
        pytest.param(["--since", "1s"], [], id="just now"),
    ],
)
def test_it_tells_only_what_is_asked(lived: Stage, words: list[str], tags: list[str]) -> None:
    assert [change["fields"][0]["new"]["tag"] for change in changes(lived, *words)] == tags


@pytest.mark.parametrize(
    ("at", "tags"),
    [
        pytest.param("2025-12-31", [], id="before there was anything"),
        pytest.param("2026-01-01", ["6.5.3", "6.5.3"], id="a day is its end"),
        pytest.param("2026-01-03T11:59", ["6.5.3", "6.5.3"], id="a moment in UTC"),
        pytest.param("2026-01-03T13:00+01:00", ["6.5.3", "6.5.4"], id="a moment elsewhere"),
        pytest.param("2026-01-04T12:00:00Z", ["6.5.3", "6.6.0"], id="by hand"),
        pytest.param("2100-01-01", ["6.5.3", "6.5.4"], id="now"),
    ],
)
def test_it_tells_what_every_field_said_then(lived: Stage, at: str, tags: list[str]) -> None:
    said = json.loads(lived.imagebot("history", "--at", at, "--json").out)
    assert [field["tag"] for field in said["fields"]] == tags


def test_a_commit_is_a_moment_too_also_one_that_a_merge_brought(lived: Stage) -> None:
    line = lived.git("-C", str(lived.bare), "log", "--format=%h %s", "main").splitlines()
    made = next(each.split()[0] for each in line if "deps(staging)" in each)
    fields = json.loads(lived.imagebot("history", "--at", made, "--json").out)["fields"]
    assert [field["since"][:10] for field in fields] == ["2026-01-01", "2026-01-03"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["--at", "abcdef012345"], "no base branch has a commit abcdef012345", id="no such commit"),
        pytest.param(["--at", "yesterday"], "is no day, moment or commit", id="no date"),
        pytest.param(["--at", "2026-02-31"], "is no day, moment or commit", id="no such day"),
        pytest.param(["--at", "2026-01-01", "--dora"], "--at is one moment", id="figures of a moment"),
        pytest.param(["--since", "a while"], "--since: 'a while' is no duration", id="no duration"),
        pytest.param(["--environment", "test"], "there is no 'test'; there are: production, staging", id="environment"),
        pytest.param(["podinf"], "did you mean podinfo?", id="app"),
    ],
)
def test_wrong_words_are_one_line(lived: Stage, words: list[str], said: str) -> None:
    answer = lived.imagebot("history", *words)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert answer.err.count("\n") == 1


def test_regret_a_name_that_is_a_formula_runs_in_no_spreadsheet_and_no_terminal(living: Stage) -> None:
    work = living.clone()
    living.git("-C", str(work), "config", "user.name", "x")
    text = DEPLOYMENT.replace("6.5.3", "6.7.0").replace("IMAGE", living.image)
    (work / "staging" / "app.yaml").write_text(text)
    who = f"{EVIL} <eve@example.com>"
    living.git("-C", str(work), "commit", "-qam", "+1", f"--author={who}", at=then(9))
    living.git("-C", str(work), "push", "-q", "origin", "main")
    table, rows = living.imagebot("history").out, living.imagebot("history", "--csv").out
    assert "\x1b" not in table + rows
    assert "\u202e" not in table + rows
    assert "[31m[bold]" in table
    newest = next(iter(csv.DictReader(io.StringIO(rows))))
    assert newest["authors"].startswith("'=Eve")
    assert (newest["subject"], newest["mergedBy"], newest["new"]) == ("'+1", "Ada", "6.7.0")
    assert changes(living)[0]["authors"] == [EVIL]


def test_figures_come_with_what_they_leave_out(lived: Stage) -> None:
    said = json.loads(lived.imagebot("history", "--dora", "--json").out)
    production, staging, every = said["figures"]
    assert (production["deployments"], staging["deployments"], every["deployments"]) == (1, 4, 5)
    assert every["changeFailRate"] == {"part": 1, "whole": 5, "percent": 20.0}
    assert every["recoveryTime"] == {"p50Seconds": 43259, "p95Seconds": 43259, "of": 1}
    assert every["changeLeadTime"] is None
    assert every["imagebot"] == {"part": 1, "whole": 5, "percent": 20.0}
    assert production["recoveryTime"] is None
    assert len(said["limits"]) == 6
    table = lived.imagebot("history", "--dora").out
    assert "not known" in table
    assert "p50 12h, p95 12h (of 1)" in table, "to the minute"
    assert "nobody knows when the failure was noticed" in table
    assert len(lived.imagebot("history", "--dora", "--csv").out.splitlines()) == 4
    sooner = json.loads(lived.imagebot("history", "--dora", "--failed-within", "1h", "--json").out)
    assert sooner["figures"][-1]["changeFailRate"]["part"] == 0


def test_one_dead_repository_does_not_hide_the_others(living: Stage) -> None:
    living.policy(TWO.replace("app: podinfo", "app: other").replace("environments\n", "gone\n", 1), "other.yaml")
    living.settings(repository=f"  gone: {{url: {living.folder}/gone.git, forge: local}}\n")
    said = living.imagebot("history")
    assert said.code == 1
    assert "6.6.0" in said.out
    assert "gone.git" in said.out


def test_a_wrong_policy_is_told_and_the_others_are_read(living: Stage) -> None:
    living.policy("app: [", "wrong.yaml")
    said = living.imagebot("history", "--csv")
    assert said.code == 2
    assert "wrong.yaml:1" in said.err
    assert len(said.out.splitlines()) == 6


def test_a_thousand_commits_that_the_bot_never_touched(tmp_path: Path) -> None:
    stage = set_up(tmp_path)
    past = a_past(3, 1000, with_bot=False)
    past.write(BareRepository(stage.bare))
    for app in ("api", "web", "till"):
        paths = f"staging: {{paths: [clusters/staging/{app}*/]}}, production: {{paths: [clusters/production/{app}*/]}}"
        images = f"images: [{{image: 127.0.0.1:1/acme/{app}, semver: '*'}}]"
        stage.policy(f"app: {app}\nrepository: environments\nenvironments: {{{paths}}}\n{images}\n", f"{app}.yaml")
    found = changes(stage)
    assert len(found) == len(past.told)
    assert sum(change["back"] for change in found) == sum(any(move[5] for move in told.moves) for told in past.told)
