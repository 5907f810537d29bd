"""Each folder is a case: `before/` becomes `after/` by `imagebot set` with the arguments in `set.txt`, byte for byte.

`report.txt` is what it prints and its exit code. `diff -r before after` is the promise.
"""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from imagebot.cli.set import command

CASES = sorted(path.parent for path in Path(__file__).parent.glob("*/set.txt"))


def tree(folder: Path) -> dict[str, bytes | str]:
    """All files by their path: bytes, and where links lead."""
    return {
        path.relative_to(folder).as_posix(): str(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_only_the_values_change_and_only_once(case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "here"
    shutil.copytree(case / "before", here, symlinks=True)
    monkeypatch.chdir(here)
    arguments = shlex.split((case / "set.txt").read_text())

    first = CliRunner().invoke(command, arguments)
    assert tree(here) == tree(case / "after")
    assert f"{first.output}exit {first.exit_code}\n" == (case / "report.txt").read_text()

    again = CliRunner().invoke(command, arguments)
    assert tree(here) == tree(case / "after")
    assert again.exit_code == first.exit_code
    assert "→" not in again.output or "--check" in arguments


def test_there_are_cases() -> None:
    assert len(CASES) > 30


def test_every_case_that_the_table_names_is_there() -> None:
    text = (Path(__file__).parent / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z0-9][a-z0-9.-]*-[a-z0-9.-]+|crlf)`", text))
    assert named - {case.name for case in CASES} == set()
    assert len(named) > 70
