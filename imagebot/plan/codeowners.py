"""Who owns the files that change: a CODEOWNERS file as the forge that keeps it would read it.

Sources: https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners,
https://docs.gitlab.com/user/project/codeowners/reference/ and /advanced/,
https://docs.gitea.com/usage/repository/code-owners and, for what that page does not say, the sources of Gitea 1.25;
https://support.atlassian.com/bitbucket-cloud/docs/set-up-and-use-code-owners/ and "Code owners" of Data Center.
All that is matched is matched by RE2: whoever writes the file could keep Python's `re` busy for years.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile
from typing import Any, assert_never

import re2  # type: ignore[import-untyped]

from imagebot.knownforges import CodeOwners
from imagebot.policy.key_grammar import CODEOWNERS, login

_GITHUB_BYTES = 3 * 1024 * 1024
# What a file may cost to match: 100 for each line at least, of RE2's instructions, which take 16 bytes each.
_MOST_INSTRUCTIONS = 4_000_000
_LEAST_OF_A_LINE = 100
_GROUP = 100

_WORD = re.compile(r"(?:\\.|[^\s\\])+", re.ASCII)
_GITEA_WORD = re.compile(r"(?:\\.|[^\\# \t])+|#", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_OWNER = re.compile(r"@[^@\s/]+(?:/[^@\s/]+)?|[^@\s]+@[^@\s]+")
_PERSON = re.compile(r"@[^@\s/]+")
_HEADING = re.compile(r"\^?\[(?P<name>[^\[\]]+)\](?:\[[^\[\]]*\])?(?:\s+(?P<owners>.*))?", re.ASCII)
_PIECE = re.compile(r"\\(?P<escaped>.)|\[(?P<set>[^\]]+)\]|(?P<letter>.)", re.DOTALL)
_SPECIAL = frozenset(r"\.+*?()|[]{}^$")


def owners(read_as: CodeOwners, text: str, paths: Iterable[str]) -> tuple[str, ...]:
    """The owners of the files at `paths`, from the repository's root, as reviewers of a policy: logins, `team:NAME`.

    Left out is who cannot be asked for a review by name: mail addresses, GitLab's roles and its groups within groups.
    A line that the forge cannot read is passed over, as the forge does; a file of absurd size names nobody.
    """
    sections = _read(read_as, text)
    found: dict[str, str] = {}
    for path in paths:
        data = path.encode(errors="replace")
        for section in sections:
            for name in section.owners(data):
                found.setdefault(name.casefold(), name)
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class _Line:
    """Whom a line names, and its pattern: RE2, to be found in a path."""

    owners: tuple[str, ...]
    pattern: Any

    def matches(self, path: bytes) -> bool:
        return self.pattern.search(path) is not None


@dataclass(frozen=True, slots=True)
class _Group:
    """Some lines in a row, and one pattern that finds what any of theirs finds; None if that would be too large."""

    lines: tuple[_Line, ...]
    any: Any

    def matching(self, path: bytes) -> Iterator[_Line]:
        if self.any is None or self.any.search(path) is not None:
            yield from (line for line in reversed(self.lines) if line.matches(path))


@dataclass(frozen=True, slots=True)
class _Section:
    """Lines of which the last that matches names the owners, or `every` one; nobody owns what is `excluded`."""

    groups: tuple[_Group, ...]
    excluded: tuple[_Group, ...] = ()
    every: bool = False

    def owners(self, path: bytes) -> tuple[str, ...]:
        if any(True for group in self.excluded for _ in group.matching(path)):
            return ()
        matching = (line for group in reversed(self.groups) for line in group.matching(path))
        if self.every:
            return tuple(name for line in reversed(tuple(matching)) for name in line.owners)
        last = next(matching, None)
        return () if last is None else last.owners


class _TooLarge(Exception):
    """Nobody writes such a file in earnest."""


@dataclass
class _Compiler:
    """From patterns to RE2, as long as all of a file's together are no burden. Raises `_TooLarge`."""

    left: int = _MOST_INSTRUCTIONS

    def line(self, pattern: str | None, owners: Iterable[str]) -> _Line | None:
        """None if this is no pattern."""
        compiled = None if pattern is None else self._compiled(pattern)
        return None if compiled is None else _Line(_named(owners), compiled)

    def groups(self, lines: Sequence[_Line]) -> tuple[_Group, ...]:
        rows = [tuple(lines[start : start + _GROUP]) for start in range(0, len(lines), _GROUP)]
        return tuple(
            _Group(row, self._compiled("|".join(f"(?:{line.pattern.pattern})" for line in row))) for row in rows
        )

    def _compiled(self, pattern: str) -> Any:
        options = re2.Options()
        options.log_errors = False
        options.dot_nl = True
        options.never_capture = True
        try:
            compiled = re2.compile(pattern.encode(errors="replace").decode(), options)
        except re2.error:
            return None
        self.left -= max(compiled.programsize, _LEAST_OF_A_LINE)
        if self.left < 0:
            raise _TooLarge
        return compiled


