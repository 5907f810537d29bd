"""What people took back: the versions that a field of the base branch had, and that they left for older ones.

Told by what the field said from commit to commit, however these came about: no message is needed for it, and none can
pretend it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from imagebot.fields.field import Value
from imagebot.history.commits import Commit
from imagebot.pulls.trailers import MORE, landed, rolls_back
from imagebot.selection.verdict import Version

Place = Callable[[str], tuple[object, ...] | None]
"""Where a tag stands in the order: higher is newer."""


@dataclass(frozen=True, slots=True)
class WentBack:
    """With this commit the field, then at `path` of `file`, left a value for another."""

    value: Value
    then: Value
    commit: Commit
    file: str
    path: str


def taken_back(
    past: Sequence[WentBack], place: Place, is_ours: Callable[[WentBack], bool]
) -> Iterator[tuple[Version, WentBack]]:
    """The versions that a field once had and people took back, with how; `past` is its own, newest first.

    A version above what the field says now was taken back with the last step from it, or from one above it, to one
    below. Of one tag another digest was, with the last step away from it. What the bot did itself took nothing back.
    """
    if not past:
        return
    now = past[0].then
    for value in dict.fromkeys(left.value for left in past):
        how = _other_digest(value, past) if value.tag == now.tag else _down(value, now, past, place)
        if how is not None and not is_ours(how):
            yield Version(value.tag or "", value.digest if value.tag == now.tag else None), how


def _other_digest(value: Value, past: Sequence[WentBack]) -> WentBack | None:
    if value.digest is None or value == past[0].then:
        return None
    return next(left for left in past if left.value == value)


def _down(value: Value, now: Value, past: Sequence[WentBack], place: Place) -> WentBack | None:
    if value.tag is None or now.tag is None:
        return None
    at = place(value.tag)
    if at is None or not _is_below(now, at, place) or place(now.tag) is None:
        return None
    return next(left for left in past if not _is_below(left.value, at, place) and _is_below(left.then, at, place))


def _is_below(value: Value, at: tuple[object, ...], place: Place) -> bool:
    """What has no place in the order is below everything."""
    stands = None if value.tag is None else place(value.tag)
    return stands is None or stands < at


def says_so(message: str, left: WentBack) -> bool:
    """Whether a message says that the bot moved just this field just so; of a rollback it says the contrary."""
    if rolls_back(message):
        return False
    return any(
        (item.file, item.path) == (left.file, left.path)
        and left.then.tag in (item.version.tag, None)
        and left.then.digest in (item.version.digest, None)
        and (left.value.tag in (None, *item.old) or MORE in item.old)
        for item in landed([message])
    )
