"""Which field of a file's new version is which of the old one: fields move within files and between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from imagebot.fields.field import Value
from imagebot.history.file_fields import Said

# From what makes two fields one for sure to what makes it likely.
_SAME: tuple[Callable[[Said], Hashable], ...] = (
    lambda said: (said.file, said.path),
    lambda said: (said.path, said.value),
    lambda said: said.path,
    lambda said: said.value,
    lambda said: said.file,
)


@dataclass(frozen=True, slots=True)
class FieldStep:
    """A field took `value` with the arrival at this `place`; None: before what was read."""

    value: Value
    place: int | None


@dataclass(slots=True)
class FieldTrack:
    """A field through time: where it is now, and all that it said, oldest first."""

    said: Said
    steps: list[FieldStep] = field(default_factory=list)
    _first: dict[Value, int] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Keep which step took each value first."""
        for number, step in enumerate(self.steps):
            self._first.setdefault(step.value, number)

    def take(self, value: Value, place: int) -> None:
        """It says `value` from the arrival at this place on."""
        self._first.setdefault(value, len(self.steps))
        self.steps.append(FieldStep(value, place))

    def was_at(self, value: Value, count: int) -> bool:
        """Whether one of its first `count` steps took this value."""
        return self._first.get(value, count) < count


class Followed(Protocol):
    """Anything that follows a field, and knows where it is now."""

    @property
    def said(self) -> Said: ...


T = TypeVar("T", bound=Followed)


def pair(before: Sequence[T], after: Sequence[Said]) -> list[tuple[T | None, Said | None]]:
    """Every field with what became of it; no track: it is new; nothing said: it is gone."""
    pairs: list[tuple[T | None, Said | None]] = []
    old = sorted(before, key=lambda track: _place(track.said))
    new = sorted(after, key=_place)
    for same in _SAME:
        waiting: dict[Hashable, list[T]] = defaultdict(list)
        for track in old:
            waiting[same(track.said)].append(track)
        rest = []
        for said in new:
            if tracks := waiting.get(same(said)):
                pairs.append((tracks.pop(0), said))
            else:
                rest.append(said)
        left = {id(track) for tracks in waiting.values() for track in tracks}
        old, new = [track for track in old if id(track) in left], rest
        if not old or not new:
            break
    pairs += [(track, None) for track in old] + [(None, said) for said in new]
    return sorted(pairs, key=lambda item: _place(item[1] or (item[0].said if item[0] else None)))


def _place(said: Said | None) -> tuple[str, int, str]:
    assert said is not None, "a pair has one side at least"
    return (said.file, said.line, said.path)
