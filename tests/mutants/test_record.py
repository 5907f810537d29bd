from __future__ import annotations

import pytest

from tests.mutants.mutant import Mutant
from tests.mutants.plugin import Order
from tests.mutants.record import spans

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
    ("old", "new", "narrowest", "at_import"),
    [
        ("str(self", "repr(self", range(11, 12), range(7, 13)),
        ("    @property\n", "", range(7, 8), range(7, 13)),
        ('mark="#"', "mark=1", range(8, 9), range(7, 13)),
        ("int = 1", "int = 2", range(5, 6), range(3, 13)),
    ],
)
def test_the_tests_that_run_a_mutant_are_looked_for_from_within(
    old: str, new: str, narrowest: range, at_import: range
) -> None:
    found = list(spans(Mutant("pull.py", "", MODULE, MODULE.replace(old, new))))

    assert found[0] == (narrowest, True)
    assert next(span for span, only in found if not only) == at_import
    assert found[-1] == (range(1, 13), False)


@pytest.mark.parametrize(
    ("only", "tried"), [(True, ["new", "quick", "slow"]), (False, ["new", "quick", "slow", "other"])]
)
def test_a_test_that_was_just_written_comes_first(only: bool, tried: list[str]) -> None:
    order = Order(("quick", "gone", "slow"), LIMITS, only)

    assert order.sort(["slow", "other", "quick", "new"]) == tried
