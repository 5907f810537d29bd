from __future__ import annotations

import ast

from tests.mutants.fixed import BROKEN, FIXED
from tests.mutants.rooms import ROOMS, ROOT


def test_each_fixed_mutant_still_has_its_place() -> None:
    """Who changes such a line says in `fixed.py` what the same mistake would be now."""
    made = {one.name: one.mutant(ROOT) for one in (*FIXED, *BROKEN)}
    assert [name for name, mutant in made.items() if mutant is None] == []
    for mutant in made.values():
        assert mutant is not None
        ast.parse(mutant.after)


def test_each_folder_is_a_room_and_each_room_has_its_tests() -> None:
    folders = {path for path in (ROOT / "imagebot").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders - {ROOT / place for room in ROOMS.values() for place in room.code} == set()
    assert [place for room in ROOMS.values() for place in room.tests if not (ROOT / place).exists()] == []
