"""What grows with a repository: finding fields and giving them to policies, over sizes, beside the version before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.bench.old_version import PAIRS, Version, versions

SIZES = (1_000, 5_000, 20_000)
OLD_SIZES = (500, 1_000)  # it grows with the square: 20 000 would take ten minutes
WORK = """
import gc, sys, time
gc.disable()
from imagebot.cli.main import main
from imagebot.cycle.index import Watched
from imagebot.images.reference import ImageName
from imagebot.plan.claims import claims
from imagebot.policy.gates import Gates
from imagebot.policy import model
from imagebot.policy.model import Policy, Watch

main.get_command(None, "schema")  # from here on garbage is searched for as in any verb
gc.enable()
keys = getattr(model, "PullRequestKeys", None) or model.PullRequest

def policy(n):
    watch = Watch.model_validate({"image": f"ghcr.io/acme/app{n}", "semver": "^1"})
    return Policy(f"{n}.yaml", f"app{n}", "e", "r", (f"app{n}/",), (watch,), keys(), Gates())

size = int(sys.argv[1])
policies = [policy(n) for n in range(size)]
data = {f"app{n}/pod.yaml": f"image: ghcr.io/acme/app{n}:1.0.0\\n".encode() for n in range(size)}
begun = time.process_time()
watched = Watched.by(policies)
files = {path: found for path, text in data.items() if (found := watched.find(path, text))}
found = time.process_time()
assert len(claims(policies, files)) == size
print(found - begun, time.process_time() - found)
"""


def main() -> None:
    """Print both steps at each size, and how many times those of the smallest."""
    with versions() as (new, old), TemporaryDirectory() as name:
        print("policies, and as many files: to find their fields, and to give them to the policies (CPU, medians)")
        grow("new", new, SIZES, Path(name))
        if old is not None:
            grow("old", old, OLD_SIZES, Path(name))
    ratio = SIZES[-1] // SIZES[0]
    print(f"  (to hold: {SIZES[-1]} cost at most {1.3 * ratio:.0f} times what {SIZES[0]} do)")


def grow(what: str, version: Version, sizes: tuple[int, ...], folder: Path) -> None:
    """One version at each size."""
    first: list[float] = []
    for size in sizes:
        rounds = [measured(version, size, folder) for _ in range(PAIRS if size < SIZES[-1] else 1)]
        steps = [median(column) for column in zip(*rounds, strict=True)]
        first = first or steps
        times = [step / begin for step, begin in zip(steps, first, strict=True)]
        print(
            f"  {what} {size:6d}: find {steps[0]:7.2f} s ({times[0]:5.1f} times)"
            f"  claims {steps[1]:7.2f} s ({times[1]:5.1f} times)"
        )


def measured(version: Version, size: int, folder: Path) -> tuple[float, ...]:
    """The seconds of both steps."""
    command = [sys.executable, "-c", WORK, str(size)]
    done = subprocess.run(command, cwd=folder, env=version.environment, capture_output=True, text=True, check=True)
    return tuple(map(float, done.stdout.split()))


if __name__ == "__main__":
    main()
