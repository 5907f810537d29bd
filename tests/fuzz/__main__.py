"""`make fuzz CASES=…`: cases by structure, by the dice and by coverage; counts, coverage and what was found."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

from tests.fuzz import mutated
from tests.fuzz.lines import reached
from tests.fuzz.mutate import LONGEST
from tests.fuzz.structured import ANY, KNOWN

CACHE = Path(__file__).parent.parent.parent / ".cache" / "fuzz"
ATHERIS = CACHE / f"atheris-{sys.version_info.major}.{sys.version_info.minor}"
STUCK = 20  # seconds for one case, before libFuzzer gives it up
DONE = re.compile(r"#(\d+)\s+DONE\s+cov: (\d+) ft: (\d+) corp: (\S+)")


def main() -> None:
    """A tenth of the cases by structure, because they are slow to make; the rest shared by dice and coverage."""
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    fuzzer = ATHERIS.is_dir()
    structured(cases // 10)
    found = by_dice(cases * 9 // 10 // (2 if fuzzer else 1), seed)
    if fuzzer:
        found += guided(cases * 9 // 20, seed)
    else:
        print("by coverage: left out, because there is no atheris for this Python and machine")
    print(reached())
    sys.exit(1 if found else 0)


def structured(cases: int) -> None:
    """Hypothesis raises at what it finds, with the smallest case."""
    plenty = settings(
        max_examples=max(cases // 2, 1), deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    for known in (KNOWN, ANY):
        plenty(known)()
    print(f"by structure: {cases} cases, nothing found", flush=True)


def by_dice(cases: int, seed: int) -> int:
    tally = mutated.run(cases, seed)
    print(f"by the dice, seed {seed}: {cases} cases, the slowest {tally.slowest * 1e3:.0f} ms", flush=True)
    print(f"  {', '.join(f'{count} {word}' for word, count in tally.words.most_common())}")
    for kind, case in tally.findings.items():
        print(f"  found: {kind}\n    {case!r}")
    for case in tally.slow:
        print(f"  slow: {case!r}")
    return len(tally.findings) + len(tally.slow)


def guided(cases: int, seed: int) -> int:
    """What libFuzzer learned stays in the cache, for the next run to go on from."""
    corpus = CACHE / "corpus"
    corpus.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "tests.fuzz.guided", str(corpus), f"-runs={cases}", f"-seed={seed}"]
    command += [f"-max_len={LONGEST}", f"-timeout={STUCK}", f"-artifact_prefix={CACHE}/"]
    environment = os.environ | {"PYTHONPATH": str(ATHERIS)}
    done = subprocess.run(
        command, env=environment, cwd=CACHE.parent.parent, capture_output=True, check=False, encoding="utf-8"
    )
    end = DONE.search(done.stderr)
    if done.returncode or end is None:
        print(f"by coverage: found\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
        return 1
    runs, coverage, features, kept = end.groups()
    print(f"by coverage: {runs} cases, {coverage} edges, {features} features, corpus {kept}, nothing found", flush=True)
    print(f"  {done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ''}")
    return 0


if __name__ == "__main__":
    main()
