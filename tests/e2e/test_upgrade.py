"""What an older version left open is recognised by this one: it is neither written nor pushed again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.e2e.conftest import Place

ROOT = Path(__file__).parent.parent.parent
BEFORE = "1d01495b"
"""The last version before forges stood on one order, and before rooms had their names of today."""


def is_there(commit: str) -> bool:
    """A clone may not reach back so far."""
    command = ["git", "-C", str(ROOT), "cat-file", "-e", f"{commit}^{{commit}}"]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def once_by(commit: str, place: Place, folder: Path) -> None:
    """One pass by the code of a commit, with the libraries of today."""
    folder.mkdir()
    packed = subprocess.run(["git", "-C", str(ROOT), "archive", commit, "imagebot"], check=True, capture_output=True)
    subprocess.run(["tar", "-x", "-C", str(folder)], input=packed.stdout, check=True)
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    command = [sys.executable, "-m", "imagebot", "once"]
    done = subprocess.run(command, cwd=place.stage.folder, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


if is_there(BEFORE):

    def test_what_an_older_version_left_open_is_not_written_again(place: Place, tmp_path: Path) -> None:
        once_by(BEFORE, place, tmp_path / "before")
        assert place.proposed == place.branch == "1.9.1"
        words = place.pull.body
        place.assert_quiet()
        assert place.pull.body == words
