"""Cases by the dice alone: quick, the same on every machine, and without any help from outside."""

from __future__ import annotations

import faulthandler
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random

from tests.fuzz.mutate import made
from tests.fuzz.oracle import Case, check

SHARE_OF_RUAMEL = 64  # it is a hundred times slower
TOO_LONG = 2.0  # seconds for one case; the slowest honest one takes a fiftieth of that
STUCK = 900  # seconds for a thousand cases, on a busy machine too: then Python says where it hangs, and ends


@dataclass
class Tally:
    """What became of the cases. `findings` holds the smallest case of each kind, `slow` those over the limit."""

    words: Counter[str] = field(default_factory=Counter)
    findings: dict[str, Case] = field(default_factory=dict)
    slow: list[Case] = field(default_factory=list)
    slowest: float = 0.0


def run(cases: int, seed: int) -> Tally:
    """That many cases; the same seed throws the same ones."""
    tally = Tally()
    for number in range(cases):
        if number % 1_000 == 0:
            faulthandler.dump_traceback_later(STUCK, exit=True)
        case = made(Random(f"{seed}/{number}"))
        begin = time.process_time()
        try:
            tally.words[check(case, second_opinion=number % SHARE_OF_RUAMEL == 0)] += 1
        except Exception as error:  # noqa: BLE001
            _found(tally, case, error)
        took = time.process_time() - begin
        tally.slowest = max(tally.slowest, took)
        tally.slow += [case] if took > TOO_LONG else []
    faulthandler.cancel_dump_traceback_later()
    return tally


def _found(tally: Tally, case: Case, error: Exception) -> None:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    line = f"line {trace.tb_lineno} of {trace.tb_frame.f_code.co_name}" if trace else ""
    kind = f"{type(error).__name__} at {line}: {str(error)[:60]}"
    tally.words["finding"] += 1
    known = tally.findings.get(kind)
    if known is None or len(case.data) < len(known.data):
        tally.findings[kind] = case
