"""Patterns on tags, and templates of what they found: RE2 and Go's `Expand`, as Flux has them.

Patterns come from policies, so they never meet Python's `re`, which an evil one can keep busy for years.
Syntax: https://github.com/google/re2/wiki/Syntax; templates: https://pkg.go.dev/regexp#Regexp.Expand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import re2  # type: ignore[import-untyped]

MAX_PATTERN_LENGTH = 512
_MAX_MEMORY = 1 << 20

_NOT_IN_RE2 = {
    "(?=": "look-ahead",
    "(?!": "look-ahead",
    "(?<=": "look-behind",
    "(?<!": "look-behind",
    "(?>": "atomic group",
    "(?#": "comment",
    "(?(": "condition",
    "(?P=": "back-reference",
}
_BACK_REFERENCE = re.compile(r"\\(?:[1-9]|k)", re.ASCII)
_REFERENCE = re.compile(r"\$(?:(?P<dollar>\$)|(?P<bare>\w+)|\{(?P<braced>\w+)\})?")


class BadPattern(ValueError):
    """A pattern or template that cannot be used; `offset` (from 0) and `length` are the characters to underline."""

    def __init__(self, message: str, offset: int = 0, length: int = 1) -> None:
        super().__init__(message)
        self.offset = offset
        self.length = length


@dataclass(frozen=True, slots=True)
class Match:
    """What a pattern found in a tag: the whole first, then its groups, `None` where one took no part."""

    groups: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression searched for anywhere in a tag. `str()` is what was written."""

    text: str
    compiled: Any = field(compare=False, repr=False)

    def __str__(self) -> str:
        return self.text

    @classmethod
    def parse(cls, text: str) -> Pattern:
        """Read a pattern. Raises `BadPattern`."""
        if len(text) > MAX_PATTERN_LENGTH:
            raise BadPattern(
                f"a pattern has at most {MAX_PATTERN_LENGTH} characters, this one {len(text)}", 0, len(text)
            )
        if not text:
            raise BadPattern("an empty pattern matches every tag; leave it out instead")
        options = re2.Options()
        options.log_errors = False
        options.max_mem = _MAX_MEMORY
        try:
            return cls(text, re2.compile(text, options))
        except re2.error as error:
            raise _explained(text, error.args[0].decode()) from None
        except UnicodeEncodeError as error:
            raise BadPattern("a character that is no Unicode text", error.start, error.end - error.start) from None

    @property
    def groups(self) -> int:
        """How many groups it has besides the whole."""
        return int(self.compiled.groups)

    @property
    def names(self) -> dict[str, int]:
        """The number of each named group."""
        return dict(self.compiled.groupindex)

    def matches(self, tag: str) -> bool:
        """Whether it is found anywhere in `tag`."""
        return self.compiled.search(tag.encode()) is not None

    def is_whole(self, text: str) -> bool:
        """Whether all of `text` is what it describes; what no encoding has is nothing that anybody described."""
        try:
            return self.compiled.fullmatch(text.encode()) is not None
        except UnicodeEncodeError:
            return False

    def search(self, tag: str) -> Match | None:
        """What it finds in `tag`, or `None`.

        The library gets bytes: it is three times faster on them, as it need not count characters.
        """
        found = self.compiled.search(tag.encode())
        if found is None:
            return None
        groups = (found[0], *found.groups())
        return Match(tuple(None if group is None else group.decode() for group in groups))


def _explained(text: str, message: str) -> BadPattern:
    """RE2's complaint, pointed at the part it quotes, with what to write instead where that is known."""
    reason, _, quoted = message.partition(": ")
    for start, name in _NOT_IN_RE2.items():
        if quoted and start.startswith(quoted) and start in text:
            return _lacking(name, text.index(start), len(start))
    if quoted and _BACK_REFERENCE.match(quoted):
        return _lacking("back-reference", text.index(quoted), len(quoted))
    if quoted and quoted != text and quoted in text:
        return BadPattern(f"no RE2 pattern: {message}", text.index(quoted), len(quoted))
    return BadPattern(f"no RE2 pattern: {reason}", 0, len(text))


def _lacking(name: str, offset: int, length: int) -> BadPattern:
    advice = "look for the tags to keep, and put the others under ignore" if name.startswith("look") else "leave it out"
    return BadPattern(f"RE2 patterns have no {name}; {advice}", offset, length)


@dataclass(frozen=True, slots=True)
class ExtractTemplate:
    """Text with `$1`, `${1}`, `$name`, `${name}` where groups of a match go, and `$$` for a dollar sign."""

    text: str
    parts: tuple[str | int, ...] = field(compare=False, repr=False)

    def __str__(self) -> str:
        return self.text

    @classmethod
    def parse(cls, text: str, pattern: Pattern) -> ExtractTemplate:
        """Read a template whose groups all exist in `pattern`. Raises `BadPattern`.

        Go puts nothing where a group does not exist and keeps a stray dollar sign: surely mistakes, so refused here.
        """
        if len(text) > MAX_PATTERN_LENGTH:
            raise BadPattern(
                f"a template has at most {MAX_PATTERN_LENGTH} characters, this one {len(text)}", 0, len(text)
            )
        parts: list[str | int] = []
        end = 0
        for reference in _REFERENCE.finditer(text):
            parts += [text[end : reference.start()], _group(reference, pattern)]
            end = reference.end()
        parts.append(text[end:])
        if not any(isinstance(part, int) for part in parts):
            raise BadPattern(
                f"{text!r} takes nothing from the tag; write $1 or the name of a group", 0, max(len(text), 1)
            )
        return cls(text, tuple(part for part in parts if part != ""))

    def expand(self, match: Match) -> str:
        """The text with the groups of `match` in their places; a group that took no part leaves nothing."""
        return "".join(part if isinstance(part, str) else match.groups[part] or "" for part in self.parts)


def _group(reference: re.Match[str], pattern: Pattern) -> str | int:
    """The group's number, or the dollar sign that `$$` stands for."""
    if reference["dollar"]:
        return "$"
    offset, length = reference.start(), len(reference[0])
    name = reference["bare"] or reference["braced"]
    if name is None:
        raise BadPattern("$ begins a group's name; write $$ for a dollar sign", offset, length)
    if name.isascii() and name.isdigit():
        if int(name) > pattern.groups:
            raise BadPattern(f"{reference[0]}: the pattern has {_count(pattern.groups)}", offset, length)
        return int(name)
    if name not in pattern.names:
        raise BadPattern(f"the pattern has no group named {name!r}{_advice(name, pattern)}", offset, length)
    return pattern.names[name]


def _count(groups: int) -> str:
    return "no groups" if groups == 0 else "1 group" if groups == 1 else f"{groups} groups"


def _advice(name: str, pattern: Pattern) -> str:
    digits = len(name) - len(name.lstrip("0123456789"))
    if digits:
        return f"; write ${{{name[:digits]}}}{name[digits:]}"
    known = next((known for known in sorted(pattern.names, key=len, reverse=True) if name.startswith(known)), None)
    if known:
        return f"; write ${{{known}}}{name[len(known) :]}"
    return f"; it has {', '.join(pattern.names)}" if pattern.names else "; name one so: (?P<version>...)"


def check_extract(template: str, pattern: Pattern) -> None:
    """Raise `BadPattern` if `template` cannot be filled from what `pattern` finds."""
    ExtractTemplate.parse(template, pattern)
