"""The heartbeat: a pass now, then one every so often, and one of a part when somebody calls; never two at once, until a
signal says stop.

APScheduler waits for moments of the wall clock, and people and NTP move that: back, and no pass is due for as long.
So the clocks are compared every few seconds, and where they part, the next pass is set anew.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED, EVENT_JOB_MAX_INSTANCES, JobEvent
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from imagebot import clock
from imagebot.errors import FINE
from imagebot.observe.events import ClockStepped, Event, MachineSlept, ReloadAsked, ScheduleChanged, TickSkipped
from imagebot.stop import Order, Stop

GRACE = 9.0
"""Seconds that a pass has to end after a signal; Kubernetes and Flux grant ten before they kill."""

_SHORTEST_JITTER = 1
_LOOKS = 5.0
"""Seconds between two looks at the clocks: so long may a pass be late after a step."""
_SOON = timedelta(milliseconds=50)
_GATHERED = 1.0
"""Seconds after a call in which others may come that are looked at together: a push of an image is several."""
_STEP = 2.0
"""Seconds that the wall clock may gain or lose between two looks: a clock that is slewed does less."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """Seconds on the wall, since the start of the machine, and of those in which it was awake."""

    wall: Callable[[], float] = clock.wall
    boottime: Callable[[], float] = clock.boottime
    awake: Callable[[], float] = clock.awake


CLOCKS = Clocks()


class ClockWatch:
    """Tells what became of the clocks since it looked last."""

    def __init__(self, clocks: Clocks) -> None:
        self._clocks = clocks
        self._stepped = self._slept = 0.0
        self.look()

    def look(self) -> tuple[float, float]:
        """Seconds that the wall clock was set forward (or back, below 0), and that the machine slept."""
        boottime = self._clocks.boottime()
        stepped, slept = self._clocks.wall() - boottime, boottime - self._clocks.awake()
        found = stepped - self._stepped, slept - self._slept
        self._stepped, self._slept = stepped, slept
        return found


class _After(BaseTrigger):  # type: ignore[misc]
    """So long after now, whatever the clock was before: APScheduler's own goes through all that lies in between.

    `soon`: the next time, once, at once.
    """

    def __init__(self, every: timedelta) -> None:
        self.soon = False
        self._every = every
        self._jitter = max(int(every.total_seconds() / 10), _SHORTEST_JITTER)

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        if self.soon:
            self.soon = False
            return now + _SOON
        due: datetime = self._apply_jitter(now + self._every, self._jitter, now)
        return due


class _WhenAsked(BaseTrigger):  # type: ignore[misc]
    """Never by itself; and never over: who removes a job while the scheduler ends makes it stumble."""

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        return now + timedelta(days=36500)


class Heart:
    """Carries out passes. `one_pass` takes the time, and returns how long after its beginning the next one is due.

    `called` takes the time as well, looks at what somebody called about, and returns after how many seconds there is
    more of that to look at, or None. `failed` is called, once, with what a pass raised. `idle` is set while there is
    none.
    """

    def __init__(
        self,
        every: timedelta,
        one_pass: Callable[[datetime], timedelta],
        tell: Callable[[Event], None],
        clocks: Clocks = CLOCKS,
        called: Callable[[datetime], float | None] = lambda _: None,
    ) -> None:
        self.idle = threading.Event()
        self.idle.set()
        self.failed: Callable[[BaseException], None] = _raise
        self._every = every
        self._one_pass = one_pass
        self._called = called
        self._tell = tell
        self._clocks = clocks
        self._watch = ClockWatch(self._clocks)
        self._due = self._clocks.boottime()
        self._again = False
        self._ticks = self._looks = False
        self._look_at: float | None = None
        self._state = threading.Lock()
        self._one_at_a_time = threading.Lock()
        self._scheduler = BackgroundScheduler(timezone=UTC)
        # misfire_grace_time=None: by default a tick that waits over a second for a busy worker is dropped silently.
        once = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
        self._trigger = _After(every)
        self._worker = 0
        self.job = self._scheduler.add_job(self._beat, self._trigger, **once, next_run_time=clock.now())
        # One that looks, one that waits for that to end, and one whose moment a step of the clock brought twice.
        self.looks = self._scheduler.add_job(
            self._look, _WhenAsked(), **{**once, "max_instances": 3}, next_run_time=None
        )
        self._scheduler.add_listener(self._skipped, EVENT_JOB_MAX_INSTANCES)
        # Only then does APScheduler take the job for ended: a tick before that is skipped.
        self._scheduler.add_listener(self._ended, EVENT_JOB_EXECUTED | EVENT_JOB_ERROR)

    def start(self) -> None:
        """Begin: the first pass is due now."""
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)  # what it has to say are events of ours
        self._scheduler.start()

    def end(self) -> None:
        """No more passes; one that is on its way goes on."""
        self._scheduler.shutdown(wait=False)

    def reload(self) -> None:
        """Do a pass now, or once the present one has ended: what it reads first are the settings."""
        self._tell(ReloadAsked())
        self._again = True
        if not self._ticks:
            self._set_anew(0.0)

    def look_soon(self, seconds: float = _GATHERED) -> None:
        """Have `called` look in so many seconds, unless it will sooner; the next pass is due when it was."""
        at = self._clocks.boottime() + seconds
        with self._state:
            known = self._look_at is not None and self._look_at <= at
            self._look_at = self._look_at if known else at
        if not known:
            self._look_in(seconds)

    def look(self) -> None:
        """Set the next pass anew if the clocks have parted, or if the machine slept through it."""
        stepped, slept = self._watch.look()
        if abs(stepped) >= _STEP:
            self._tell(ClockStepped(round(stepped, 1)))
        if slept >= _STEP:
            self._tell(MachineSlept(round(slept, 1)))
        if abs(stepped) >= _STEP or slept >= _STEP:
            self._set_anew(max(self._due - self._clocks.boottime(), 0.0))
            if self._look_at is not None:
                self._look_in(0.0)

    def _look_in(self, seconds: float) -> None:
        self.looks.modify(next_run_time=self._in(seconds))

    def _set_anew(self, seconds: float) -> None:
        self.job.modify(next_run_time=self._in(seconds))

    def _in(self, seconds: float) -> datetime:
        return datetime.fromtimestamp(self._clocks.wall(), UTC) + timedelta(seconds=seconds)

    def begins(self) -> None:
        """A pass begins: from now on the next one is due in so long."""
        with self._state:
            self._ticks = True
            self.idle.clear()
        self._again = False
        self._due = self._clocks.boottime() + self._every.total_seconds()

    def _beat(self) -> None:
        self._worker = threading.get_ident()
        self.begins()
        try:
            with self._one_at_a_time:
                self._heed(self._one_pass(clock.now()))
        except BaseException as error:  # noqa: BLE001 raised again in the main thread
            self.failed(error)

    def _look(self) -> None:
        with self._one_at_a_time:
            with self._state:
                self._looks, self._look_at = True, None
                self.idle.clear()
            try:
                left = self._called(clock.now())
            except BaseException as error:  # noqa: BLE001 raised again in the main thread
                left = None
                self.failed(error)
            with self._state:
                self._looks = False
                self._may_be_idle()
        if left is not None:
            self.look_soon(left)

    def _may_be_idle(self) -> None:
        if not self._ticks and not self._looks:
            self.idle.set()

    def _ended(self, event: JobEvent) -> None:
        if event.job_id != self.job.id:
            return
        with self._state:
            self._ticks = False
            self._may_be_idle()
        if not self._again:
            return
        if threading.get_ident() == self._worker:
            self._set_anew(0.0)
        else:  # it ended before the scheduler had handed it over: only then is the next time asked for
            self._trigger.soon = True

    def _heed(self, every: timedelta) -> None:
        if every != self._every:
            self._tell(ScheduleChanged(self._every.total_seconds(), every.total_seconds()))
            self._due += every.total_seconds() - self._every.total_seconds()
            self._every = every
            self._trigger = _After(every)
            self.job.modify(trigger=self._trigger)
            self._set_anew(max(self._due - self._clocks.boottime(), 0.0))

    def _skipped(self, event: JobEvent) -> None:
        if event.job_id != self.job.id:
            return
        self._due = self._clocks.boottime() + self._every.total_seconds()
        self._tell(TickSkipped(f"a pass takes longer than the {self._every.total_seconds():g} s of `every`"))


def serve(heart: Heart, stop: Stop) -> int:
    """Let it beat until `stop` is set; an order to reload has it beat now.

    A pass that raises is a bug outside of all bulkheads: it ends the process, which the cluster restarts. A pass that
    does not end within `GRACE` seconds of a signal is cut off: the next start repairs what it left. Returns the exit
    code.
    """
    failures: list[BaseException] = []

    def failed(error: BaseException) -> None:
        failures.append(error)
        stop.set()

    heart.failed = failed
    stop.heed()
    heart.start()
    while not stop():
        match _next_order(stop.orders):
            case "reload":
                heart.reload()
            case None:
                heart.look()
    heart.end()
    if not heart.idle.wait(GRACE):
        os._exit(FINE)
    if failures:
        raise failures[0]
    return FINE


def _raise(error: BaseException) -> None:
    raise error


def _next_order(orders: SimpleQueue[Order]) -> Order | None:
    try:
        return orders.get(timeout=_LOOKS)
    except Empty:
        return None
