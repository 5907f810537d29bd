"""`make fuzz-answers`: CASES=200000 answers at the doors, from SEED=1 on; ONLY=17 asks one again and shows it."""

from __future__ import annotations

import faulthandler
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from imagebot.errors import WorldError
from tests.fuzz.answers import files, forges, git_objects, passes, registries
from tests.fuzz.answers.door import MOST_REQUESTS, Question, slipping
from tests.fuzz.answers.watch import METER, MOST_MIB, Finding, Tally
from tests.support.raw_server import RawServer, Reply, Request

_TRIES = 3
STUCK_S = 300.0
"""For a hundred cases no answer is waited for as long: then Python says where it hangs, and ends."""


class Doors:
    """All doors behind one server: a registry, a token server and all forges, one question at a time."""

    def __init__(self, folder: Path) -> None:
        self._docker = registries.recorded(folder)
        self._forges = (*forges.makes(), *forges.more())

    def question(self, dice: Random) -> Question:
        if dice.random() < 0.5:
            return registries.question(dice, self._docker)
        return forges.question(dice, self._forges)

    def case(self, number: str, server: RawServer, tally: Tally, *, show: bool = False) -> None:
        """Case `number`, such as `1/17` for the seventeenth of seed 1.

        What takes much memory is asked again: what the process had let go of before may come back at any moment.
        """
        tries = [self._tried(number, server, show=show)]
        while tries[-1].most_mib > MOST_MIB and len(tries) < _TRIES:
            tries.append(self._tried(number, server, show=False))
        tally.take(min(tries, key=lambda each: each.most_mib))

    def _tried(self, number: str, server: RawServer, *, show: bool) -> Tally:
        tally = Tally()
        dice = Random(number)
        slipper = slipping(self.question(dice), server.host, dice)

        def reply(request: Request) -> Reply:
            with METER.making():
                said = slipper.reply(request)
            if show:
                print(f"{request.method} {request.target} {request.body[:500]!r}\n    {said[:3_000]!r}", flush=True)
            return said

        server.script["*"] = reply
        name = f"{slipper.question.name} #{number}"
        tally.watch(name, lambda: slipper.question.ask(server.host), WorldError)
        server.asked.clear()
        tally.answers += slipper.slipped
        if slipper.seen > MOST_REQUESTS:
            tally.add(Finding(f"circle, {slipper.question.name}", f"{name}: {slipper.seen} requests"))
        return tally


def run(answers: int, seed: int, folder: Path) -> Tally:
    """Cases until that many answers slipped; the same seed gives the same ones."""
    tally, doors, number = Tally(), Doors(folder), 0
    began = time.monotonic()
    with RawServer({}) as server:
        while tally.answers < answers:
            if number % 100 == 0:
                faulthandler.dump_traceback_later(STUCK_S, exit=True)
            doors.case(f"{seed}/{number}", server, tally)
            number += 1
            if number % 5_000 == 0:
                print(f"{tally.answers} answers, {time.monotonic() - began:.0f} s", flush=True)
    faulthandler.cancel_dump_traceback_later()
    return tally


def files_read(cases: int, seed: int, folder: Path) -> Tally:
    tally = Tally()
    with RawServer({}) as server:
        for number in range(cases):
            one = Tally()
            files.case(f"{seed}/{number}", folder, server, one)
            tally.take(one)
    return tally


def git_objects_looked_at(cases: int, seed: int) -> Tally:
    tally = Tally()
    for number in range(cases):
        one = Tally()
        with tempfile.TemporaryDirectory(prefix="imagebot-fuzz-") as folder:
            git_objects.case(f"{seed}/{number}", Path(folder), one)
        tally.take(one)
    return tally


def played(answers: int, seed: int, folder: Path) -> Tally:
    """Until that many answers slipped."""
    tally, number = Tally(), 0
    with passes.staged(folder) as stage:
        while tally.answers < answers:
            if number % 50 == 0:
                faulthandler.dump_traceback_later(STUCK_S * 2, exit=True)
            one = Tally()
            stage.play(seed, number, one)
            tally.take(one)
            number += 1
    faulthandler.cancel_dump_traceback_later()
    tally.words["passes"] += number
    return tally


def main(answers: int, seed: int, only: str) -> None:
    """Ask, and say what came of it."""
    found = 0
    with tempfile.TemporaryDirectory(prefix="imagebot-fuzz-") as folder:
        if only:
            with RawServer({}) as server:
                Doors(Path(folder)).case(only, server, Tally(), show=True)
            return
        tries: dict[str, Callable[[], Tally]] = {
            "at the doors": lambda: run(answers, seed, Path(folder)),
            "files": lambda: files_read(answers // 20, seed, Path(folder)),
            "git objects": lambda: git_objects_looked_at(answers // 200, seed),
            "through whole passes": lambda: played(answers // 40, seed, Path(folder, "passes")),
        }
        for name, play in tries.items():
            found += _told(name, seed, play())
    sys.exit(1 if found else 0)


def _told(name: str, seed: int, tally: Tally) -> int:
    print(f"{name}, seed {seed}: {tally.answers} answers with slips, {len(tally.findings)} kinds of findings")
    print(f"  {', '.join(f'{count} {word}' for word, count in tally.words.most_common())}")
    print(f"  at most {tally.most_mib:.0f} MiB and {tally.most_cpu_s * 1e3:.0f} ms of CPU for one", flush=True)
    return len(tally.findings)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "")
