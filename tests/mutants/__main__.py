"""`make mutants`: small wrong changes of each room, which its tests must notice; ROOM=plan SEED=1 COUNT=20.

ROOM=fixed tries those that once stayed unnoticed, ROOM=broken those that a slice of `make faults` has to notice. What
was killed is not tried again as long as its module stays as it is, so a run that was stopped goes on where it was;
those that lived are tried each time. A mutant counts as killed where what fails with it passes without.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from tests.mutants.equivalent import EQUIVALENT
from tests.mutants.fixed import BROKEN, FIXED, Fixed
from tests.mutants.mutant import Mutant
from tests.mutants.record import Record, recorded
from tests.mutants.rooms import ROOMS, ROOT
from tests.mutants.trial import AN_HOUR_S, Copy, Ran, copied, patience
from tests.set_up import MUTATOR

CACHE = ROOT / ".cache" / "mutants"
KILLED = CACHE / "killed.json"
FAULTS = ("-m", "tests.faults", "960", "1")
NEAREST = 3  # tests whose files are tried alone before the others are even collected: most mutants end there
NO_TESTS = 5  # pytest's exit code
ONE_OF_THEM = re.compile(r"make faults ONLY='(.+)'")
WRITTEN = {"fixed": FIXED, "broken": BROKEN}


@dataclass(frozen=True)
class Trial:
    """A mutant, and the tests of which one must fail with it; none where `make faults` has to notice."""

    mutant: Mutant
    tests: tuple[str, ...]


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
        yield Trial(Mutant(**each), ROOMS[room].tests)


def _written(copy: Copy, these: Sequence[Fixed]) -> Iterator[Trial]:
    for one in these:
        mutant = one.mutant(copy.folder)
        assert mutant is not None, f"make test says that {one.path} is another now"
        yield Trial(mutant, one.tests)


def _room(copy: Copy, room: str, trials: Sequence[Trial]) -> int:
    """How many lived that nobody has argued for."""
    killed: dict[str, str] = json.loads(KILLED.read_text()) if KILLED.exists() else {}
    argued = [trial for trial in trials if trial.mutant.lines() in EQUIVALENT]
    waiting = [trial for trial in trials if trial.mutant.key not in killed and trial not in argued]
    alive = []
    if waiting:
        killer = _killer(copy, room, waiting)
    for trial in waiting:
        if (by := killer(trial)) is None:
            alive.append(trial)
            print(f"\nlives in {room}:\n{trial.mutant.diff()}", flush=True)
        else:
            killed[trial.mutant.key] = f"{trial.mutant.path}: {trial.mutant.name}: {by}"
            KILLED.write_text(json.dumps(killed, indent=1))
    died = len(trials) - len(argued) - len(alive)
    print(f"{room}: {len(trials)} mutants, {died} killed, {len(argued)} change nothing, {len(alive)} live", flush=True)
    return len(alive)


def _killer(copy: Copy, room: str, trials: Sequence[Trial]) -> Callable[[Trial], str | None]:
    """What tells who notices a mutant of these; None for nobody."""
    tests = tuple(dict.fromkeys(test for trial in trials for test in trial.tests))
    if not tests:
        return partial(_failing_faults, copy)
    record = recorded(copy, CACHE / "records" / room, [trial.mutant for trial in trials], tests)
    return partial(_failing_test, copy, record)


def _failing_faults(copy: Copy, trial: Trial) -> str | None:
    with copy.with_mutant(trial.mutant):
        ran = copy.python((*FAULTS, "1/30", "", "", "1"), AN_HOUR_S)
    if ran.code == 0:
        return None
    found = ONE_OF_THEM.search(ran.said)
    only = found[1] if found else "1"
    return _alone(f"make faults ONLY='{only}'", copy.python((*FAULTS, "", "", only, ""), AN_HOUR_S))


def _failing_test(copy: Copy, record: Record, trial: Trial) -> str | None:
    order = record.order(trial.mutant)
    file = copy.notes / "order.json"
    order.write(file)
    patience_s = patience(sum(record.seconds.values()))
    nearest = [name for name in order.files(NEAREST) if (copy.folder / name).is_file()]
    with copy.with_mutant(trial.mutant):
        for tests in filter(None, (nearest, trial.tests)):
            ran = copy.pytest(("-x", "--order", str(file), *tests), patience_s)
            last = (copy.notes / "current").read_text()
            if ran.code not in (0, NO_TESTS):
                break
        else:
            return None
    # Where none has begun, nothing could be imported.
    return _alone(last or "import", copy.pytest([last] if last else ["--collect-only", *trial.tests], AN_HOUR_S))


def _alone(name: str, ran: Ran) -> str | None:
    """What failed with a mutant and now ran without: None, with a word, if it fails all the same."""
    if ran.code == 0:
        return name
    print(f"\nfails without any mutant: {name}", flush=True)
    return None


if __name__ == "__main__":
    main(sys.argv[1].split(), int(sys.argv[2]), int(sys.argv[3]))
