"""Whether the log of one bot tells what the report of another prints."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from tests.endurance.bot import Figures, Line

_CHANGES = re.compile(r"[0-9]+|state[a-z-]*")
_SPACE = re.compile(r"(\\n|\s)+")
_HEAD = 80
"""Characters of a cause that are compared: what follows may be a picture of the line."""


def causes(report: Any) -> set[str]:
    """Why something did not go as people want it."""
    found = {image["because"] for image in report["images"] if image["state"] == "unknown"}
    found |= {pull["because"] for pull in report["pullRequests"] if pull["action"] in ("failed", "waiting")}
    return found | set(report["problems"])


def untold(report: Any, lines: Iterable[Line]) -> list[str]:
    """The causes that no event tells."""
    told = [_plain(line["because"]) for line in lines if "because" in line]
    return [cause for cause in causes(report) if not any(each.startswith(_plain(cause)[:_HEAD]) for each in told)]


def _plain(text: str) -> str:
    """Without what differs from bot to bot and from pass to pass."""
    return _CHANGES.sub("", _SPACE.sub(" ", text))


def grown(figures: Sequence[Figures]) -> dict[str, float]:
    """How much more of each the last quarter holds than the second, on average."""
    quarter = max(len(figures) // 4, 1)
    early, late = figures[quarter : 2 * quarter] or figures[:1], figures[-quarter:]
    return {
        name: _mean([getattr(each, name) for each in late]) - _mean([getattr(each, name) for each in early])
        for name in ("memory", "files", "threads", "state")
    }


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers)
