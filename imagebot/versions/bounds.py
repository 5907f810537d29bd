"""Ranges over orders that are no semantic versions: `>=2026.01 <2027`, `<100 || >200`.

The operators are those of semantic ranges without `^`, `~`, `*` and hyphens, which count parts that others do not have.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from imagebot.versions.order import BadRule, Key

MAX_LENGTH = 512
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "!=": ne,
    ">=": ge,
    "<=": le,
    ">": gt,
    "<": lt,
    "=": eq,
    "": eq,
}
_CONDITION = re.compile(r"(!=|>=|<=|>|<|=|)[ \t]*([0-9A-Za-z_.-]+)(?![^ \t,|])", re.ASCII)
_WORD = re.compile(r"[^ \t,|]*[ \t]*[^ \t,|]*", re.ASCII)
_BETWEEN = re.compile(r"[ \t]*(\|\||,?)[ \t]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Bound:
    """What a text in a range stands for: the beginning of keys; `below` is where `<` ends, which may be shorter."""

    key: Key
    below: Key


@dataclass(frozen=True, slots=True)
class _Condition:
    compare: Callable[[Any, Any], bool]
    bound: Key

    def holds(self, key: Key) -> bool:
        return self.compare(key[: len(self.bound)], self.bound)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Alternatives of conditions that hold together."""

    text: str
    groups: tuple[tuple[_Condition, ...], ...] = field(compare=False, repr=False)

    def __str__(self) -> str:
        return self.text

    def holds(self, key: Key) -> bool:
        """Whether what stands at `key` is in the range."""
        return any(all(condition.holds(key) for condition in group) for group in self.groups)

    @classmethod
    def parse(cls, text: str, read: Callable[[str], Bound | None], example: str) -> Bounds:
        """Read a range whose bounds `read` knows; `example` is for people. Raises `BadRule`."""
        if len(text) > MAX_LENGTH:
            raise BadRule(f"a range has at most {MAX_LENGTH} characters, this one {len(text)}", 0, len(text))
        if not text.strip():
            raise BadRule(f"an empty range; write one such as {example}", 0, max(len(text), 1))
        groups: list[list[_Condition]] = [[]]
        for condition, joined_by in _conditions(text, read, example):
            groups[-1].append(condition)
            if joined_by == "||":
                groups.append([])
        if all(map(_is_empty, groups)):
            raise BadRule(f"nothing can be in {text}: it ends before it begins", 0, len(text))
        return cls(text, tuple(map(tuple, groups)))


def _is_empty(group: Sequence[_Condition]) -> bool:
    """Whether one condition ends before another begins; those that name fewer parts hold for all that begin so."""
    floors = [one for one in group if one.compare in (ge, gt, eq)]
    return any(_ends_before(ceiling, floor) for ceiling in group if ceiling.compare in (le, lt, eq) for floor in floors)


def _ends_before(ceiling: _Condition, floor: _Condition) -> bool:
    shared = min(len(ceiling.bound), len(floor.bound))
    high, low = ceiling.bound[:shared], floor.bound[:shared]
    at_once = ceiling.compare is not lt and floor.compare is not gt
    return high < low or (high == low and len(ceiling.bound) == len(floor.bound) and not at_once)


def _conditions(text: str, read: Callable[[str], Bound | None], example: str) -> Iterator[tuple[_Condition, str]]:
    """Each condition with what joins it to the next."""
    position = len(text) - len(text.lstrip(" \t"))
    while True:
        found = _CONDITION.match(text, position)
        bound = read(found[2]) if found else None
        if found is None or bound is None:
            raise _unreadable(text, position, example)
        between = _BETWEEN.match(text, found.end())
        assert between is not None, "it matches nothing, too"
        yield _Condition(_OPERATORS[found[1]], bound.below if found[1] == "<" else bound.key), between[1]
        if between.end() == len(text) and not between[1]:
            return
        position = between.end()


def _unreadable(text: str, position: int, example: str) -> BadRule:
    word = _WORD.match(text, position)
    wrong = word[0].rstrip() if word else ""
    if not wrong:
        return BadRule(f"a condition is missing here; ranges look like {example}", min(position, len(text) - 1), 1)
    return BadRule(f"{wrong!r} is no condition here; ranges look like {example}", position, len(wrong))
