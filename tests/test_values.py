"""Our `dataclass` beside the standard library's, which it stands for."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, field, fields, replace
from typing import Any, ClassVar

import pytest

from imagebot import values

Decorator = Callable[..., Any]
BOTH = [pytest.param(dataclasses.dataclass, id="the standard library's"), pytest.param(values.dataclass, id="ours")]
every_dataclass = pytest.mark.parametrize("dataclass", BOTH)


def a_point(dataclass: Decorator) -> Any:
    @dataclass(frozen=True, slots=True)
    class Point:
        """Where."""

        x: int
        y: int = 2
        seen: list[int] = field(default_factory=list, compare=False)
        note: str = field(default="", repr=False)
        none: ClassVar[str] = "no field"

        @property
        def sum(self) -> int:
            return self.x + self.y

    return Point


def a_box(dataclass: Decorator) -> Any:
    point = a_point(dataclass)

    @dataclass(frozen=True, slots=True)
    class Box(point):  # type: ignore[misc, valid-type]
        """How large."""

        size: int = 1
        twice: int = 0

        def __post_init__(self) -> None:
            object.__setattr__(self, "twice", self.size * 2)

    return Box


@every_dataclass
def test_what_is_equal_is_so_by_all_that_is_compared(dataclass: Decorator) -> None:
    point, other = a_point(dataclass), a_point(dataclass)
    assert point(1) == point(1, seen=[3])
    assert hash(point(1)) == hash(point(1, seen=[3]))
    assert point(1) != point(2)
    assert point(1) != other(1)
    assert point(1) != (1, 2)
    assert {point(1), point(1, 2), point(1, 3)} == {point(1), point(1, 3)}
    assert a_box(dataclass)(1, size=3) != a_box(dataclass)(1, size=3)


@every_dataclass
def test_a_default_is_made_for_each(dataclass: Decorator) -> None:
    one, two = a_point(dataclass)(1), a_point(dataclass)(x=1, y=5, note="n")
    one.seen.append(1)
    assert (two.seen, two.sum, two.note, one.none) == ([], 6, "n", "no field")


@every_dataclass
def test_nothing_is_changed_or_added(dataclass: Decorator) -> None:
    point = a_point(dataclass)(1)
    for name in ("x", "sum", "other"):
        with pytest.raises((FrozenInstanceError, TypeError)):
            setattr(point, name, 1)
    with pytest.raises(FrozenInstanceError):
        del point.x
    assert not hasattr(point, "__dict__")


@every_dataclass
def test_it_shows_itself(dataclass: Decorator) -> None:
    assert repr(a_point(dataclass)(1)).endswith(".Point(x=1, y=2, seen=[])")
    assert repr(a_box(dataclass)(1, size=3)).endswith(".Box(x=1, y=2, seen=[], size=3, twice=6)")


@every_dataclass
def test_what_is_missing_or_too_much_is_told(dataclass: Decorator) -> None:
    point = a_point(dataclass)
    with pytest.raises(TypeError, match=r"Point\.__init__\(\) missing 1 required positional argument: 'x'"):
        point()
    with pytest.raises(TypeError, match=r"Point\.__init__\(\) got an unexpected keyword argument 'z'"):
        point(1, z=2)
    assert [*inspect.signature(point).parameters] == ["x", "y", "seen", "note"]


@every_dataclass
def test_it_is_replaced_copied_matched_and_listed(dataclass: Decorator) -> None:
    point = a_point(dataclass)(1, note="n")
    assert replace(point, y=7) == a_point(dataclass)(1, 7, note="n") or replace(point, y=7).y == 7
    assert copy.copy(point) == copy.deepcopy(point) == point
    assert [each.name for each in fields(point)] == ["x", "y", "seen", "note"]
    assert dataclasses.asdict(point) == {"x": 1, "y": 2, "seen": [], "note": "n"}
    match point:
        case point.__class__(1, y):
            assert y == 2


@every_dataclass
def test_methods_of_its_own_stay(dataclass: Decorator) -> None:
    @dataclass(frozen=True, slots=True)
    class Odd:
        """It is like every other."""

        x: int

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Odd)

        def __hash__(self) -> int:
            return 1

        def __repr__(self) -> str:
            return "odd"

    assert (Odd(1) == Odd(2), hash(Odd(3)), repr(Odd(1))) == (True, 1, "odd")


@every_dataclass
def test_a_value_of_nothing(dataclass: Decorator) -> None:
    @dataclass(frozen=True, slots=True)
    class Nothing:
        """No field at all."""

    assert Nothing() == Nothing()
    assert hash(Nothing()) == hash(Nothing())
    assert repr(Nothing()).endswith(".Nothing()")


@every_dataclass
@pytest.mark.parametrize("how", [{"slots": True}, {"frozen": True}, {"frozen": True, "slots": True, "order": True}])
def test_what_is_asked_for_beside_that_is_the_standard_librarys(dataclass: Decorator, how: dict[str, bool]) -> None:
    @dataclass(**how)
    class Other:
        """Of another kind."""

        x: int

    assert Other(1) == Other(1)
    assert hasattr(Other(1), "__dict__") == ("slots" not in how)
    assert ("__lt__" in vars(Other)) == ("order" in how)


def test_it_is_pickled() -> None:
    assert pickle.loads(pickle.dumps(Pickled(1))) == Pickled(1)


@values.dataclass(frozen=True, slots=True)
class Pickled:
    """By its name, so it stands here."""

    x: int
