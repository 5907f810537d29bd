"""`python -m tests.endurance SECONDS SEED`: `run` for so long, with faults of registries, git, forges and policies."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from tests.endurance.compare import grown
from tests.endurance.endure import Seen, endure
from tests.endurance.troubles import TROUBLES, Trouble

EACH = 16
MOST_GROWN = {"memory": 16.0, "files": 4.0, "threads": 8.0, "state": 7000.0}
"""Memory that the allocator keeps comes and goes; of files of state, git keeps so many loose before it packs them."""


def main(seconds: float, seed: int) -> int:
    """Print a line for each round of troubles, and what was wrong. 1 if anything was."""
    print(f"{seconds:g} s, {len(TROUBLES)} troubles, seed {seed}")
    ends, wrong, every = time.monotonic() + seconds, 0, []
    with tempfile.TemporaryDirectory() as name:
        for seen in endure(Path(name), _drawn(Random(seed), ends)):
            every.append(seen)
            for fault in _faults(seen):
                wrong += 1
                print(f"WRONG  {seen.trouble.name}: {fault}")
            if len(every) % EACH == 0:
                print(_row(every))
    growth = grown([seen.figures for seen in every])
    print(_row(every))
    print("grown from the second quarter to the last: " + ", ".join(f"{key} {by:+.1f}" for key, by in growth.items()))
    leaks = [key for key, by in growth.items() if by > MOST_GROWN[key]]
    print(f"{len(every)} passes, {sum(seen.causes for seen in every)} causes, {wrong} wrong, leaks: {leaks or 'none'}")
    return int(bool(wrong or leaks))


def _drawn(random: Random, ends: float) -> Iterator[Trouble]:
    while time.monotonic() < ends:
        yield from random.sample(TROUBLES, len(TROUBLES))


def _faults(seen: Seen) -> Iterator[str]:
    yield from (f"the log does not tell: {cause}" for cause in seen.untold)
    yield from (f"a bug: {line['because']}" for line in seen.bugs)
    if not seen.healthy:
        yield "the healthy app was not delivered"
    if seen.trouble.of and not seen.causes:
        yield "it was no trouble"


def _row(every: list[Seen]) -> str:
    now = every[-1].figures
    return (
        f"{len(every):5d} passes  {now.memory:6.1f} MiB  {now.files:3d} files open  {now.threads:3d} threads"
        f"  {now.state:4d} files of state"
    )


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), int(sys.argv[2])))
