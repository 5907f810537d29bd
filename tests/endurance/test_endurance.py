"""A few passes of what `make endurance` does for ten minutes."""

from __future__ import annotations

from pathlib import Path

from tests.endurance.endure import endure
from tests.endurance.troubles import TROUBLES

SOME = ("registry: no JSON", "git: a hook refuses", "forge: 500 to every question")


def test_every_failure_of_a_running_bot_stands_in_its_log(tmp_path: Path) -> None:
    chosen = [trouble for trouble in TROUBLES if trouble.name in SOME]

    seen = list(endure(tmp_path, iter(chosen)))

    assert len(seen) == len(SOME)
    assert [each.untold for each in seen] == [[]] * len(seen)
    assert [each.bugs for each in seen] == [[]] * len(seen)
    assert all(each.healthy for each in seen)
    assert all(each.causes for each in seen)
