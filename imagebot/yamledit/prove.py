"""The proof behind every edit: the file is read again, and nothing changed but what was meant to.

It runs in production, on every edit: a failure is a bug of ours. What passed has a type of its own, made here alone;
whatever writes files or commits takes nothing else, so that no edit can go around it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import zip_longest
from operator import attrgetter
from typing import NewType

import yaml

from imagebot.errors import CannotEdit, Problem
from imagebot.yamledit.events import Budget, Text, Unreadable, begin, end, read
from imagebot.yamledit.pieces import Piece, pieces
from imagebot.yamledit.splice import Edit

Proved = NewType("Proved", bytes)
"""A whole file as it should be written: the edits that were asked for, and no other byte."""

_TOKEN = re.compile(rb"[A-Za-z0-9_.:/@-]+|[^A-Za-z0-9_.:/@-]")
# All that a loader may look at, by the kind of event.
_MEANING: dict[type, Callable[[yaml.Event], object]] = {
    yaml.MappingStartEvent: attrgetter("anchor", "tag", "implicit", "flow_style"),
    yaml.SequenceStartEvent: attrgetter("anchor", "tag", "implicit", "flow_style"),
    yaml.AliasEvent: attrgetter("anchor"),
    yaml.DocumentStartEvent: attrgetter("explicit", "version", "tags"),
    yaml.DocumentEndEvent: attrgetter("explicit"),
}


def prove(file: str, before: bytes, after: bytes, edits: Iterable[Edit], values: Mapping[int, str]) -> Proved:
    """Compare the two files byte for byte outside the edits, and event for event with the values intended.

    `values` are those that scalars should have, by the byte at which each ends in `before`. Raises `CannotEdit` that
    names what differs.
    """
    if after is before and not values:
        return Proved(before)
    return _sound(file, after, _bytes_differ(before, after, sorted(edits)) or _events_differ(before, after, values))


def prove_words(file: str, before: bytes, after: bytes, edited: Mapping[int, int]) -> Proved:
    """Compare two files that are no YAML line by line and token for token.

    `edited` tells how many words of a line were to change.
    """
    return _sound(file, after, _tokens_differ(before, after, edited))


def _sound(file: str, after: bytes, flaw: tuple[int, str] | None) -> Proved:
    if flaw is None:
        return Proved(after)
    line, what = flaw
    raise CannotEdit(Problem(file, line, 1, f"the edit is not proved, nothing was written: {what}; please report this"))


def _bytes_differ(before: bytes, after: bytes, edits: list[Edit]) -> tuple[int, str] | None:
    here = there = 0
    for edit in [*edits, Edit(len(before), b"", b"")]:
        kept = edit.start - here
        if before[here : edit.start] != after[there : there + kept]:
            return before.count(b"\n", 0, here) + 1, "a byte outside the value changed"
        here, there = edit.end, there + kept + len(edit.new)
    return None if there == len(after) else (1, "the file has another length than the edits make")


def _events_differ(before: bytes, after: bytes, values: Mapping[int, str]) -> tuple[int, str] | None:
    """Where the documents that changed read otherwise than they should; the others are cut off from them, and equal."""
    left = sorted(values.items(), reverse=True)
    for old, new in zip_longest(pieces(before), pieces(after)):
        if old is None or new is None:
            return (old or new).line + 1, "the file ends elsewhere"
        mine: dict[int, str] = {}
        while left and left[-1][0] <= old.end:
            mine |= [left.pop()]
        if before[old.start : old.end] == after[new.start : new.end] and not mine:
            continue
        flaw = _piece_differs((before, old), (after, new), mine)
        if flaw:
            return old.line + flaw[0], flaw[1]
    return None


def _piece_differs(
    before: tuple[bytes, Piece], after: tuple[bytes, Piece], values: Mapping[int, str]
) -> tuple[int, str] | None:
    try:
        old_text, new_text = _text(*before), _text(*after)
        missing = {old_text.index(at): value for at, value in values.items()}
        for old, new in zip_longest(read(old_text.text, Budget()), read(new_text.text, Budget())):
            if old is None or new is None:
                return begin(old or new).line + 1, "the file ends elsewhere"
            value = missing.pop(end(old).index, None) if missing and isinstance(old, yaml.ScalarEvent) else None
            if not (_same(old, new) if value is None else _became(old, new, value)):
                return begin(old).line + 1, "it would read differently"
    except Unreadable as error:
        return error.why.line, error.why.message
    return (1, "a value was not found again") if missing else None


def _text(data: bytes, piece: Piece) -> Text:
    return Text(data, piece.start, piece.end)


def _same(old: yaml.Event, new: yaml.Event) -> bool:
    """Whether two events mean the same: most are scalars, and of these most attributes are asked one by one."""
    if isinstance(old, yaml.ScalarEvent) and isinstance(new, yaml.ScalarEvent):
        return (
            old.value == new.value
            and old.style == new.style
            and old.implicit == new.implicit
            and old.anchor == new.anchor
            and old.tag == new.tag
        )
    meaning = _MEANING.get(type(old))
    return type(old) is type(new) and (meaning is None or meaning(old) == meaning(new))


def _became(old: yaml.Event, new: yaml.Event, value: str) -> bool:
    """Whether an intended scalar has its new value, its anchor and its tag; a plain one may have taken on quotes."""
    if not (isinstance(old, yaml.ScalarEvent) and isinstance(new, yaml.ScalarEvent) and new.value == value):
        return False
    return (new.anchor, new.tag) == (old.anchor, old.tag) and (new.style == old.style or not old.style)


def _tokens_differ(before: bytes, after: bytes, edited: Mapping[int, int]) -> tuple[int, str] | None:
    old, new = before.split(b"\n"), after.split(b"\n")
    if len(old) != len(new):
        return 1, "the file has another number of lines"
    for line, (was, became) in enumerate(zip(old, new, strict=True), start=1):
        meant = edited.get(line, 0)
        if (was != became or meant) and _changes(_TOKEN.findall(was), _TOKEN.findall(became)) != meant:
            return line, "more than the value changed"
    return None


def _changes(was: Sequence[bytes], became: Sequence[bytes]) -> int:
    """How many tokens differ; -1 if there are more or fewer than before."""
    return sum(old != new for old, new in zip(was, became, strict=True)) if len(was) == len(became) else -1
