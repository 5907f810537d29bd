from __future__ import annotations

import pytest

from tests.mutants.mutant import Mutant
from tests.mutants.plugin import Order
from tests.mutants.record import bodies_of, spans

MODULE = """\
from dataclasses import dataclass

@dataclass
class Pull:
    number: int = 1

    @property
    def text(self, mark="#"):
        return (
            mark
            + str(self.number)
        )
"""
LIMITS = {"quick": 20.0, "slow": 30.0, "other": 20.0}


@pytest.mark.parametrize(
    ("old", "new", "around", "called"),
    [
        ("str(self", "repr(self", [range(11, 12), range(10, 12), range(9, 13), range(7, 13), range(3, 13)], True),
        ("    @property\n", "", [range(7, 8), range(7, 13), range(3, 13)], False),
        ('mark="#"', "mark=1", [range(8, 9), range(7, 13), range(3, 13)], False),
        ("int = 1", "int = 2", [range(5, 6), range(3, 13)], False),
    ],
)
def test_the_tests_that_run_a_mutant_are_looked_for_from_within(
    old: str, new: str, around: list[range], called: bool
) -> None:
    mutant = Mutant("pull.py", "", MODULE, MODULE.replace(old, new))

    assert list(dict.fromkeys(spans(mutant))) == [*map(frozenset, around), frozenset(range(1, 13))]
    assert (set(mutant.changed()) <= bodies_of(mutant)) is called


@pytest.mark.parametrize(
    ("only", "tried"), [(True, ["new", "quick", "slow"]), (False, ["new", "quick", "slow", "other"])]
)
def test_a_test_that_was_just_written_comes_first(only: bool, tried: list[str]) -> None:
    order = Order(("quick", "gone", "slow"), LIMITS, only)

    assert order.sort(["slow", "other", "quick", "new"]) == tried
