"""Which lines of the editor the cases reach: told by a trace of some of them, since a trace is slow."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from random import Random
from types import CodeType, FrameType
from typing import Any

import imagebot
from tests.fuzz.mutate import made
from tests.fuzz.oracle import check

ROOMS = ("yamledit", "fields")
SAMPLE = 2_000


def reached() -> str:
    """The share of lines within functions that a sample of cases runs, by room, and where most are left."""
    ran: dict[str, set[int]] = defaultdict(set)

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        if "/imagebot/" not in frame.f_code.co_filename:
            return None
        ran[frame.f_code.co_filename].add(frame.f_lineno)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        for number in range(SAMPLE):
            check(made(Random(f"lines/{number}")))
    finally:
        sys.settrace(before)
    return "\n".join(_room(room, ran) for room in ROOMS)


def _room(room: str, ran: dict[str, set[int]]) -> str:
    folder = Path(imagebot.__file__).parent / room
    lines = {str(path): set(_lines(path)) for path in sorted(folder.glob("*.py"))}
    every = sum(map(len, lines.values()))
    missed = {Path(path).name: sorted(some - ran[path]) for path, some in lines.items() if some - ran[path]}
    share = 100 * (every - sum(map(len, missed.values()))) // max(every, 1)
    where = ", ".join(f"{name} {' '.join(map(str, some))}" for name, some in missed.items())
    return f"lines of {room} reached by {SAMPLE} cases: {share} % of {every}; not: {where or 'none'}"


def _lines(path: Path) -> Iterator[int]:
    code = compile(path.read_bytes(), str(path), "exec")
    stack = [item for item in code.co_consts if isinstance(item, CodeType)]
    while stack:
        code = stack.pop()
        stack += [item for item in code.co_consts if isinstance(item, CodeType)]
        if code.co_name[0].isupper():  # the body of a class
            continue
        yield from {line for _, _, line in code.co_lines() if line and line > code.co_firstlineno}
