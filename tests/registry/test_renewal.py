"""Credentials that end are renewed before they do, once, and nobody waits for longer than his own time."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import pytest

from imagebot.errors import Refused, Unavailable
from imagebot.registry.limits import PATIENCE, Deadline
from imagebot.registry.logins import Basic
from imagebot.registry.renewal import Issued, Renewal
from imagebot.secret import Secret


@dataclass
class Source:
    """Hands out one credential after the other, each for an hour; `hours` is the time. Raises `trouble` if it has any.

    Each time that it was asked it says so in `asked`; it waits for `open` before it answers.
    """

    hours: float = 0.0
    seconds: float = 3600.0
    trouble: Exception | None = None
    given: int = 0
    asked: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    open: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.open.set()

    def clock(self) -> float:
        return self.hours * 3600

    def issue(self) -> Issued:
        self.given += 1
        number = self.given
        self.asked.release()
        self.open.wait()
        if self.trouble is not None:
            raise self.trouble
        return Issued(credential(number), self.seconds)


def credential(number: int) -> Basic:
    return Basic("AWS", Secret(f"password {number}"))


def renewal(source: Source) -> Renewal:
    return Renewal("the password", source.issue, source.clock)


def soon(seconds: float = 30.0) -> Deadline:
    return Deadline(replace(PATIENCE, total=seconds))


def until(found: Callable[[], object], wanted: object) -> None:
    """What a thread of its own changes is there at some time; pytest ends who waits for ever."""
    while found() != wanted:
        threading.Event().wait(0.001)


def test_a_credential_is_renewed_at_four_fifths_of_its_life_and_used_meanwhile() -> None:
    source = Source()
    password = renewal(source)
    for source.hours in (0.0, 0.5, 0.79):
        assert password.get(soon()) == credential(1)
    assert source.given == 1
    source.hours = 0.81
    source.open.clear()
    assert password.get(soon()) == credential(1), "nobody waits while one lives"
    source.open.set()
    until(lambda: password.get(soon()), credential(2))
    assert source.given == 2


def test_days_of_passes_never_meet_a_credential_that_ended() -> None:
    """Every quarter of an hour for three days: what lives for an hour is asked for once an hour."""
    source = Source()
    password = renewal(source)
    born: dict[object, float] = {}
    for quarter in range(3 * 24 * 4):
        source.hours = quarter / 4
        given = password.get(soon())
        assert source.hours - born.setdefault(given, source.hours) < 1
    assert source.given == len(born) == 72


def test_one_renewal_at_a_time_however_many_wait() -> None:
    source = Source()
    source.open.clear()
    password = renewal(source)
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(password.get, soon()) for _ in range(8)]
        source.asked.acquire()
        source.open.set()
        assert [each.result() for each in waiting] == [credential(1)] * 8
    assert source.given == 1


def test_a_source_that_hangs_costs_whoever_asks_his_own_time_and_one_thread() -> None:
    source = Source()
    source.open.clear()
    password = renewal(source)
    for _ in range(3):
        with pytest.raises(Unavailable, match=r"^the password did not come in time$"):
            password.get(soon(0.01))
    assert source.given == 1
    source.open.set()
    assert password.get(soon()) == credential(1)


def test_an_old_one_serves_until_it_ends_where_no_new_one_can_be_had() -> None:
    source = Source()
    password = renewal(source)
    assert password.get(soon()) == credential(1)
    source.trouble = Refused("nobody is known here any more")
    for source.hours in (0.85, 0.9, 0.99):
        assert password.get(soon()) == credential(1)
    source.hours = 1.01
    with pytest.raises(Refused, match=r"^nobody is known here any more$"):
        password.get(soon())


def test_a_failure_is_told_to_all_for_a_while_and_then_asked_about_again() -> None:
    source = Source(trouble=Refused("no"))
    password = renewal(source)
    for _ in range(100):
        with pytest.raises(Refused, match="no"):
            password.get(soon())
    assert source.given == 1
    source.hours, source.trouble = 31 / 3600, None
    assert password.get(soon()) == credential(2)


@pytest.mark.parametrize(("hours", "found"), [(0.01, 1), (0.06, 2)])
def test_one_that_is_refused_is_exchanged_unless_it_is_fresh(hours: float, found: int) -> None:
    """What was handed out a moment ago is refused for another reason than its age: nobody asks a cloud for each no."""
    source = Source()
    password = renewal(source)
    first = password.get(soon())
    source.hours = hours
    assert password.get(soon(), refused=first) == credential(found)
    assert password.get(soon(), refused=first) == credential(found)
    assert source.given == found


@pytest.mark.parametrize("seconds", [math.nan, math.inf, -math.inf, -5.0, 0.0, 59.0])
def test_a_life_that_cannot_be_is_a_minute(seconds: float) -> None:
    source = Source(seconds=seconds)
    password = renewal(source)
    assert password.get(soon()) == credential(1)
    source.hours = 47 / 3600
    assert password.get(soon()) == credential(1)
    assert source.given == 1
    source.hours = 61 / 3600
    assert password.get(soon()) == credential(2)


def test_a_life_of_years_is_a_day() -> None:
    source = Source(seconds=1e9)
    password = renewal(source)
    password.get(soon())
    source.hours = 24.1
    assert password.get(soon()) == credential(2)


def test_a_bug_of_ours_comes_out_where_it_was_asked_for() -> None:
    source = Source(trouble=ZeroDivisionError("a bug"))
    with pytest.raises(ZeroDivisionError, match="a bug"):
        renewal(source).get(soon())
