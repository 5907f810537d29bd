"""When the process had better be started anew, and when it does not do what its settings say."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from imagebot.observe.events import (
    ConfigurationRefused,
    Event,
    PassAbandoned,
    PassFailed,
    PassFinished,
    PassStarted,
    ScheduleChanged,
    StateUnsaved,
)
from imagebot.observe.health import LONGEST_PASS_S, MISSED, SLACK_S, PassHealth

BEGUN = PassStarted(1)
ENDED = PassFinished(1, 2.0, 7, 1, 2, 3, 1, 0, 0, 0, 0, 0)
BEGUN_PART, ENDED_PART = replace(BEGUN, part=True), replace(ENDED, part=True)
EVERY_S = 300.0
LATE_S = MISSED * EVERY_S + SLACK_S + 1


@dataclass
class Clock:
    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


def heard(*events: Event | float) -> PassHealth:
    """What is known after these; a number is seconds that pass."""
    clock = Clock()
    health = PassHealth(EVERY_S, clock)
    for event in events:
        if isinstance(event, Event):
            health.tell(event)
        else:
            clock.seconds += event
    return health


@pytest.mark.parametrize(
    ("events", "still"),
    [
        pytest.param([], "", id="just begun"),
        pytest.param([LATE_S], "no pass has begun for 961 s", id="never a pass"),
        pytest.param([BEGUN, ENDED, LATE_S - 2], "", id="in time"),
        pytest.param([BEGUN, ENDED, LATE_S], "no pass has begun for 961 s", id="no other pass"),
        pytest.param([BEGUN, PassAbandoned("stop"), LATE_S], "no pass has begun for 961 s", id="after one given up"),
        pytest.param([600.0, PassFailed("no"), 600.0, PassFailed("no")], "", id="one that fails is one"),
        pytest.param([BEGUN, LONGEST_PASS_S], "", id="a long pass"),
        pytest.param([BEGUN, LONGEST_PASS_S + 1], "a pass has taken 7201 s", id="one that never ends"),
        pytest.param(
            [*[BEGUN_PART, 480.0, ENDED_PART] * 2, 2.0], "no pass has begun for 962 s", id="parts are no pass"
        ),
        pytest.param([ScheduleChanged(EVERY_S, 3600.0), BEGUN, ENDED, LATE_S], "", id="a slower pace"),
    ],
)
def test_a_scheduler_that_stands_still_is_noticed(events: list[Event | float], still: str) -> None:
    assert heard(*events).stands_still() == still


@pytest.mark.parametrize(
    ("events", "lacks"),
    [
        pytest.param([], "no pass", id="just begun"),
        pytest.param([BEGUN], "no pass", id="in the first pass"),
        pytest.param([BEGUN, ENDED], "", id="after it, whatever it found"),
        pytest.param([BEGUN, ENDED, BEGUN], "", id="in the second"),
        pytest.param([BEGUN, StateUnsaved("full"), ENDED], "state", id="a full disk"),
        pytest.param([BEGUN, StateUnsaved("full"), ENDED, BEGUN, ENDED], "", id="room again"),
        pytest.param([BEGUN, ENDED, PassFailed("no")], "state", id="a state that cannot be opened"),
        pytest.param([BEGUN, ENDED, ConfigurationRefused("no"), BEGUN, ENDED], "imagebot.yaml", id="wrong settings"),
        pytest.param([ConfigurationRefused("no"), BEGUN, ENDED, BEGUN, ENDED], "", id="mended settings"),
    ],
)
def test_ready_is_who_does_what_the_settings_say(events: list[Event | float], lacks: str) -> None:
    reasons = heard(*events).is_not_ready()

    assert [lacks in reason for reason in reasons] == ([True] if lacks else [])
