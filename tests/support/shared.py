"""The data that lies beside the checkout: real histories and files that are not ours to copy."""

from __future__ import annotations

import gzip
import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

_BESIDE = Path(__file__).parent.parent.parent.parent / "shared"
SHARED = Path(os.environ.get("IMAGEBOT_SHARED", _BESIDE))


@dataclass(frozen=True, slots=True)
class Bumped:
    """One file of one image bump, before and after."""

    path: str
    before: bytes
    after: bytes


@dataclass(frozen=True, slots=True)
class Bump:
    """One image bump of a public repository; `image + to` is what a person would type."""

    commit: str
    image: str
    to: str
    files: tuple[Bumped, ...]


def shared(path: str) -> Path:
    """A file or folder of the shared data; the test is skipped where there is none."""
    if not (SHARED / path).exists():
        pytest.skip(f"there is no {path} in IMAGEBOT_SHARED")
    return SHARED / path


@cache
def bumps() -> tuple[Bump, ...]:
    """All real bumps."""
    with gzip.open(shared("replay/home-ops.jsonl.gz"), "rt", encoding="utf-8") as lines:
        return tuple(_bump(json.loads(line)) for line in lines)


@cache
def corpus() -> tuple[Path, ...]:
    """Every file of the public repositories, in order."""
    return tuple(sorted(path for path in shared("corpus").rglob("*") if path.is_file()))


def _bump(data: dict[str, object]) -> Bump:
    files = data["files"]
    assert isinstance(files, list)
    bumped = (Bumped(file["path"], file["before"].encode(), file["after"].encode()) for file in files)
    return Bump(str(data["commit"]), str(data["image"]), str(data["to"]), tuple(bumped))
