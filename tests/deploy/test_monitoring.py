"""Alert rules, the pages about them, and the metrics in the code are about the same things."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from imagebot.observe.metric_names import METRICS
from tests.deploy.test_kubernetes import CONTAINER, FOLDER, MANIFESTS

ROOT = FOLDER.parent.parent
MONITORING = FOLDER.parent / "monitoring"
ALERTS = (ROOT / "docs" / "alerts.md").read_text()
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((MONITORING / "prometheusrule.yaml").read_text())["spec"]["groups"]
    for rule in group["rules"]
]
NAMES = {metric.name: metric for metric in METRICS}
PAGES = [page for kind in ("*.md", "docs/*.md", "deploy/**/*.md", "deploy/**/*.yaml") for page in ROOT.glob(kind)]
METRIC = re.compile(r"\bimagebot_[a-z_]+")


def test_every_metric_that_is_named_is_there() -> None:
    named = {name: page.name for page in PAGES for name in METRIC.findall(page.read_text())}
    assert {name: page for name, page in named.items() if name not in NAMES} == {}
    assert {"metrics.md", "prometheusrule.yaml"} <= set(named.values())


def test_every_metric_is_told_of() -> None:
    assert set(METRIC.findall((ROOT / "docs" / "metrics.md").read_text())) == NAMES.keys()


def test_every_alert_has_its_section_and_every_section_its_alert() -> None:
    sections = re.findall(r"^## (\w+)\n\n(\w+)\.", ALERTS, re.MULTILINE)

    assert [(rule["alert"], rule["labels"]["severity"]) for rule in RULES] == [
        (alert, severity.lower()) for alert, severity in sections
    ]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_a_rule_is_what_prometheus_takes(rule: dict[str, Any]) -> None:
    """And asks for labels and values that there are."""
    assert rule.keys() - {"for"} == {"alert", "expr", "labels", "annotations"}
    assert re.fullmatch(r"[0-9]+[mhd]", rule.get("for", "1m"))
    first = NAMES[METRIC.findall(rule["expr"])[0]]
    for metric, selectors in re.findall(r"(\w+)\{([^}]*)\}", rule["expr"]):
        for label, values in re.findall(r'(\w+)=~?"([^"]*)"', selectors):
            assert label in NAMES[metric].labels
            assert all(re.search(rf"\b{value}\b", NAMES[metric].says) for value in values.split("|"))
    for label in re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]):
        assert label in first.labels


def test_the_monitor_scrapes_the_port_that_the_settings_open() -> None:
    monitor = yaml.safe_load((MONITORING / "podmonitor.yaml").read_text())
    settings = yaml.safe_load((FOLDER / "imagebot.yaml").read_text())
    [endpoint] = monitor["spec"]["podMetricsEndpoints"]
    [port] = CONTAINER["ports"]

    assert settings["metrics"]["listen"] == f":{port['containerPort']}"
    assert (endpoint["port"], endpoint["path"]) == (port["name"], "/metrics")
    labels = MANIFESTS["deployment.yaml"]["spec"]["template"]["metadata"]["labels"]
    assert monitor["spec"]["selector"]["matchLabels"].items() <= labels.items()


@pytest.mark.parametrize(("probe", "path"), [("livenessProbe", "/livez"), ("readinessProbe", "/readyz")])
def test_the_kubelet_asks_what_is_served(probe: str, path: str) -> None:
    asked = CONTAINER[probe]["httpGet"]

    assert (asked["path"], asked["port"]) == (path, CONTAINER["ports"][0]["name"])
