"""The log alone tells what a pass prints: every failure, wait and doubt with its cause, at the level it deserves."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from imagebot.cycle.report import Action, Report
from imagebot.cycle.world import World
from imagebot.observe.log import log_sink
from imagebot.plan.decision import Decision
from imagebot.selection.verdict import Unknown
from tests.cycle.conftest import DEPLOYMENT, POLICY
from tests.support.stage import NOON, Stage, set_up
from tests.support.web_function import Answer, Asked, Served

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=5)


class Down:
    """A registry that answers nothing but this status."""

    status = 503

    def answer(self, _: Asked) -> Answer:
        return Answer(self.status)


@pytest.fixture
def down() -> Down:
    return Down()


@pytest.fixture
def troubled(tmp_path: Path, down: Down) -> Iterator[Stage]:
    """An app whose registry is down, one that a hook refuses, one that must wait, one that is fine, and a typo."""
    stage = set_up(tmp_path)
    stage.publish("6.5.3", "6.5.4")
    with stage.registry, Served(down.answer) as registry:
        stage.commit({f"{app}/app.yaml": DEPLOYMENT for app in ("fine", "refused", "waits")})
        stage.commit({"down/app.yaml": DEPLOYMENT.replace("IMAGE", f"{registry.host}/acme/podinfo")})
        for app in ("fine", "refused", "waits", "down"):
            text = POLICY.replace("app: podinfo", f"app: {app}").replace("staging/", f"{app}/")
            stage.policy(
                text.replace("IMAGE", f"{registry.host}/acme/podinfo") if app == "down" else text, f"{app}.yaml"
            )
        stage.policy(POLICY.replace("semver", "semvar"), "typo.yaml")
        hook = stage.bare / "hooks" / "update"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text('#!/bin/sh\ncase "$1" in */refused) echo "no pushes on Fridays" >&2; exit 1;; esac\n')
        hook.chmod(0o755)
        stage.settings("limits: {openPullRequests: 2}\n", registries={registry.host: "plainHttp: true"})
        yield stage


def logged(
    stage: Stage, level: str, now: datetime = NOON, process: World | None = None
) -> tuple[Report, list[dict[str, Any]]]:
    """A pass, of a process of its own or of this one, and its log at this level."""
    stream = io.StringIO()
    report = stage.one_pass(replace(process or stage.world(), tell=log_sink("json", level, stream)), now)
    return report, [json.loads(line) for line in stream.getvalue().splitlines()]


def causes(report: Report) -> set[str]:
    """Why something did not go as people want it, as a report prints it."""
    unknown = {line.verdict.because for each in report.decisions for line in each.watches if is_unknown(each)}
    left = {each.because for each in report.outcomes if each.action in (Action.FAILED, Action.WAITING, Action.CLOSED)}
    return unknown | left | set(report.problems)


def is_unknown(decision: Decision) -> bool:
    return all(isinstance(line.verdict, Unknown) for line in decision.watches)


def said(lines: list[dict[str, Any]], *levels: str) -> set[str]:
    return {line["because"] for line in lines if "because" in line and line["level"] in levels}


def one_line(texts: set[str]) -> set[str]:
    return {text.replace("\n", " ").partition("    ")[0].strip() for text in texts}


def test_the_log_alone_tells_what_a_pass_prints(troubled: Stage) -> None:
    for number in range(3):
        report, lines = logged(troubled, "info", NOON + number * MINUTE)

        told = one_line(said(lines, "info", "warning", "error"))
        missing = [cause for cause in one_line(causes(report)) if not any(cause[:60] in each for each in told)]
        assert missing == []
        finished = lines[-1]
        assert finished["event"] == "pass.finished"
        assert (finished["unknown"], finished["failed"], finished["waiting"]) == (1, 1, 1)


def test_an_outage_shows_in_a_log_of_warnings(troubled: Stage) -> None:
    report, lines = logged(troubled, "warning")

    assert report.exit_code == 2
    events = sorted({(line["event"], line["level"]) for line in lines})
    assert events == [
        ("pass.finished", "warning"),
        ("policy.refused", "error"),
        ("pull_request.failed", "warning"),
        ("verdict.reached", "warning"),
    ]
    (failed,) = [line for line in lines if line["event"] == "pull_request.failed"]
    assert "no pushes on Fridays" in failed["because"]
    assert failed["branch"] == "imagebot/staging/refused"


def test_a_trouble_that_goes_on_is_no_flood_of_warnings(troubled: Stage) -> None:
    process = troubled.world()
    logged(troubled, "warning", NOON, process)

    _, again = logged(troubled, "warning", NOON + MINUTE, process)
    _, later = logged(troubled, "warning", NOON + HOUR, process)

    assert again == []
    assert "pass.finished" in {line["event"] for line in later}
    (unknown,) = [line for line in later if line["event"] == "verdict.reached"]
    assert unknown["since"] == NOON.isoformat()
    (failed,) = [line for line in later if line["event"] == "pull_request.failed"]
    assert failed["since"] == NOON.isoformat()


def test_each_run_of_a_pipeline_says_what_still_goes_wrong(troubled: Stage) -> None:
    logged(troubled, "warning")

    _, again = logged(troubled, "warning", NOON + MINUTE)

    assert sorted({line["event"] for line in again}) == [
        "pass.finished",
        "policy.refused",
        "pull_request.failed",
        "verdict.reached",
    ]
    (unknown,) = [line for line in again if line["event"] == "verdict.reached"]
    assert unknown["since"] == NOON.isoformat()


def test_a_trouble_that_comes_again_within_the_hour_is_a_new_one(stage: Stage) -> None:
    process, file = stage.world(), stage.folder / "policies" / "podinfo.yaml"
    sound, typo = file.read_text(), file.read_text().replace("semver", "semvar")
    told = []
    for number, text in enumerate((typo, typo, sound, typo)):
        file.write_text(text)
        _, lines = logged(stage, "warning", NOON + number * MINUTE, process)
        told.append("policy.refused" in [line["event"] for line in lines])

    assert told == [True, False, False, True]


def test_another_cause_is_told_at_once(troubled: Stage, down: Down) -> None:
    process = troubled.world()
    logged(troubled, "warning", NOON, process)
    down.status = 403

    _, again = logged(troubled, "warning", NOON + MINUTE, process)

    (unknown,) = [line for line in again if line["event"] == "verdict.reached"]
    assert unknown["since"] == NOON.isoformat()


def test_what_is_known_again_was_unknown_for_the_first_time_the_next_time(stage: Stage) -> None:
    stage.one_pass()
    stage.registry.close()
    for moment in (NOON + HOUR, NOON + HOUR + MINUTE):
        _, lines = logged(stage, "info", moment)
        (unknown,) = [line for line in lines if line["event"] == "verdict.reached"]
        assert (unknown["verdict"], unknown["since"]) == ("Unknown", (NOON + HOUR).isoformat())
    assert lines[-1]["level"] == "error"  # nothing is known of any app


def test_where_no_policy_can_be_followed_a_pass_ends_in_vain(stage: Stage) -> None:
    stage.policy("app: podinfo\n")

    _, lines = logged(stage, "error")

    assert {line["event"] for line in lines} == {"policy.refused", "pass.finished"}
    assert (lines[-1]["unknown"], lines[-1]["refused"] > 0) == (0, True)


def test_what_is_proposed_or_kept_back_as_before_is_no_news(stage: Stage) -> None:
    _, first = logged(stage, "info")
    _, second = logged(stage, "info", NOON + MINUTE)
    stage.policy(POLICY + "    minimumAge: 3d\n")
    stage.publish("6.5.5")
    process = stage.world()
    _, held = logged(stage, "info", NOON + 2 * MINUTE, process)
    _, still = logged(stage, "info", NOON + 3 * MINUTE, process)

    def verdicts(lines: list[dict[str, Any]]) -> list[tuple[str, bool]]:
        return [(line["verdict"], "since" in line) for line in lines if line["event"] == "verdict.reached"]

    assert [verdicts(lines) for lines in (first, second, held, still)] == [
        [("Update", False)],
        [],
        [("Held", False)],
        [],
    ]


def test_what_is_healthy_and_was_so_before_is_told_to_who_wants_all(stage: Stage) -> None:
    stage.commit({"staging/app.yaml": DEPLOYMENT.replace("6.5.3", "6.5.4")})
    _, first = logged(stage, "info")
    _, second = logged(stage, "info", NOON + MINUTE)
    _, all_of_it = logged(stage, "debug", NOON + 2 * MINUTE)

    assert [line["verdict"] for line in first if line["event"] == "verdict.reached"] == ["UpToDate"]
    assert [line["event"] for line in second] == ["pass.started", "pass.finished"]
    assert [line["verdict"] for line in all_of_it if line["event"] == "verdict.reached"] == ["UpToDate"]
