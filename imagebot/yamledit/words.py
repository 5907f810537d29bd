"""Words of a file that is no YAML: replaced on their lines, and proved token for token."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from imagebot.yamledit.prove import Proved, prove_words
from imagebot.yamledit.replace import Patch
from imagebot.yamledit.splice import Edit, splice
from imagebot.yamledit.tree import Scalar


def replace_words(file: str, data: bytes, patches: Iterable[tuple[Scalar, Patch]]) -> Proved:
    """`data` with these parts of words changed, at most one of each word, and no other token of its line.

    Raises `CannotEdit` where that cannot be proved; then nothing is to be written.
    """
    edits: dict[Edit, int] = {}
    for word, (start, end, text) in patches:
        if word.value[start:end] != text:
            new = word.value[:start] + text + word.value[end:]
            edits[Edit(word.start, data[word.start : word.end], new.encode("latin-1"))] = word.line
    return prove_words(file, data, splice(data, edits), Counter(edits.values()))
