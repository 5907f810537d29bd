"""Events become numbers, in one place, and never more of them than there is room for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as text

from imagebot.observe import metric_names as names
from imagebot.observe.events import (
    AnswerMissed,
    BugMet,
    ConfigurationRefused,
    Event,
    ForgeWarned,
    PassAbandoned,
    PassFailed,
    PassFinished,
    PassStarted,
    PullsCounted,
    ScheduleChanged,
    StateUnsaved,
    TickSkipped,
)
from imagebot.observe.exposition import Exposition
from imagebot.observe.figures import RegistryAsked, RepositoryPassed, WaitOrdered
from imagebot.observe.metric_names import METRICS, Metric
from imagebot.observe.metrics import MOST_SERIES, PassMetrics
from imagebot.observe.webhooks import WebhookCalled

NOW = 1_800_000_000.0
THEN = datetime(2026, 1, 1, tzinfo=UTC)
BEGUN = PassStarted(3)
ENDED = PassFinished(0, 2.0, 7, 1, 2, 3, 1, 0, 0, 0, 0, 0)
QUIET = RepositoryPassed("environments", True, {"current": 3}, "", 2, 2, THEN.isoformat(), 0, 0, 0, 0, 0, 0)
FAILING = replace(QUIET, ok=False, policies={"unknown": 1, "current": 2}, unknown_since=THEN.isoformat(), failed=1)

WHOLE = (BEGUN, QUIET, ENDED)
PART = (
    replace(BEGUN, policies=1, part=True),
    replace(QUIET, policies={"outdated": 1}, opened=1),
    replace(ENDED, part=True),
)


def counted(*events: Event) -> PassMetrics:
    """What a process counts that heard of these."""
    metrics = PassMetrics(300.0, lambda: NOW)
    for event in events:
        metrics.tell(event)
    return metrics


@pytest.mark.parametrize(
    ("events", "metric", "labels", "number"),
    [
        pytest.param([], names.INTERVAL, (), 300.0, id="interval"),
        pytest.param([ScheduleChanged(300.0, 60.0)], names.INTERVAL, (), 60.0, id="another interval"),
        pytest.param([], names.FINISHED, (), 0.0, id="no pass yet"),
        pytest.param([BEGUN, ENDED], names.FINISHED, (), NOW, id="a pass ended"),
        pytest.param([BEGUN, ENDED], names.SUCCEEDED, (), NOW, id="and all was fine"),
        pytest.param([BEGUN, replace(ENDED, exit_code=1)], names.SUCCEEDED, (), 0.0, id="not all was"),
        pytest.param([BEGUN, ENDED], names.PASSES, ("ok",), 1.0, id="passes"),
        pytest.param([BEGUN, replace(ENDED, exit_code=3)], names.PASSES, ("bug",), 1.0, id="passes with a bug"),
        pytest.param([PassFailed("no")], names.PASSES, ("failed",), 1.0, id="passes that failed"),
        pytest.param([BEGUN, PassAbandoned("stop")], names.PASSES, ("abandoned",), 1.0, id="passes given up"),
        pytest.param([BEGUN, QUIET, ENDED], names.POLICIES, ("environments", "current"), 3, id="policies"),
        pytest.param([BEGUN, FAILING, ENDED], names.UNKNOWN_SINCE, ("environments",), THEN.timestamp(), id="unknown"),
        pytest.param([BEGUN, QUIET, ENDED], names.UNKNOWN_SINCE, ("environments",), None, id="nothing unknown"),
        pytest.param([BEGUN, QUIET, ENDED], names.REPOSITORY_SUCCEEDED, ("environments",), NOW, id="success"),
        pytest.param([BEGUN, FAILING, ENDED], names.REPOSITORY_SUCCEEDED, ("environments",), 0.0, id="never a success"),
        pytest.param([BEGUN, FAILING, ENDED], names.FAILED, ("environments",), 1, id="failed actions"),
        pytest.param([BEGUN, QUIET, ENDED], names.OPEN, ("environments",), 2, id="open"),
        pytest.param([BEGUN, replace(QUIET, open=None), ENDED], names.OPEN, ("environments",), None, id="nobody knows"),
        pytest.param([BEGUN, QUIET, ENDED], names.OLDEST, ("environments",), THEN.timestamp(), id="the oldest"),
        pytest.param([BEGUN, replace(QUIET, waiting=4), ENDED], names.WAITING, ("environments",), 4, id="waiting"),
        pytest.param([replace(QUIET, opened=2)] * 2, names.ACTIONS, ("environments", "opened"), 4, id="opened"),
        pytest.param([QUIET, replace(QUIET, listed=1)], names.ACTIONS, ("environments", "ended"), 1, id="merged"),
        pytest.param(
            [QUIET, replace(QUIET, listed=3)], names.ACTIONS, ("environments", "ended"), 0, id="opened by hand"
        ),
        pytest.param([replace(QUIET, forge_writes=5)], names.FORGE_WRITES, ("environments",), 5, id="forge writes"),
        pytest.param([BEGUN, ENDED], names.FETCHES, (), 1, id="fetches"),
        pytest.param([BEGUN, ENDED], names.PUSHES, (), 2, id="pushes"),
        pytest.param([WebhookCalled("a", "forged")] * 2, names.CALLS, ("a", "forged"), 2, id="calls"),
        pytest.param([*WHOLE, *PART], names.POLICIES, ("environments", "current"), 3, id="a part is not all"),
        pytest.param([*WHOLE, *PART], names.PASSES, ("ok",), 1.0, id="a part is no pass"),
        pytest.param([*WHOLE, *PART], names.PUSHES, (), 4, id="a part pushes"),
        pytest.param([*WHOLE, *PART], names.ACTIONS, ("environments", "opened"), 1, id="a part opens"),
        pytest.param([*PART, *WHOLE], names.POLICIES, ("environments", "current"), 3, id="a pass after a part"),
        pytest.param(PART, names.FINISHED, (), 0.0, id="no pass but a part"),
        pytest.param([RegistryAsked("r.test", {"ok": 7})], names.REQUESTS, ("r.test", "ok"), 7, id="requests"),
        pytest.param([PullsCounted("r.test", 9, 100, 60), ENDED], names.PULLS_LEFT, ("r.test",), 9, id="pulls left"),
        pytest.param(
            [WaitOrdered("forge", "f.test", THEN.isoformat()), ENDED], names.WAIT, ("forge", "f.test"), THEN.timestamp()
        ),
        pytest.param([replace(ENDED, refused=2)], names.PROBLEMS, (), 2, id="problems"),
        pytest.param([ConfigurationRefused("no"), BEGUN, ENDED], names.REFUSED, (), 1, id="settings refused"),
        pytest.param([ConfigurationRefused("no"), ENDED, ENDED], names.REFUSED, (), 0, id="settings mended"),
        pytest.param([ConfigurationRefused("no"), PassFailed("no")], names.REFUSED, (), 1, id="refused and failed"),
        pytest.param([BEGUN, StateUnsaved("full"), ENDED], names.UNSAVED, (), 1, id="disk full"),
        pytest.param([BEGUN, StateUnsaved("full"), ENDED, BEGUN, ENDED], names.UNSAVED, (), 0, id="room again"),
        pytest.param([AnswerMissed("r", "list", "late")], names.MISSED, (), 1, id="missed"),
        pytest.param([TickSkipped("long")], names.SKIPPED, (), 1, id="skipped"),
        pytest.param([ForgeWarned("environments", "odd")], names.WARNINGS, ("environments",), 1, id="warnings"),
        pytest.param([BugMet("list", "odd", "")], names.BUGS, (), 1, id="bugs"),
    ],
)
def test_what_an_event_counts_for(
    events: Sequence[Event], metric: Metric, labels: tuple[str, ...], number: float | None
) -> None:
    assert counted(*events).numbers().series.get(metric, {}).get(labels) == number


def test_no_scrape_sees_half_of_a_pass() -> None:
    metrics = counted(BEGUN, QUIET, ENDED)
    before = metrics.numbers().series[names.POLICIES]

    metrics.tell(PassStarted(3))
    metrics.tell(FAILING)

    assert metrics.numbers().series[names.POLICIES] == before
    assert names.UNKNOWN_SINCE not in metrics.numbers().series


def test_a_repository_that_is_gone_leaves_no_gauge_behind() -> None:
    metrics = counted(BEGUN, QUIET, replace(QUIET, repository="old"), ENDED, BEGUN, QUIET, ENDED)

    assert {labels[0] for labels in metrics.numbers().series[names.POLICIES]} == {"environments"}


def test_registries_that_come_and_go_for_years_do_not_fill_the_memory() -> None:
    metrics = counted(*(RegistryAsked(f"r{number}.test", {"ok": 1}) for number in range(MOST_SERIES + 50)))

    series = metrics.numbers().series[names.REQUESTS]
    assert len(series) == MOST_SERIES + 1
    assert series["other", "other"] == 50


@pytest.mark.parametrize("opened", [False, True], ids=["text", "OpenMetrics"])
def test_prometheus_reads_all_of_it(opened: bool) -> None:
    """By its own parser; each family is there under its name once something happened that it counts."""
    everything = [
        BEGUN,
        FAILING,
        RegistryAsked("r.test", {"ok": 1}),
        WaitOrdered("registry", "r.test", THEN.isoformat()),
        PullsCounted("r.test", 1, 2, 3),
        ForgeWarned("environments", "odd"),
        StateUnsaved("full"),
        replace(ENDED, seconds=20.0),
        WebhookCalled("harbor", "heeded"),
        BEGUN,
    ]
    page, _ = Exposition(counted(*everything).numbers).page(open_metrics=opened)

    families = list((open_metrics if opened else text)(page.decode()))

    found = {sample.name: sample for family in families for sample in family.samples}
    assert {metric.name for metric in METRICS} - found.keys() == {names.DURATION.name}
    buckets = {
        sample.labels["le"]: sample.value
        for family in families
        for sample in family.samples
        if sample.name == f"{names.DURATION.name}_bucket"
    }
    assert (buckets["10.0"], buckets["30.0"], buckets["+Inf"]) == (0, 1, 1)
    assert found[f"{names.DURATION.name}_sum"].value == 20.0


def test_names_are_as_prometheus_wants_them() -> None:
    """As in https://prometheus.io/docs/practices/naming/ and no other labels than those few."""
    for metric in METRICS:
        assert metric.name.startswith("imagebot_")
        assert metric.name.endswith("_total") == (metric.kind == "counter")
        assert metric.name.endswith("_info") == (metric.kind == "info")
        assert not metric.name.endswith(("_ms", "_minutes", "_count", "_sum", "_bucket"))
        assert set(metric.labels) <= {
            "repository",
            "registry",
            "state",
            "action",
            "outcome",
            "receiver",
            "result",
            "party",
            "host",
            "version",
        }
    assert len({metric.name for metric in METRICS}) == len(METRICS)
