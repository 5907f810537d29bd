from __future__ import annotations

import ast

from tests.mutants.fixed import FIXED
from tests.mutants.rooms import ROOMS, ROOT


def test_each_fixed_mutant_still_has_its_place() -> None:
    """Who changes such a line says in `fixed.py` what the same mistake would be now."""
    made = {one.name: one.mutant(ROOT) for one in FIXED}
    assert [name for name, mutant in made.items() if mutant is None] == []
    for mutant in made.values():
        assert mutant is not None
        ast.parse(mutant.after)


def test_each_module_has_a_room_and_each_room_its_tests() -> None:
    everything = {path for path in (ROOT / "imagebot").rglob("*.py") if path.name not in ("__init__.py", "__main__.py")}
    roomed = {path for room in ROOMS.values() for path in room.modules(ROOT)}
    migrations = {path for path in everything if "migrations" in path.parts}
    assert sorted(everything - roomed - migrations) == []
    assert [place for room in ROOMS.values() for place in room.tests if not (ROOT / place).exists()] == []
