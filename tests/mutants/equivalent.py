"""Mutants that live because they change nothing that anybody could notice, each with the argument."""

from __future__ import annotations

from collections.abc import Mapping

EQUIVALENT: Mapping[tuple[str, str, str], str] = {
    (
        "imagebot/versions/commit.py",
        "break",
        "continue",
    ): "what is sorted behind the first that does not begin so does not either: it is only looked at in vain",
    (
        "imagebot/versions/created.py",
        'return f"was made on {_shown(key[0])}"',
        'return f"was made on {_shown(key[ -1])}"',
    ): "the key has one part",
    (
        "imagebot/policy/watch.py",
        "first = error.errors(include_url=False, include_input=False)[0]",
        "first = error.errors(include_url=False, include_input=True)[0]",
    ): "the input is not looked at; leaving it out saves a copy",
    (
        "imagebot/policy/read.py",
        "@lru_cache(maxsize=4096)",
        "@lru_cache(maxsize= 4097)",
    ): "how many are kept is a matter of memory",
    (
        "imagebot/policy/pattern.py",
        "def __init__(self, message: str, offset: int = 0, length: int = 1) -> None:",
        "def __init__(self, message: str, offset: int = 0, length: int = 0) -> None:",
    ): "a caret is one character wide at least",
    (
        "imagebot/selection/judge.py",
        "return digests.pop() if len(digests) == 1 else None",
        "return digests.pop() if len(digests) <= 1 else None",
    ): "it is asked of the fields that say one tag, and there is one at least",
    (
        "imagebot/selection/rank.py",
        "rules: Rules = field(repr=False, compare=False)",
        "rules: Rules = field(repr=True, compare=False)",
    ): "what a debugger prints; rules hold nothing secret",
    (
        "imagebot/documents/tree.py",
        "end = _span(event)[1] if opening.flow_style else start + 1",
        "end = _span(event)[1] if opening.flow_style else start | 1",
    ): "a caret is one character wide at least",
}
"""By the module, the line that the mutant takes away and the one that it puts there."""
