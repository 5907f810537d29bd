"""What a pass tells machines at its end, as `imagebot run` counts it."""

from __future__ import annotations

import pytest

from imagebot.observe import metric_names as names
from imagebot.observe.metric_names import Metric
from imagebot.observe.metrics import PassMetrics, Series
from tests.cycle.conftest import DEPLOYMENT, POLICY, World
from tests.support.stage import NOON, Stage
from tests.support.web_function import Answer, Served

OTHER = POLICY.replace("app: podinfo", "app: other").replace("staging:", "production:").replace("staging/", "prod/")


def counted(stage: Stage, metrics: PassMetrics | None = None) -> PassMetrics:
    """What is counted of one pass, and of those before it."""
    metrics = metrics or PassMetrics(300.0)
    stage.one_pass(stage.world(metrics.tell))
    return metrics


def of(metrics: PassMetrics, metric: Metric) -> Series:
    """One family, without what is zero."""
    return {labels: number for labels, number in metrics.numbers().series.get(metric, {}).items() if number}


def test_a_pass_that_opens_a_pull_request(stage: Stage) -> None:
    metrics = counted(stage)

    assert of(metrics, names.POLICIES) == {("environments", "outdated"): 1}
    assert of(metrics, names.OPEN) == {("environments",): 1}
    assert of(metrics, names.ACTIONS) == {("environments", "opened"): 1}
    assert of(metrics, names.OLDEST) == {("environments",): NOON.timestamp()}
    assert of(metrics, names.REQUESTS)[stage.registry.host, "ok"] >= 2
    assert of(metrics, names.REPOSITORY_SUCCEEDED).keys() == {("environments",)}


def test_what_people_merge_has_ended(stage: Stage) -> None:
    metrics = counted(stage)
    stage.merge("imagebot/staging/podinfo", NOON)

    counted(stage, metrics)

    assert of(metrics, names.POLICIES) == {("environments", "current"): 1}
    assert of(metrics, names.OPEN) == {}
    assert of(metrics, names.ACTIONS) == {("environments", "opened"): 1, ("environments", "ended"): 1}


def test_one_registry_that_fails_is_no_word_about_the_others(stage: Stage) -> None:
    """Its policies are unknown since then and its repository had no success; what is told of the rest is told."""
    with Served(lambda _: Answer(500)) as broken:
        stage.settings(registries={broken.host: "plainHttp: true"})
        stage.policy(OTHER.replace("IMAGE", f"{broken.host}/acme/other"), "other.yaml")
        stage.commit({"prod/app.yaml": DEPLOYMENT.replace("IMAGE", f"{broken.host}/acme/other")})

        metrics = counted(stage)

    assert of(metrics, names.POLICIES) == {("environments", "unknown"): 1, ("environments", "outdated"): 1}
    assert of(metrics, names.UNKNOWN_SINCE) == {("environments",): NOON.timestamp()}
    assert of(metrics, names.REPOSITORY_SUCCEEDED) == {}
    assert of(metrics, names.REQUESTS)[broken.host, "error"] >= 1
    assert {outcome for host, outcome in of(metrics, names.REQUESTS) if host == stage.registry.host} == {"ok"}
    assert of(metrics, names.OPEN) == {("environments",): 1}


def test_who_wants_to_be_left_alone_is_told_until_when(world: World) -> None:
    world.faults.append(lambda _: Answer(429, (("Retry-After", "900"),)))

    metrics = counted(world.stage)

    assert of(metrics, names.POLICIES) == {("environments", "waiting"): 1}
    assert of(metrics, names.WAIT).keys() == {("registry", world.stage.registry.host)}
    assert of(metrics, names.REPOSITORY_SUCCEEDED).keys() == {("environments",)}


@pytest.mark.parametrize(
    ("settings", "verb", "state"),
    [
        pytest.param("", ["suspend", "podinfo", "--because", "moving"], "suspended", id="suspended"),
        pytest.param('freezes: [{from: "2026-01-01", to: "2026-01-02"}]\n', [], "frozen", id="frozen"),
        pytest.param("", ["hold", "podinfo@staging", "6.5.4", "--because", "odd"], "held", id="held"),
    ],
)
def test_what_is_kept_back_is_told_by_its_kind(stage: Stage, settings: str, verb: list[str], state: str) -> None:
    stage.settings(settings)
    if verb:
        said = stage.imagebot(*verb)
        assert said.code == 0, said.err

    assert of(counted(stage), names.POLICIES) == {("environments", state): 1}
