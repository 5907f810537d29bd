"""`make faults`: every trouble of every operation, then SCHEDULES=2000 drawn from SEED=1 on; ONLY= plays one again."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.faults.play import Played, matrix, play
from tests.faults.schedule import FORGES, Schedule, called, drawn

# A bot waits a second for an answer that never comes, and most of the time for its turn.
AT_ONCE = 2 * (os.cpu_count() or 1)


def main(schedules: int, seed: int, only: str) -> None:
    """Play them, show what went wrong, and say what it was that was played."""
    if only:
        played = _played(called(only))
        print(played)
        sys.exit(1 if played.wrong else 0)
    with tempfile.TemporaryDirectory(prefix="imagebot-faults-") as folder:
        pairs = [each for forge in FORGES for each in matrix(forge, Path(folder, forge))]
    wrong = _all("every trouble of every operation", pairs)
    wrong += _all(f"seeds {seed} to {seed + schedules - 1}", [drawn(seed + number) for number in range(schedules)])
    sys.exit(1 if wrong else 0)


def _all(title: str, schedules: Sequence[Schedule]) -> int:
    began = time.monotonic()
    seen: Counter[str] = Counter()
    wrong = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for number, played in enumerate(pool.map(_played, schedules), 1):
            seen += played.seen
            if played.wrong:
                wrong += 1
                print(f"\n{played}\n  alone: make faults ONLY='{played.schedule.name}'\n", flush=True)
            if number % 100 == 0 or number == len(schedules):
                spent = time.monotonic() - began
                print(f"{title}: {number} of {len(schedules)}, {wrong} wrong, {spent:.0f} s", flush=True)
    print("  " + ", ".join(f"{count} {what}" for what, count in sorted(seen.items())))
    return wrong


def _played(schedule: Schedule) -> Played:
    with tempfile.TemporaryDirectory(prefix="imagebot-faults-") as folder:
        return play(schedule, Path(folder))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
