"""Tries mutants in a copy of the checkout: never in the checkout itself, where people work."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.mutants.mutant import Mutant
from tests.mutants.rooms import ROOT
from tests.support.shared import SHARED

# A mutant that loops is killed by the clock. The machine may be busier than it was when the tests ran unharmed.
PATIENCE = 4
AT_LEAST_S = 120.0
AN_HOUR_S = 3_600.0
PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "tests.mutants.plugin")


@dataclass(frozen=True)
class Ran:
    """How it ended: None for what had to be stopped."""

    code: int | None
    seconds: float
    said: str


@dataclass(frozen=True)
class Copy:
    """The checkout once more, as it is at this moment, with what is not committed yet."""

    folder: Path

    @property
    def notes(self) -> Path:
        """A folder beside it, for what is known of its tests."""
        return self.folder.parent / "notes"

    def pytest(self, words: Sequence[str], patience_s: float) -> Ran:
        """These tests; `current` in the notes says where they ended."""
        (self.notes / "current").write_text("")
        return self.python((*PYTEST, "--notes", str(self.notes), *words), patience_s)

    def python(self, words: Sequence[str], patience_s: float) -> Ran:
        """Python with these arguments, which sees this copy and no other; what it leaves running ends with it."""
        environment = {**os.environ, "PYTHONPATH": str(self.folder), "IMAGEBOT_SHARED": str(SHARED.resolve())}
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, *words],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        code: int | None
        try:
            said, _ = process.communicate(timeout=patience_s)
            code = process.returncode
        except subprocess.TimeoutExpired:
            said, code = "", None
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return Ran(code, time.monotonic() - began, said)

    @contextmanager
    def with_mutant(self, mutant: Mutant) -> Iterator[None]:
        """The copy with that one thing wrong."""
        file = self.folder / mutant.path
        sound = file.read_text(encoding="utf-8")
        assert sound == mutant.before, f"{mutant.path} was changed while mutants of it are tried"
        file.write_text(mutant.after, encoding="utf-8")
        try:
            yield
        finally:
            file.write_text(sound, encoding="utf-8")


@contextmanager
def copied() -> Iterator[Copy]:
    """A copy for as long as it is needed. What `.cache` holds is read through it."""
    with TemporaryDirectory(prefix="imagebot-mutants-") as name:
        # Tests become other users, who have to reach what they try.
        Path(name).chmod(0o755)
        folder = Path(name, "imagebot")
        notes = Path(name, "notes")
        notes.mkdir()
        notes.chmod(0o777)
        words = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(words, check=True, capture_output=True, text=True).stdout
        for path in filter(None, listed.split("\0")):
            if (ROOT / path).is_symlink() or (ROOT / path).is_file():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / path, folder / path, follow_symlinks=False)
        (folder / ".cache").symlink_to(ROOT / ".cache")
        yield Copy(folder)


def patience(seconds: float) -> float:
    """How long, in seconds, what took that long unharmed may take with a mutant."""
    return max(AT_LEAST_S, PATIENCE * seconds)
