"""Cases led by coverage: what reaches new lines of the editor is kept and changed further. Needs `atheris`.

`make fuzz` runs it with libFuzzer's own flags; it ends at the first finding, and prints the case.
"""

from __future__ import annotations

import sys
from collections import Counter
from random import Random

import atheris

with atheris.instrument_imports(include=["imagebot.fields", "imagebot.images", "imagebot.yamledit"]):
    from tests.fuzz.mutate import LONGEST, fresh, mutate
    from tests.fuzz.oracle import Case, check

SHARE_OF_RUAMEL = 64  # it is a hundred times slower

_words: Counter[str] = Counter()


def main() -> None:
    atheris.Setup(sys.argv, one_case, custom_mutator=slip)
    atheris.Fuzz()


def one_case(packed: bytes) -> None:
    case = Case.read(packed)
    second_opinion = _words.total() % SHARE_OF_RUAMEL == 0
    try:
        _words[check(case, second_opinion=second_opinion)] += 1
    except BaseException:
        print(f"finding: {case!r}", flush=True)
        raise
    if _words.total() % 10_000 == 0:
        print(f"so far: {dict(_words)}", flush=True)


def slip(packed: bytes, longest: int, seed: int) -> bytes:
    """Half of the time a slip as people make them, else one of libFuzzer's own."""
    dice = Random(seed)
    head, data = packed[:4].ljust(4, b"\0"), packed[4:]
    if dice.random() < 0.1:
        data = fresh(dice)
    if dice.random() < 0.3:
        head = dice.randbytes(4)
    if dice.random() < 0.6:
        return (head + mutate(data, dice))[:longest]
    return head + bytes(atheris.Mutate(data, max(min(longest, LONGEST) - 4, 1)))


if __name__ == "__main__":
    main()
