"""How much a piece of work does, counted and not timed: the same on every machine and on every day."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable
from types import FrameType


def calls(work: Callable[[], object], of: Callable[..., object] | None = None) -> int:
    """How many functions are called, those written in C too; or how often the one that is asked for is."""
    count = 0

    def counted(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        if of is None:
            count += event in ("call", "c_call")
        else:
            count += event == "call" and frame.f_code is of.__code__

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def memory(work: Callable[[], object]) -> int:
    """The most bytes that are held at one time."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
