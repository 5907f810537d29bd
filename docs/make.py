"""Writes the pages of this folder that follow from the code: `python docs/make.py`. A test says when to."""

from __future__ import annotations

import json
from pathlib import Path

from imagebot.documents.model import Model
from imagebot.documents.reference import reference
from imagebot.documents.schema import json_schema
from imagebot.knownforges import FACTS, ForgeFacts, ForgeKind
from imagebot.observe.metric_names import METRICS
from imagebot.policy.defaults import Defaults
from imagebot.policy.model import PolicyFile
from imagebot.settings.file import SettingsFile
from imagebot.versions.order_pages import order_pages

HERE = Path(__file__).parent
FORGES = """## Forges

What differs between them. Where a forge of one's own is asked, `apiUrl` may say where its API is.

| `forge:` | known by the host | API elsewhere | a body has | people ask by | merges by itself | code owners |
|---|---|---|---|---|---|---|
"""
INTRODUCTION = """# What can be written in the files

Made from the models by `python docs/make.py`. Every scalar is taken as it is written: `1.10` stays `1.10`.
A key with nothing behind it is as good as absent; an unknown key is an error.
"""


METRICS_PAGE = """# Metrics

Made from the code by `python docs/make.py`. `imagebot run` serves them where the settings say so, with its health:

    metrics: {listen: ":9090"}

| path | what it says |
|---|---|
| `/metrics` | the numbers below, as Prometheus' text or as OpenMetrics, and those of the process (`process_*`) |
| `/livez` | 503 once no pass has begun for three intervals and a minute, or one has taken two hours: start it anew |
| `/readyz` | 503 until a first pass has ended, while `imagebot.yaml` is wrong, and while the state cannot be kept |

It is plain http, GET alone, one answer a connection; who asks slowly, much or oddly keeps nobody else waiting. Who may
ask is up to the network: [deploy/](../deploy/README.md#metrics-and-alerts) lets in one namespace. Labels are
repositories of `imagebot.yaml`, hosts, and words from short lists: never a tag, a URL, a person or a secret. Gauges
are as the last pass left them and change together when one ends; counters begin anew with the process.
[docs/alerts.md](alerts.md) has rules to be woken by.

| metric | kind | labels | what it says |
|---|---|---|---|
"""


def contents() -> dict[Path, str]:
    """Each page and what it should say."""
    files: dict[str, tuple[type[Model], str]] = {
        "policy": (PolicyFile, "Policy file"),
        "defaults": (Defaults, "_defaults.yaml"),
        "settings": (SettingsFile, "imagebot.yaml"),
    }
    pages = {
        HERE / f"{name}.schema.json": json.dumps(json_schema(*file), indent=2, ensure_ascii=False) + "\n"
        for name, file in files.items()
    }
    sections = [INTRODUCTION, reference(*files.values()), forges(), order_pages()]
    return {**pages, HERE / "reference.md": "\n".join(sections), HERE / "metrics.md": metrics()}


def metrics() -> str:
    """A page of all metrics."""
    rows = (
        f"| `{one.name}` | {one.kind} | {', '.join(f'`{label}`' for label in one.labels)} | {one.says} |\n"
        for one in METRICS
    )
    return METRICS_PAGE + "".join(rows).replace("|  |", "| |")


def forges() -> str:
    """A table of what is known of each forge."""
    return FORGES + "".join(_row(kind, facts) for kind, facts in FACTS.items())


def _row(kind: ForgeKind, facts: ForgeFacts) -> str:
    cells = (
        f"`{kind}`",
        ", ".join(facts.hosts) or "–",
        f"`https://HOST{facts.api_path}`" if facts.api_path else "–",
        f"{facts.body_limit} characters",
        "boxes and labels" if facts.labels else "comments",
        f"no: {facts.no_auto_merge}" if facts.no_auto_merge else "where something is required",
        f"`{facts.codeowners.places[0]}` and the like" if facts.codeowners else "none",
    )
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    for path, text in contents().items():
        path.write_text(text, encoding="utf-8")
