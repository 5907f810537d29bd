"""Writes the pages of this folder that follow from the code: `python docs/make.py`. A test says when to."""

from __future__ import annotations

import json
from pathlib import Path

from imagebot.documents.model import Model
from imagebot.documents.reference import reference
from imagebot.documents.schema import json_schema
from imagebot.policy.model import PolicyFile
from imagebot.settings.file import SettingsFile
from imagebot.versions.order_pages import order_pages

HERE = Path(__file__).parent
INTRODUCTION = """# What can be written in the files

Made from the models by `python docs/make.py`. Every scalar is taken as it is written: `1.10` stays `1.10`.
A key with nothing behind it is as good as absent; an unknown key is an error.
"""


def contents() -> dict[Path, str]:
    """Each page and what it should say."""
    files: dict[str, tuple[type[Model], str]] = {
        "policy": (PolicyFile, "Policy file"),
        "settings": (SettingsFile, "imagebot.yaml"),
    }
    pages = {
        HERE / f"{name}.schema.json": json.dumps(json_schema(*file), indent=2, ensure_ascii=False) + "\n"
        for name, file in files.items()
    }
    sections = [INTRODUCTION, *(reference(*file) for file in files.values()), order_pages()]
    return {**pages, HERE / "reference.md": "\n".join(sections)}


if __name__ == "__main__":
    for path, text in contents().items():
        path.write_text(text, encoding="utf-8")
