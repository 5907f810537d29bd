"""What each verb costs before it does anything, beside a bare interpreter: processor time of whole processes."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from tests.support.stage import Stage, set_up

ROUNDS = 9
TO_HOLD = {"select": 0.12, "set": 0.12, "fields": 0.12, "lint": 0.25, "once": 0.45, "status": 0.45}
FIELD = "kind: Pod\nspec:\n  containers: [{name: app, image: IMAGE:1.4.0}]\n"
POLICY = """\
app: podinfo
repository: environments
environments: {production: {}}
images: [{image: IMAGE, semver: ^1}]
"""


def main() -> None:
    """Print for each verb its time, and how many bare interpreters that is."""
    with tempfile.TemporaryDirectory() as name:
        stage = set_up(Path(name))
        with stage.registry:
            stage.settings(log="{level: info}")
            stage.publish("1.4.0")
            stage.policy(POLICY)
            stage.commit({"pod.yaml": FIELD})
            stage.clone()
            print(f"start of each verb, Python {sys.version.split()[0]}, its own modules compiled")
            for verb, words in verbs(stage).items():
                report(stage, verb, words)


def verbs(stage: Stage) -> dict[str, list[str]]:
    """What each is asked: as little as there is."""
    return {
        "select": ["select", "--semver", "^1"],
        "set": ["set", f"{stage.image}:1.4.0", "work"],
        "fields": ["fields", "work"],
        "lint": ["lint"],
        "once": ["once"],
        "status": ["status"],
    }


def report(stage: Stage, verb: str, words: Sequence[str]) -> None:
    """Pairs of both, taking turns; the median of each."""
    pairs = [
        (spent(stage, [sys.executable, "-c", "pass"]), spent(stage, [sys.executable, "-m", "imagebot", *words]))
        for _ in range(ROUNDS + 1)
    ][1:]
    bare, ours = (median(column) for column in zip(*pairs, strict=True))
    print(f"  {verb:<8}{ours:6.3f} s (to hold: {TO_HOLD[verb]})  {ours / bare:5.1f} bare interpreters ({bare:.3f} s)")


def spent(stage: Stage, command: Sequence[str]) -> float:
    """Seconds of processor time of a process and of those that it waited for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(stage.folder / "compiled")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    subprocess.run(command, cwd=stage.folder, env=environment, input=b"1.0.0", capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
