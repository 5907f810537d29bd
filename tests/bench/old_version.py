"""The version before the one that was made fast, out of this repository's history, to be run beside today's."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parent.parent.parent
OLD = "3af156f"
PAIRS = 5


@dataclass(frozen=True, slots=True)
class Version:
    """A version of imagebot by the folder that has its package, and a folder for what Python compiles of it."""

    code: Path
    compiled: Path

    @property
    def environment(self) -> Mapping[str, str]:
        inherited = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        return {**inherited, "PYTHONPATH": str(self.code), "PYTHONPYCACHEPREFIX": str(self.compiled)}

    def spent(self, folder: Path, words: Sequence[str], stdin: Path = Path(os.devnull)) -> float:
        """Seconds of processor time that a process of Python in `folder` takes, with those that it waits for."""
        before = getrusage(RUSAGE_CHILDREN)
        with stdin.open("rb") as source:
            subprocess.run(
                [sys.executable, *words],
                cwd=folder,
                env=self.environment,
                stdin=source,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
            )
        after = getrusage(RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@contextmanager
def versions() -> Iterator[tuple[Version, Version | None]]:
    """Today's version and the old one, where the history reaches so far back."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        new, old = Version(ROOT, folder / "new"), Version(folder / "code", folder / "old")
        old.code.mkdir()
        packed = subprocess.run(["git", "-C", str(ROOT), "archive", OLD, "imagebot"], capture_output=True, check=False)
        if packed.returncode:
            print(f"(the old version, {OLD}, is not in this clone's history: no comparison with it)")
        else:
            subprocess.run(["tar", "-x", "-C", str(old.code)], input=packed.stdout, check=True)
        yield new, None if packed.returncode else old


def bare() -> float:
    """What a bare interpreter takes."""
    here = Version(ROOT, ROOT)
    return median(here.spent(ROOT, ["-c", "pass"]) for _ in range(PAIRS))


def in_pairs(
    new: Version, old: Version | None, folder: Path, words: Sequence[str], stdin: Path = Path(os.devnull)
) -> tuple[float, float | None]:
    """What both take for the same, taking turns: the medians, after one round that compiles and is not counted."""
    rounds = [
        (new.spent(folder, words, stdin), old.spent(folder, words, stdin) if old else None) for _ in range(PAIRS + 1)
    ][1:]
    olds = [before for _, before in rounds if before is not None]
    return median(today for today, _ in rounds), median(olds) if olds else None


def told(what: str, new: float, old: float | None, hold: str) -> str:
    """A line about both."""
    beside = "" if old is None else f"  old {old:6.3f} s  new/old {new / old:5.2f}"
    return f"  {what:<40} new {new:6.3f} s{beside}  (to hold: {hold})"
