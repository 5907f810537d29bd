"""Plays schedules and tells what went wrong, with all that was done before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from traceback import format_exc

from tests.faults.line import KILLED, Step
from tests.faults.oracle import Seen, believed, restless, said_twice, unsafe, unsettled
from tests.faults.scene import Scene, staged
from tests.faults.schedule import Round, Schedule

SETTLED_AFTER = 2  # passes


@dataclass(frozen=True)
class Played:
    """What was wrong, first to last, the log of everything, and how often each trouble was met and each thing done."""

    schedule: Schedule
    wrong: tuple[str, ...]
    log: tuple[str, ...]
    seen: Counter[str]

    def __str__(self) -> str:
        return "\n".join([*self.wrong, str(self.schedule), *(f"    {line}" for line in self.log)])


def play(schedule: Schedule, folder: Path) -> Played:
    """The whole schedule in a scene of its own."""
    with staged(folder, schedule.forge, Random(schedule.seed), schedule) as scene:
        return played(scene, schedule)


def played(scene: Scene, schedule: Schedule) -> Played:
    """The whole schedule, judged after each of its rounds and at its end."""
    try:
        wrong = tuple(_wrong(scene, schedule))
    except Exception:  # noqa: BLE001  a bug, in the bot or here, is wanted with all that led to it
        wrong = (format_exc(),)
    return Played(schedule, wrong, tuple(_told(scene)), _seen(scene, schedule))


def _wrong(scene: Scene, schedule: Schedule) -> Iterator[str]:
    for number, each in enumerate(schedule.rounds, 1):
        if found := list(_round(scene, each)):
            yield from (f"after round {number}: {line}" for line in found)
            return
    scene.calm()
    for number, bot in enumerate(schedule.last, 1):
        writes = scene.writes
        told = scene.play(Round(bots=(bot,)))[bot]
        found = list(unsafe(scene))
        if number >= SETTLED_AFTER:
            found += unsettled(scene)
        if number > SETTLED_AFTER:
            found += restless(scene, told, writes)
        if found:
            yield from (f"in calm pass {number}: {line}" for line in found)
            return


def _round(scene: Scene, each: Round) -> Iterator[str]:
    """Play it; what is wrong already, whatever comes after."""
    before = said_twice(scene)
    seen = Seen.of(scene)
    scene.play(each)
    if len(each.bots) > 1:
        scene.excused |= said_twice(scene) - before
    yield from unsafe(scene)
    if each.outage:
        yield from believed(scene, seen, each.outage)


def _told(scene: Scene) -> Iterator[str]:
    calls = scene.server.calls
    for each in scene.log:
        if not isinstance(each, Step):
            yield each
            continue
        what = " ".join([each.operation.kind, *each.operation.branches])
        if each.operation.kind == "request" and each.trouble != KILLED:
            call = calls[each.call]
            what += f" {call.verb} {call.path} {call.query}".rstrip()
        yield f"  {each.bot} {each.number} {what}{f'  <- {each.trouble}' if each.trouble else ''}"


def _seen(scene: Scene, schedule: Schedule) -> Counter[str]:
    steps = [each for each in scene.log if isinstance(each, Step)]
    troubles = Counter(f"{step.operation.kind} {step.trouble}" for step in steps if step.trouble)
    passes = sum(step.number == 1 for step in steps)
    met = {step.trouble for step in steps}
    named = {each for one in schedule.rounds for each in one.troubles.values() if isinstance(each, str)}
    sums = {
        "troubles that nothing met": len(named - met),
        "passes": passes,
        "operations": len(steps),
        "said twice by two bots at once": len(scene.excused),
    }
    return troubles + Counter(sums)
