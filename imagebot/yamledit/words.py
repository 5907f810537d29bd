"""Words of a file that is no YAML: replaced on their lines, and proved token for token."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from imagebot.errors import CannotEdit, Problem
from imagebot.yamledit.replace import Patch
from imagebot.yamledit.splice import Edit, splice
from imagebot.yamledit.tree import Scalar

_TOKEN = re.compile(rb"[A-Za-z0-9_.:/@-]+|[^A-Za-z0-9_.:/@-]")


def replace_words(file: str, data: bytes, patches: Iterable[tuple[Scalar, Patch]]) -> bytes:
    """`data` with these parts of words changed, at most one of each word, and no other token of its line.

    Raises `CannotEdit` where that cannot be proved; then nothing is to be written.
    """
    edits: dict[Edit, int] = {}
    for word, (start, end, text) in patches:
        if word.value[start:end] != text:
            new = word.value[:start] + text + word.value[end:]
            edits[Edit(word.start, data[word.start : word.end], new.encode("latin-1"))] = word.line
    after = splice(data, edits)
    _prove(file, data, after, Counter(edits.values()))
    return after


def _prove(file: str, before: bytes, after: bytes, edited: Mapping[int, int]) -> None:
    """Compare line by line; `edited` tells how many words of a line were to change."""
    old, new = before.split(b"\n"), after.split(b"\n")
    if len(old) != len(new):
        raise _unproved(file, 1, "the file has another number of lines")
    for line, (was, became) in enumerate(zip(old, new, strict=True), start=1):
        meant = edited.get(line, 0)
        if (was != became or meant) and _changes(_TOKEN.findall(was), _TOKEN.findall(became)) != meant:
            raise _unproved(file, line, "more than the value changed")


def _changes(was: Sequence[bytes], became: Sequence[bytes]) -> int:
    """How many tokens differ; -1 if there are more or fewer than before."""
    return sum(old != new for old, new in zip(was, became, strict=True)) if len(was) == len(became) else -1


def _unproved(file: str, line: int, what: str) -> CannotEdit:
    return CannotEdit(
        Problem(file, line, 1, f"the edit is not proved, nothing was written: {what}; please report this")
    )
