"""The bot runs, troubles come and go, and another bot's report says what its log must tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.endurance.bot import Bot, Figures, Line, once, running
from tests.endurance.compare import causes, untold
from tests.endurance.scene import Scene, scene
from tests.endurance.troubles import Trouble


@dataclass(frozen=True)
class Seen:
    """One pass in trouble: how many causes the report had, and which of them the log did not tell."""

    trouble: Trouble
    causes: int
    untold: list[str]
    healthy: bool
    bugs: list[Line]
    figures: Figures


def endure(folder: Path, troubles: Iterator[Trouble]) -> Iterator[Seen]:
    """A pass of `run` and one of `once` in each of these. Raises `AssertionError` if the bot ends."""
    with scene(folder) as place, running(place.config("state"), folder / "state") as bot:
        other = place.config("state-of-once")
        for trouble in troubles:
            yield _seen(place, bot, other, trouble)
        assert bot.raw == [], "each line of the log is an event"


def _seen(place: Scene, bot: Bot, other: Path, trouble: Trouble) -> Seen:
    place.publish()
    with trouble.during(place):
        lines = bot.one_pass()
        report = once(other)
    place.forget()
    healthy = f"1.{place.version}.0" in place.stage.show("healthy/app.yaml", "imagebot/production/healthy")
    bugs = [line for line in lines if line["event"] == "bug.met"]
    return Seen(trouble, len(causes(report)), untold(report, lines), healthy, bugs, bot.figures())
