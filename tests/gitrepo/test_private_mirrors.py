"""What is cloned is for the bot alone to read, whatever the umask of whoever started it."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from imagebot.gitrepo.mirror import Mirror
from imagebot.gitrepo.remote import Remote
from imagebot.gitrepo.state_branch import Leaf
from imagebot.private import make_private
from imagebot.settings.resolve import Author
from tests.support.git_repos import BareRepository

OPEN = """\
import os, sys
from pathlib import Path
from imagebot.gitrepo.mirror import Mirror
from imagebot.gitrepo.remote import Remote
os.umask(int(sys.argv[3], 8))
Mirror.open(Path(sys.argv[1]), Remote(sys.argv[2])).fetch("imagebot/")
"""


def modes(state: Path) -> dict[str, int]:
    """Of all that others could begin from."""
    found = [state, *state.rglob("*")]
    return {str(path): stat.S_IMODE(path.stat().st_mode) for path in found if path.is_dir() or "lock" in path.name}


def looked_into(state: Path) -> set[str]:
    """The folders that somebody else could reach."""
    reached = {str(state)} if stat.S_IMODE(state.stat().st_mode) & 0o077 else set()
    for folder, mode in modes(state).items():
        if str(Path(folder).parent) in reached and mode & 0o077:
            reached.add(folder)
    return reached


@pytest.mark.parametrize("umask", ["000", "022", "077"])
def test_nobody_else_reads_a_mirror(tmp_path: Path, environments: BareRepository, umask: str) -> None:
    folder = tmp_path / "state" / "mirrors" / "environments.git"

    subprocess.run([sys.executable, "-c", OPEN, str(folder), str(environments.folder), umask], check=True)

    found = modes(tmp_path / "state")
    private = (tmp_path / "state", folder.parent, folder)
    assert [found[str(path)] for path in private] == [0o700] * 3
    assert found[f"{folder}.lock"] & 0o077 == 0
    assert looked_into(tmp_path / "state") == set()


def test_a_mirror_that_others_could_read_is_mended_at_next_use(tmp_path: Path, environments: BareRepository) -> None:
    mirror = Mirror.open(tmp_path / "state" / "mirrors" / "environments.git", Remote(str(environments.folder)))
    mirror.fetch("imagebot/")
    for path in (tmp_path / "state" / "mirrors", tmp_path / "state" / "mirrors" / "environments.git"):
        path.chmod(0o755)

    mirror.fetch("imagebot/")

    assert looked_into(tmp_path / "state" / "mirrors") == set()


def test_the_folder_of_a_branch_of_state_is_nobody_elses(tmp_path: Path, environments: BareRepository) -> None:
    Leaf(Remote(str(environments.folder), "imagebot/+state"), "state.json", Author(), tmp_path / "state" / "m").read()
    assert modes(tmp_path / "state") == {str(tmp_path / "state"): 0o700, str(tmp_path / "state" / "m"): 0o700}


def test_a_folder_is_made_once(tmp_path: Path) -> None:
    make_private(tmp_path / "a" / "b")
    make_private(tmp_path / "a" / "b")
    assert modes(tmp_path / "a") == {str(tmp_path / "a"): 0o700, str(tmp_path / "a" / "b"): 0o700}
