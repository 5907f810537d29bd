"""Which files an environment owns: gitignore patterns, of which the last that matches wins.

Strictly by the last match, where git itself lets `*.yaml` win over a later `!charts/`: who writes that wants no file of
`charts/` touched. Matched by RE2: a pattern with six stars keeps Python's `re` busy for minutes on a long file name.
Syntax: https://git-scm.com/docs/gitignore#_pattern_format.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from pathspec import GitIgnoreSpec, PathSpec

_LONGEST = 512


def check_path_pattern(pattern: str) -> str:
    """The pattern itself. Raises `ValueError` that says what to write instead."""
    if not pattern.strip() or not pattern.isprintable() or len(pattern) > _LONGEST:
        raise ValueError(f"a path pattern has 1 to {_LONGEST} printable characters")
    bare = pattern.removeprefix("!")
    if bare.startswith("#"):
        raise ValueError(rf"a pattern that begins with '#' is a comment in gitignore; write '\{bare}'")
    if bare.strip("/") in {"", "."}:
        raise ValueError("write '**' for every file of the repository")
    if ("\\" not in bare and {".", ".."} & set(bare.split("/"))) or "//" in bare:
        raise ValueError("paths are written from the root of the repository, without './', '../' and '//'")
    if "[:" in bare or "[[" in bare:
        raise ValueError("classes such as [:alpha:] are not read; write the characters, as in [a-z]")
    try:
        (compiled,) = GitIgnoreSpec.from_lines((pattern,)).patterns
    except (ValueError, re.error):
        raise ValueError(f"{pattern!r} is no gitignore pattern") from None
    if compiled.include is None:
        raise ValueError(f"{pattern!r} matches nothing in gitignore's syntax")
    return pattern


def check_path_patterns(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """All patterns of one environment. Raises `ValueError` if no file can ever match."""
    if patterns and all(pattern.startswith("!") for pattern in patterns):
        raise ValueError("these patterns only leave files out, so none is left; begin with '**'")
    return patterns


def covers(patterns: tuple[str, ...], path: str) -> bool:
    """Whether the file at `path` (from the repository's root) is among `patterns`; no patterns: every file."""
    return not patterns or _compile(patterns).match_file(path)


@lru_cache(maxsize=4096)
def _compile(patterns: tuple[str, ...]) -> PathSpec[Any]:
    return PathSpec.from_lines("gitignore", patterns, backend="re2")
