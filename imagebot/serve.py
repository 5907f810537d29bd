"""The heartbeat: a pass now, then one every so often, never two at once, until a signal says stop."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import FrameType

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from imagebot import clock
from imagebot.errors import FINE

GRACE = 9.0
"""Seconds that a pass has to end after a signal; Kubernetes and Flux grant ten before they kill."""

_SHORTEST_JITTER = 1


class Stop:
    """Set by SIGTERM or SIGINT; a pass asks it between steps."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def __call__(self) -> bool:
        return self._event.is_set()

    def set(self, signum: int, frame: FrameType | None) -> None:
        self._event.set()

    def wait(self) -> None:
        self._event.wait()


def serve(every: timedelta, one_pass: Callable[[datetime], None], stop: Stop) -> int:
    """Run `one_pass(now)` at once and then every `every`, spread by a tenth of it, until `stop` is set.

    A pass that raises is a bug: it ends the process, which the cluster restarts. A pass that does not end within
    `GRACE` seconds of a signal is cut off: the next start repairs what it left. Returns the exit code.
    """
    failures: list[BaseException] = []
    idle = threading.Event()
    idle.set()

    def job() -> None:
        idle.clear()
        try:
            one_pass(clock.now())
        except BaseException as error:  # noqa: BLE001 raised again in the main thread
            failures.append(error)
            stop.set(signal.SIGTERM, None)
        finally:
            idle.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop.set)
    scheduler = BackgroundScheduler(timezone=UTC)
    jitter = max(int(every.total_seconds() / 10), _SHORTEST_JITTER)
    trigger = IntervalTrigger(seconds=int(every.total_seconds()), jitter=jitter, timezone=UTC)
    # misfire_grace_time=None: by default a tick that waits over a second for a busy worker is dropped without a word.
    scheduler.add_job(job, trigger, max_instances=1, coalesce=True, misfire_grace_time=None, next_run_time=clock.now())
    scheduler.start()
    stop.wait()
    scheduler.shutdown(wait=False)
    if not idle.wait(GRACE):
        os._exit(FINE)
    if failures:
        raise failures[0]
    return FINE
