"""Which files an environment owns: gitignore patterns, of which the last that matches wins.

Strictly by the last match, where git itself lets `*.yaml` win over a later `!charts/`: who writes that wants no file of
`charts/` touched. Matched by RE2: a pattern with six stars keeps Python's `re` busy for minutes on a long file name.
Syntax: https://git-scm.com/docs/gitignore#_pattern_format.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from pathspec import GitIgnoreSpec, PathSpec

_LONGEST = 512
_PLAIN = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)
"""A segment of a pattern that stands for itself."""
_WRITTEN_OUT = re.compile(r"/?(?:[A-Za-z0-9._-]+/)*[A-Za-z0-9._-]+/?", re.ASCII)
"""A pattern that is made of such segments alone."""


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
    if all(_WRITTEN_OUT.fullmatch(pattern) for pattern in patterns):
        return not patterns or any(_leads_to(pattern, path) for pattern in patterns)
    return _compile(patterns).match_file(path)


def _leads_to(pattern: str, path: str) -> bool:
    """What gitignore says of a pattern without wildcards: thousands of policies name files so, without RE2."""
    bare = pattern.strip("/")
    if "/" not in pattern.rstrip("/"):
        folders, _, name = path.rpartition("/")
        return bare in folders.split("/") or (bare == name and not pattern.endswith("/"))
    return path.startswith(f"{bare}/") or (path == bare and not pattern.endswith("/"))


class PathIndex:
    """Finds, for patterns, the paths among which theirs are, without holding every pattern against every path."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._holding: dict[str, list[str]] = defaultdict(list)
        for path in paths:
            for segment in set(path.split("/")):
                self._holding[segment].append(path)

    def near(self, patterns: tuple[str, ...], enough: int) -> frozenset[str] | None:
        """The paths that may be among `patterns`: every other is not. None where that is not less than `enough`.

        A path has every segment that its pattern writes without a wildcard; of these the rarest tells.
        """
        rare = [self._rarest(pattern) for pattern in patterns if not pattern.startswith("!")]
        some = [paths for paths in rare if paths is not None]
        if not patterns or len(some) < len(rare) or sum(map(len, some)) >= enough:
            return None
        return frozenset(path for paths in some for path in paths)

    def _rarest(self, pattern: str) -> list[str] | None:
        plain = [segment for segment in pattern.split("/") if _PLAIN.fullmatch(segment)]
        return min((self._holding.get(segment, []) for segment in plain), key=len, default=None)


# More than there are policies: a bound that turns over in every pass would keep nothing.
@lru_cache(maxsize=1 << 16)
def _compile(patterns: tuple[str, ...]) -> PathSpec[Any]:
    return PathSpec.from_lines("gitignore", patterns, backend="re2")


def within(pattern: str, fence: tuple[str, ...]) -> bool:
    """Whether all that `pattern` can match is among the patterns of `fence`, as far as that can be seen for sure.

    What the fence takes out by `!` is left out whatever a pattern reaches, so only a pattern that is all within that
    is not within the fence.
    """
    wanted = [one for one in fence if not one.startswith("!")]
    left_out = [one.removeprefix("!") for one in fence if one.startswith("!")]
    return any(_is_inside(pattern, one) for one in wanted) and not any(_is_inside(pattern, one) for one in left_out)


def _is_inside(inner: str, outer: str) -> bool:
    if inner == outer:
        return True
    if outer.rstrip("/") in {"*", "**", "/**", "**/*"}:
        return _ends_no_later(inner, outer) or len([part for part in inner.split("/") if part not in ("", "**")]) > 1
    if outer.endswith("/*"):
        return False  # it matches what is right there, and nothing below
    outer = outer.removesuffix("/**") + ("/" if outer.endswith("/**") else "")
    bare = inner.removesuffix("/**") + ("/" if inner.endswith("/**") else "")
    parts, around = bare.strip("/").split("/"), outer.strip("/").split("/")
    # A pattern without a slash but at its end is one for any folder.
    if "/" not in outer.rstrip("/") or (around[0] == "**" and len(around) == 2):
        folders = parts if _ends_no_later(bare, outer) else parts[:-1]
        return any(_takes(around[-1], part) for part in folders)
    if "/" not in bare.rstrip("/") or len(parts) < len(around):
        return False
    if len(parts) == len(around) and not _ends_no_later(bare, outer):
        return False
    return all(_takes(one, part) for one, part in zip(around, parts, strict=False))


def _ends_no_later(inner: str, outer: str) -> bool:
    """Whether one does not match files where the other matches folders alone."""
    return inner.endswith("/") or not outer.endswith("/")


def _takes(outer: str, inner: str) -> bool:
    """Whether one segment of a pattern matches all that another one does."""
    if outer == "**" or inner == "**":
        return False
    return outer in {"*", inner} or bool(_PLAIN.fullmatch(inner) and covers((f"/{outer}",), inner))
