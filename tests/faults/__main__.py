"""`make faults`: every trouble of every operation of a life, then SCHEDULES=300 drawn from SEED=1 on.

PAIRS=0:400 plays these of the pairs alone, PART=3/8 every eighth of all from the third on: parts are added up by their
last lines. ONLY=17, or the name of a pair, plays one again. FIRST=1 ends at the first that is wrong.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from tests.faults.life import Life, Pair
from tests.faults.play import Played, play
from tests.faults.schedule import FORGES, ForgeName, drawn

# A bot waits a second for an answer that never comes, and most of the time for its turn.
AT_ONCE = 2 * (os.cpu_count() or 1)
T = TypeVar("T")


@dataclass
class Lives:
    """A life on each forge for each thread, made when it is first wanted."""

    folder: Path
    stack: ExitStack
    _mine: threading.local = field(default_factory=threading.local)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def on(self, forge: ForgeName) -> Life:
        known: dict[ForgeName, Life] = self._mine.__dict__.setdefault("known", {})
        if forge not in known:
            folder = self.folder / f"{forge} {threading.get_ident()}"
            folder.mkdir()
            life = Life(folder, forge).__enter__()
            with self._lock:
                self.stack.push(life)
            known[forge] = life
        return known[forge]

    def play(self, pair: Pair) -> Played:
        return self.on(pair.forge).play(pair)


def main(seeds: range, part: str, chosen: str, only: str, first: str) -> None:
    """Play them, show what went wrong, and say what it was that was played."""
    with tempfile.TemporaryDirectory(prefix="imagebot-faults-") as name, ExitStack() as stack:
        lives = Lives(Path(name), stack)
        if only:
            played = _drawn(int(only)) if only.isdecimal() else lives.play(Pair.called(only))
            print(played)
            sys.exit(1 if played.wrong else 0)
        every = [pair for forge in FORGES for pair in lives.on(forge).pairs]
        pairs = _part([*every[_slice(chosen)]], part)
        schedules = _part([] if chosen else seeds, part)
        wrong = _all("every trouble of every operation", pairs, lives.play, first)
        if not (wrong and first):
            wrong += _all(f"seeds {seeds[0] if seeds else 0} to {seeds.stop - 1}", schedules, _drawn, first)
        print(f"sum: {len(pairs)} of {len(every)} pairs, {len(schedules)} of {len(seeds)} schedules, {wrong} wrong")
    sys.exit(1 if wrong else 0)


def _part(every: Sequence[T], part: str) -> Sequence[T]:
    """`3/8`: every eighth, from the third on; without it all."""
    nth, _, of = part.partition("/")
    return every[int(nth) - 1 :: int(of)] if part else every


def _slice(chosen: str) -> slice:
    start, _, stop = chosen.partition(":")
    return slice(int(start or 0), int(stop) if stop else None)


def _all(title: str, every: Sequence[T], play_: Callable[[T], Played], first: str) -> int:
    began = time.monotonic()
    seen: Counter[str] = Counter()
    wrong = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for number, played in enumerate(pool.map(play_, every), 1):
            seen += played.seen
            if played.wrong:
                wrong += 1
                print(f"\n{played}\n  alone: make faults ONLY='{played.schedule.name}'\n", flush=True)
            if number % 100 == 0 or number == len(every):
                spent = time.monotonic() - began
                print(f"{title}: {number} of {len(every)}, {wrong} wrong, {spent:.0f} s", flush=True)
            if wrong and first:
                pool.shutdown(cancel_futures=True)
                break
    print("  " + ", ".join(f"{count} {what}" for what, count in sorted(seen.items())))
    return wrong


def _drawn(seed: int) -> Played:
    with tempfile.TemporaryDirectory(prefix="imagebot-faults-") as folder:
        return play(drawn(seed), Path(folder))


if __name__ == "__main__":
    start, count = int(sys.argv[2]), int(sys.argv[1])
    main(range(start, start + count), *sys.argv[3:7])
