"""The heartbeat keeps its pace whatever becomes of the clocks, and says so."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from imagebot.observe.events import ClockStepped, Event, MachineSlept, ReloadAsked, ScheduleChanged, TickSkipped
from imagebot.serve import Clocks, ClockWatch, Heart

HOUR, MINUTE = 3600.0, 60.0
LONG = 60.0
EVERY = timedelta(minutes=5)


@dataclass
class Machine:
    """Three clocks, which somebody moves, and what was told."""

    wall: float = 1_700_000_000.0
    boottime: float = 5_000.0
    awake: float = 4_000.0
    told: list[Event] = field(default_factory=list)

    @property
    def clocks(self) -> Clocks:
        return Clocks(lambda: self.wall, lambda: self.boottime, lambda: self.awake)

    def works(self, seconds: float) -> None:
        self.wall, self.boottime, self.awake = self.wall + seconds, self.boottime + seconds, self.awake + seconds

    def sleeps(self, seconds: float) -> None:
        self.wall, self.boottime = self.wall + seconds, self.boottime + seconds

    def heart(self) -> Heart:
        """One that was never started: who looks at the clocks is this test, and no pass is ever carried out."""
        return Heart(EVERY, lambda _: EVERY, self.told.append, self.clocks)

    def due(self, heart: Heart) -> float:
        """Seconds from now to the next pass, as the scheduler has it."""
        moment: datetime = heart.job.next_run_time
        return moment.timestamp() - self.wall


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.mark.parametrize("step", [-HOUR, HOUR, -30 * 24 * HOUR, 40 * 365 * 24 * HOUR])
def test_a_clock_that_is_set_keeps_no_pass_from_its_time(machine: Machine, step: float) -> None:
    heart = machine.heart()
    machine.works(MINUTE)
    machine.wall += step

    heart.look()

    assert machine.told == [ClockStepped(step)]
    assert machine.due(heart) == 0.0  # the first pass, which was due at once


def test_a_step_between_two_passes_moves_the_next_one_with_the_clock(machine: Machine) -> None:
    heart = machine.heart()
    heart.begins()
    machine.works(MINUTE)
    machine.wall -= HOUR

    heart.look()

    assert machine.due(heart) == EVERY.total_seconds() - MINUTE


def test_a_machine_that_slept_through_a_pass_does_it_when_it_wakes(machine: Machine) -> None:
    heart = machine.heart()
    heart.begins()
    machine.works(MINUTE)
    machine.sleeps(8 * HOUR)

    heart.look()

    assert machine.told == [MachineSlept(8 * HOUR)]
    assert machine.due(heart) == 0.0


def test_a_clock_that_is_slewed_is_no_news(machine: Machine) -> None:
    heart = machine.heart()
    for _ in range(100):
        machine.works(5.0)
        machine.wall += 0.1
        heart.look()

    assert machine.told == []


def test_a_step_is_told_once(machine: Machine) -> None:
    watch = ClockWatch(machine.clocks)
    machine.wall -= HOUR
    machine.sleeps(MINUTE)

    assert watch.look() == (-HOUR, MINUTE)
    assert watch.look() == (0.0, 0.0)


@dataclass
class Passes:
    """Passes that end when they are let, each with a pace for the next."""

    every: list[timedelta]
    told: list[Event] = field(default_factory=list)
    began: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    ends: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    skipped: threading.Event = field(default_factory=threading.Event)
    scheduled: threading.Event = field(default_factory=threading.Event)
    left: list[float | None] = field(default_factory=list)
    looked: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    busy: threading.Lock = field(default_factory=threading.Lock)

    def called(self, now: datetime) -> float | None:
        """A look at what somebody called about: never beside a pass."""
        assert now.tzinfo is UTC
        assert self.busy.acquire(blocking=False)
        self.looked.release()
        left = self.left.pop(0)
        self.busy.release()
        return left

    def one(self, now: datetime) -> timedelta:
        assert now.tzinfo is UTC
        assert self.busy.acquire(blocking=False)
        self.began.release()
        assert self.ends.acquire(timeout=LONG)
        self.busy.release()
        return self.every.pop(0)

    def tell(self, event: Event) -> None:
        self.told.append(event)
        if isinstance(event, TickSkipped):
            self.skipped.set()
        if isinstance(event, ScheduleChanged):
            self.scheduled.set()


@pytest.fixture
def hearts() -> Iterator[list[Heart]]:
    hearts: list[Heart] = []
    yield hearts
    for heart in hearts:
        heart.end()


def beating(passes: Passes, every: timedelta, hearts: list[Heart]) -> Heart:
    heart = Heart(every, passes.one, passes.tell, called=passes.called)
    hearts.append(heart)
    heart.start()
    return heart


def test_a_pass_now_and_another_when_somebody_asks(hearts: list[Heart]) -> None:
    passes = Passes([EVERY, EVERY])
    heart = beating(passes, EVERY, hearts)
    assert passes.began.acquire(timeout=LONG)

    heart.reload()
    passes.ends.release()

    assert passes.began.acquire(timeout=LONG)
    passes.ends.release()
    assert heart.idle.wait(LONG)
    assert passes.told == [ReloadAsked()]


def test_a_new_pace_is_heeded_from_the_next_pass_on(hearts: list[Heart]) -> None:
    passes = Passes([timedelta(seconds=1), timedelta(seconds=1)])
    beating(passes, timedelta(hours=1), hearts)
    for _ in range(2):
        assert passes.began.acquire(timeout=LONG)
        passes.ends.release()

    assert passes.told == [ScheduleChanged(HOUR, 1.0)]


def test_a_pass_that_takes_longer_than_its_pace_is_told(hearts: list[Heart]) -> None:
    passes = Passes([timedelta(hours=1)])
    heart = beating(passes, timedelta(seconds=1), hearts)
    assert passes.began.acquire(timeout=LONG)

    assert passes.skipped.wait(LONG)

    passes.ends.release()
    assert heart.idle.wait(LONG)
    assert TickSkipped("a pass takes longer than the 1 s of `every`") in passes.told


def test_a_call_is_looked_at_soon_and_the_next_pass_is_due_when_it_was(hearts: list[Heart]) -> None:
    passes = Passes([EVERY], left=[None])
    heart = beating(passes, EVERY, hearts)
    assert passes.began.acquire(timeout=LONG)
    passes.ends.release()
    assert heart.idle.wait(LONG)
    due = heart.job.next_run_time

    for _ in range(3):
        heart.look_soon(0.05)

    assert passes.looked.acquire(timeout=LONG)
    assert heart.idle.wait(LONG)
    assert heart.job.next_run_time == due
    assert passes.left == []  # three calls, one look


def test_a_call_during_a_pass_is_looked_at_after_it(hearts: list[Heart]) -> None:
    passes = Passes([EVERY], left=[None])
    heart = beating(passes, EVERY, hearts)
    assert passes.began.acquire(timeout=LONG)
    heart.look_soon(0.0)
    heart.look_soon(0.0)

    passes.ends.release()

    assert passes.looked.acquire(timeout=LONG)


def test_one_that_may_be_looked_at_now_does_not_wait_for_one_that_may_not(hearts: list[Heart]) -> None:
    passes = Passes([EVERY], left=[HOUR, None])
    heart = beating(passes, EVERY, hearts)
    assert passes.began.acquire(timeout=LONG)
    passes.ends.release()
    heart.look_soon(0.0)
    assert passes.looked.acquire(timeout=LONG)
    assert heart.idle.wait(LONG)

    heart.look_soon(0.0)

    assert passes.looked.acquire(timeout=LONG)


def test_what_could_not_be_looked_at_yet_is_looked_at_later(hearts: list[Heart]) -> None:
    passes = Passes([EVERY], left=[0.05, None])
    heart = beating(passes, EVERY, hearts)
    assert passes.began.acquire(timeout=LONG)
    passes.ends.release()

    heart.look_soon(0.0)

    for _ in range(2):
        assert passes.looked.acquire(timeout=LONG)


def test_a_clock_that_is_set_keeps_no_call_waiting(machine: Machine) -> None:
    heart = machine.heart()
    heart.look_soon(1.0)
    machine.wall -= HOUR

    heart.look()

    assert heart.looks.next_run_time.timestamp() == machine.wall


ENDS = """
from datetime import timedelta
from imagebot.serve import Heart, serve
from imagebot.stop import Stop

def broken(now):
    raise RuntimeError("outside of all bulkheads")

print("ended with", serve(Heart(timedelta(hours=1), broken, print), Stop()))
"""


def test_a_bug_outside_of_all_bulkheads_ends_the_process_and_is_shown() -> None:
    """Swallowed, it would look like a bot that was told to stop."""
    done = subprocess.run([sys.executable, "-c", ENDS], capture_output=True, text=True, timeout=LONG, check=False)

    assert (done.returncode, done.stdout) == (1, "")
    assert "RuntimeError: outside of all bulkheads" in done.stderr
