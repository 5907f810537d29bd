from __future__ import annotations

import mmap
from concurrent.futures import ThreadPoolExecutor

from tests.fuzz.answers.watch import MOST_MIB, Meter

SIZE = 64 << 20


def held() -> mmap.mmap:
    """Memory that is new to this process: what `malloc` hands out may have been its own for long."""
    memory = mmap.mmap(-1, SIZE)
    for at in range(0, SIZE, mmap.PAGESIZE):
        memory[at] = 1
    return memory


def test_an_answer_that_is_still_made_when_nobody_waits_any_more_counts_for_nothing() -> None:
    meter = Meter()
    meter.begin()
    with ThreadPoolExecutor(1) as pool:
        with meter.making():
            made = held()
            looking = pool.submit(meter.look)
        looking.result()

    made.close()
    assert meter.most_mib < MOST_MIB


def test_what_reading_takes_counts_although_the_next_answer_is_made() -> None:
    meter = Meter()
    meter.begin()
    read = held()
    with meter.making():
        read.close()
    meter.look()

    assert meter.most_mib > MOST_MIB
