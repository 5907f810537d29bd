"""`make mutants`: small wrong changes of each room, which its tests must notice; ROOM=plan SEED=1 COUNT=20.

ROOM=fixed tries those that once stayed unnoticed, ROOM=broken those that a slice of `make faults` has to notice. What
was killed is not tried again as long as its module stays as it is, so a run that was stopped goes on where it was;
those that lived are tried each time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.equivalent import EQUIVALENT
from tests.mutants.fixed import BROKEN, FIXED, Fixed
from tests.mutants.mutant import Mutant
from tests.mutants.rooms import ROOMS, ROOT
from tests.mutants.trial import PYTEST, Copy, copied, patience

CACHE = ROOT / ".cache" / "mutants"
MUTATOR = CACHE / f"cosmic-ray-{sys.version_info.major}.{sys.version_info.minor}"
KILLED = CACHE / "killed.json"
FAULTS = ("-m", "tests.faults", "960", "1", "1/30", "", "")
WRITTEN = {"fixed": FIXED, "broken": BROKEN}


@dataclass(frozen=True)
class Trial:
    """A mutant, and the arguments of Python that must fail with it."""

    mutant: Mutant
    judge: tuple[str, ...]


def main(rooms: Sequence[str], seed: int, count: int) -> None:
    """Try them, and show whoever lived."""
    alive = 0
    with copied() as copy:
        for room in rooms or [*WRITTEN, *ROOMS]:
            trials = list(_written(copy, WRITTEN[room]) if room in WRITTEN else _drawn(copy, room, seed, count))
            alive += _room(copy, room, trials)
    sys.exit(1 if alive else 0)


def _drawn(copy: Copy, room: str, seed: int, count: int) -> Iterator[Trial]:
    words = [sys.executable, "-m", "tests.mutants.draw", room, str(seed), str(count)]
    environment = os.environ | {"PYTHONPATH": str(MUTATOR)}
    done = subprocess.run(words, env=environment, cwd=copy.folder, check=True, capture_output=True, text=True)
    for each in json.loads(done.stdout):
        mutant = Mutant(**each)
        yield Trial(mutant, (*PYTEST, *ROOMS[room].ordered_tests(Path(mutant.path))))


def _written(copy: Copy, these: Sequence[Fixed]) -> Iterator[Trial]:
    for one in these:
        mutant = one.mutant(copy.folder)
        assert mutant is not None, f"make test says that {one.path} is another now"
        yield Trial(mutant, (*PYTEST, *one.tests) if one.tests else FAULTS)


def _room(copy: Copy, room: str, trials: Sequence[Trial]) -> int:
    """How many lived that nobody has argued for."""
    killed: dict[str, str] = json.loads(KILLED.read_text()) if KILLED.exists() else {}
    argued = [trial for trial in trials if trial.mutant.lines() in EQUIVALENT]
    waiting = [trial for trial in trials if trial.mutant.key not in killed and trial not in argued]
    wait_s = _unharmed(copy, waiting)
    if wait_s is None:
        print(f"{room}: not tried, because its tests fail without any mutant", flush=True)
        return len(waiting)
    alive = []
    for trial in waiting:
        with copy.with_mutant(trial.mutant):
            ran = copy.python(trial.judge, wait_s)
        if ran.code == 0:
            alive.append(trial)
            print(f"\nlives in {room}:\n{trial.mutant.diff()}", flush=True)
        else:
            killed[trial.mutant.key] = trial.mutant.name
            KILLED.write_text(json.dumps(killed, indent=1))
    died = len(trials) - len(argued) - len(alive)
    print(f"{room}: {len(trials)} mutants, {died} killed, {len(argued)} change nothing, {len(alive)} live", flush=True)
    return len(alive)


def _unharmed(copy: Copy, trials: Sequence[Trial]) -> float | None:
    """The tests of these trials with nothing wrong: how long, in seconds, a mutant may take; None if they fail."""
    names = dict.fromkeys(word for trial in trials if trial.judge != FAULTS for word in trial.judge[len(PYTEST) :])
    if not trials:
        return 0.0
    ran = copy.python((*PYTEST, *names) if names else FAULTS, 3_600.0)
    if ran.code != 0:
        print(ran.said[-2000:])
    return patience(ran) if ran.code == 0 else None


if __name__ == "__main__":
    main(sys.argv[1].split(), int(sys.argv[2]), int(sys.argv[3]))