@lru_cache(maxsize=16)
def _read(read_as: CodeOwners, text: str) -> tuple[_Section, ...]:
    compiler = _Compiler()
    try:
        match read_as.dialect:
            case "gitignore":
                return _with_gitignores_patterns(text, compiler)
            case "exclusions":
                return _with_exclusions(text, compiler)
            case "sections":
                return _in_sections(text, compiler)
            case "regexps":
                return _as_regexps(text, compiler)
            case _:
                assert_never(read_as.dialect)
    except _TooLarge:
        return ()


def _with_gitignores_patterns(text: str, compiler: _Compiler) -> tuple[_Section, ...]:
    """GitHub: gitignore's patterns without `!`, `[ ]` and an escaped `#`; a line without owners takes them away."""
    if len(text.encode(errors="replace")) >= _GITHUB_BYTES:
        return ()
    lines = []
    for text_line in text.split("\n"):
        words = _until_comment(_WORD.findall(text_line))
        if words and all(_OWNER.fullmatch(word) for word in words[1:]):
            lines.append(compiler.line(_gitignore(words[0]), words[1:]))
    return (_Section(compiler.groups([line for line in lines if line])),)


def _with_exclusions(text: str, compiler: _Compiler) -> tuple[_Section, ...]:
    """Bitbucket: the same patterns; `!` takes owners away. Its groups (`@@name`, or a path) cannot be asked by name."""
    lines = []
    for text_line in text.split("\n"):
        words = _until_comment(_WORD.findall(text_line))
        if words:
            names = [] if words[0].startswith("!") else [word for word in words[1:] if _PERSON.fullmatch(word)]
            lines.append(compiler.line(_gitignore(words[0].removeprefix("!")), names))
    return (_Section(compiler.groups([line for line in lines if line])),)


def _in_sections(text: str, compiler: _Compiler) -> tuple[_Section, ...]:
    """GitLab: sections by name, each with its own last match; owners in a heading are for lines that name nobody."""
    owned: dict[str, list[_Line]] = {"": []}
    excluded: dict[str, list[_Line]] = {}
    section, default = "", ""
    for text_line in map(str.strip, text.split("\n")):
        heading = _HEADING.fullmatch(text_line)
        if heading and heading["name"].strip():
            section, default = heading["name"].casefold(), heading["owners"] or ""
            continue
        pattern = _WORD.match(text_line)
        if pattern is None or text_line.startswith("#"):
            continue
        words = (text_line[pattern.end() :].strip() or default).split()
        names = [word for word in words if word.startswith("@") and "/" not in word]
        line = compiler.line(_fnmatch(pattern[0].removeprefix("!")), names)
        if line is not None:
            (excluded if text_line.startswith("!") else owned).setdefault(section, []).append(line)
    return tuple(
        _Section(compiler.groups(lines), compiler.groups(excluded.get(name, ()))) for name, lines in owned.items()
    )


