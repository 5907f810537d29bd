from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.fuzz.answers.watch import MOST_MIB, Meter


def test_an_answer_that_is_still_made_when_nobody_waits_any_more_counts_for_nothing() -> None:
    meter = Meter()
    meter.begin()
    with ThreadPoolExecutor(1) as pool:
        with meter.making():
            made = b"x" * (2 << 25)
            looking = pool.submit(meter.look)
        looking.result()

    assert (len(made) >> 20, meter.most_mib < MOST_MIB) == (64, True)


def test_what_reading_takes_counts_although_the_next_answer_is_made() -> None:
    meter = Meter()
    meter.begin()
    read = b"x" * (2 << 25)
    with meter.making():
        del read
    meter.look()

    assert meter.most_mib > MOST_MIB
