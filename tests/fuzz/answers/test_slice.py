"""A thin slice of `make fuzz-answers`: at the doors, of files, of git objects, through whole passes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.answers import passes
from tests.fuzz.answers.__main__ import files_read, git_objects_looked_at, run
from tests.fuzz.answers.watch import Tally


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_a_registry_or_a_forge_answers_is_read_or_refused_in_words(tmp_path: Path, seed: int) -> None:
    tally = run(300, seed, tmp_path)
    assert (tally.answers >= 300, tally.findings) == (True, {})


def test_whatever_a_file_holds_is_read_or_refused_in_words(tmp_path: Path) -> None:
    assert files_read(120, 1, tmp_path).findings == {}


def test_whatever_git_takes_for_a_commit_is_read_or_refused_in_words() -> None:
    assert git_objects_looked_at(12, 1).findings == {}


def test_whatever_the_others_answer_one_app_is_delivered(tmp_path: Path) -> None:
    tally = Tally()
    with passes.staged(tmp_path / "stage") as stage:
        for number in range(4):
            stage.play(1, number, tally)
    assert tally.findings == {}