def _as_regexps(text: str, compiler: _Compiler) -> tuple[_Section, ...]:
    """Gitea: regular expressions for whole paths; every line that matches counts, with `!` every one that does not."""
    lines, sections = [], []
    for text_line in text.split("\n"):
        pattern, *names = _until_comment(_GITEA_WORD.findall(text_line.strip())) or [""]
        regexp = _ESCAPED.sub(r"\1", pattern)
        line = compiler.line(f"^{regexp.removeprefix('!')}$", names) if names else None
        if line is not None and regexp.startswith("!"):
            everything = compiler.line("", names)
            assert everything is not None, "it is a pattern"
            sections.append(_Section(compiler.groups([everything]), compiler.groups([line])))
        elif line is not None:
            lines.append(line)
    return (_Section(compiler.groups(lines), every=True), *sections)


def _until_comment(words: Sequence[str]) -> list[str]:
    return list(takewhile(lambda word: not word.startswith("#"), words))


def _named(words: Iterable[str]) -> tuple[str, ...]:
    """Those of the owners who can be asked, as a policy spells them."""
    names = (_reviewer(word.removeprefix("@")) for word in words)
    return tuple(name for name in names if name)


def _reviewer(name: str) -> str:
    _, slash, team = name.partition("/")
    try:
        spelled = f"team:{login(team)}" if slash else login(name)
    except ValueError:
        return ""
    return "" if spelled.casefold() == CODEOWNERS else spelled


def _gitignore(pattern: str) -> str | None:
    """As RE2, or None for what GitHub does not take. Unlike in gitignore, `docs/*` reaches into no folder of `docs`."""
    if pattern.startswith(("!", "\\#")) or "[" in pattern or "]" in pattern:
        return None
    names = pattern.removeprefix("/").removesuffix("/").split("/")
    start = "" if "/" in pattern.removesuffix("/") else "(?:.*/)?"
    inside = "" if names[-1] in {"*", "**"} else "(?:/.+)?"
    return f"^{start}{_path(names)}{'/.+' if pattern.endswith('/') else inside}$"


def _fnmatch(pattern: str) -> str | None:
    """As RE2, or None for what can never match: Ruby's `File.fnmatch` with the flags that GitLab gives it."""
    names = pattern.removeprefix("/").split("/")
    if names[-1] == "":
        names[-1:] = ["**", "*"]
    elif names[-1] == "**":
        names[-1] = "*"
    body = _path(names)
    return None if body is None else f"^{'' if pattern.startswith('/') else '(?:.*/)?'}{body}$"


def _path(names: Sequence[str]) -> str | None:
    """A glob for a path as RE2, from the globs for its names; `**` is any number of folders, at the end all in them."""
    parts = []
    for index, name in enumerate(names):
        last = index == len(names) - 1
        part = _name(name)
        if part is None:
            return None
        if name == "**":
            parts.append(".*" if last else "(?:.*/)?")
        else:
            parts.append(part if last else f"{part}/")
    return "".join(parts)


def _name(glob: str) -> str | None:
    """A glob for one name as RE2; None if a set in it has no end."""
    parts = []
    for piece in _PIECE.finditer(glob):
        if piece["set"]:
            parts.append(_set(piece["set"]))
        elif piece["letter"] == "[":
            return None
        elif piece["letter"] in {"*", "?"}:
            parts.append("[^/]*" if piece["letter"] == "*" else "[^/]")
        else:
            parts.append(_literal(piece["escaped"] or piece["letter"]))
    return "".join(parts)


def _set(inside: str) -> str:
    refused = inside[0] in "!^"
    letters = inside[1:] if refused else inside
    body = "".join(_literal(letter) for letter in letters if letter != "\\")
    return f"[^/{body}]" if refused else f"[{body}]"


def _literal(letter: str) -> str:
    return f"\\{letter}" if letter in _SPECIAL else letter
