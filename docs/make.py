"""Writes the pages of this folder that follow from the code: `python docs/make.py`. A test says when to."""

from __future__ import annotations

import json
from pathlib import Path

from imagebot.documents.model import Model
from imagebot.documents.reference import reference
from imagebot.documents.schema import json_schema
from imagebot.knownforges import FACTS, ForgeFacts, ForgeKind
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
    return {**pages, HERE / "reference.md": "\n".join(sections)}


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
