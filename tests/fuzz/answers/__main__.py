"""`make fuzz-answers`: CASES=200000 answers at the doors, from SEED=1 on; ONLY=17 asks one again and shows it."""

from __future__ import annotations

import faulthandler
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from imagebot.errors import WorldError
from tests.fuzz.answers import forges, registries
from tests.fuzz.answers.door import MOST_REQUESTS, Question, slipping
from tests.fuzz.answers.watch import Finding, Tally
from tests.support.raw_server import RawServer, Reply, Request

STUCK_S = 300.0
"""For a thousand cases no answer is waited for as long: then Python says where it hangs, and ends."""


class Doors:
    """All doors behind one server: a registry, a token server and three forges, one question at a time."""

    def __init__(self, folder: Path) -> None:
        self._docker = registries.recorded(folder)
        self._forges = forges.makes()

    def question(self, dice: Random) -> Question:
        if dice.random() < 0.5:
            return registries.question(dice, self._docker)
        return forges.question(dice, self._forges)

    def case(self, number: str, server: RawServer, tally: Tally, *, show: bool = False) -> None:
        """Case `number`, such as `1/17` for the seventeenth of seed 1."""
        dice = Random(number)
        slipper = slipping(self.question(dice), server.host, dice)

        def reply(request: Request) -> Reply:
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


def run(answers: int, seed: int, folder: Path) -> Tally:
    """Cases until that many answers slipped; the same seed gives the same ones."""
    tally, doors, number = Tally(), Doors(folder), 0
    began = time.monotonic()
    with RawServer({}) as server:
        while tally.answers < answers:
            if number % 1_000 == 0:
                faulthandler.dump_traceback_later(STUCK_S, exit=True)
            doors.case(f"{seed}/{number}", server, tally)
            number += 1
            if number % 20_000 == 0:
                print(f"{tally.answers} answers, {time.monotonic() - began:.0f} s", flush=True)
    faulthandler.cancel_dump_traceback_later()
    return tally


def main(answers: int, seed: int, only: str) -> None:
    """Ask, and say what came of it."""
    with tempfile.TemporaryDirectory(prefix="imagebot-fuzz-") as folder:
        if only:
            with RawServer({}) as server:
                tally = Tally()
                Doors(Path(folder)).case(only, server, tally, show=True)
        else:
            tally = run(answers, seed, Path(folder))
    print(f"seed {seed}: {tally.answers} answers with slips, {len(tally.findings)} kinds of findings")
    print(f"  {', '.join(f'{count} {word}' for word, count in tally.words.most_common())}")
    print(f"  at most {tally.most_mib:.0f} MiB and {tally.most_cpu_s * 1e3:.0f} ms of CPU for one")
    sys.exit(1 if tally.findings else 0)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "")
