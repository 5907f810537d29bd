"""A copy of the house, changed in a line or a file as a newcomer would: what people see of it is asked in processes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True, slots=True)
class HouseCopy:
    """A folder with `imagebot/` and `docs/`."""

    folder: Path

    @classmethod
    def of(cls, folder: Path) -> HouseCopy:
        # With what is compiled, which Python takes for a file that is as it was then; not what is being compiled now.
        shutil.copytree(ROOT / "imagebot", folder / "imagebot", ignore=shutil.ignore_patterns("*.pyc.*"))
        shutil.copytree(ROOT / "docs", folder / "docs")
        return cls(folder)

    def replace(self, file: str, old: str, new: str) -> None:
        """Change a file at one place, which must be there."""
        path = self.folder / file
        text = path.read_text()
        assert old in text, f"{file} has no {old!r}"
        path.write_text(text.replace(old, new, 1))

    def python(self, *words: str, at: Path | None = None, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """`python WORDS` with the modules of this house, in its folder or another one."""
        return subprocess.run(
            [sys.executable, *words],
            cwd=at or self.folder,
            env={"PYTHONPATH": str(self.folder), "PATH": "/usr/bin:/bin"},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )

    def imagebot(self, *words: str, at: Path | None = None, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """A verb of this house."""
        return self.python("-m", "imagebot", *words, at=at, stdin=stdin)
