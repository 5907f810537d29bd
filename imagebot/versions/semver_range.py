"""Semantic versions and ranges of them, as Helm, Flux and Argo CD read them.

Order: https://semver.org/#spec-item-11. Ranges: Masterminds/semver 3.4 and later, whose rules differ from npm's (a
comma may stand between two conditions, `!=` exists, one prerelease in a condition opens its whole AND group). What it
answers stands in tests/versions/test_semver.py, row by row; where its comments say otherwise (`^*`), its answers win.
Numbers have any length here; there they end at 64 bits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from imagebot.versions.order import BadRule

Key = tuple[int, int, int, tuple[Any, ...]]
"""A place in the order: major, minor, patch, then `(1,)` for a release or `(0, identifier, …)` for a prerelease."""

_RELEASE = (1,)
_BEFORE_PRERELEASES = (0,)
_LOWEST: Key = (0, 0, 0, _BEFORE_PRERELEASES)

_NUMERIC = r"0|[1-9][0-9]*+"
_IDENTIFIER = rf"(?:(?:{_NUMERIC})(?![0-9A-Za-z-])|[0-9]*[A-Za-z-][0-9A-Za-z-]*+)"
_EARLIER = rf"(?:-({_IDENTIFIER}(?:\.{_IDENTIFIER})*))?"
_BUILD = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_SUFFIXES = rf"{_EARLIER}(?:\+{_BUILD})?"
_SUFFIXES_OF_CHARTS = rf"{_EARLIER}(?:[+_]{_BUILD})?"
_STRICT = re.compile(rf"v?({_NUMERIC})\.({_NUMERIC})\.({_NUMERIC}){_SUFFIXES}", re.ASCII)
_STRICT_OF_CHARTS = re.compile(rf"v?({_NUMERIC})\.({_NUMERIC})\.({_NUMERIC}){_SUFFIXES_OF_CHARTS}", re.ASCII)
_LOOSE = re.compile(rf"v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?{_SUFFIXES}", re.ASCII)
_LOOSE_OF_CHARTS = re.compile(rf"v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?{_SUFFIXES_OF_CHARTS}", re.ASCII)
_PATTERNS = {
    (False, False): _STRICT,
    (False, True): _STRICT_OF_CHARTS,
    (True, False): _LOOSE,
    (True, True): _LOOSE_OF_CHARTS,
}

_SPACE = r"[\t\n\f\r ]"
_PART = r"[0-9]+|[xX*]"
_PARTIAL = rf"v?({_PART})(?:\.({_PART}))?(?:\.({_PART}))?{_SUFFIXES}(?![^\t\n\f\r ,|])"
_CONDITION = re.compile(rf"(!=|>=|=>|<=|=<|~>|=|>|<|~|\^|){_SPACE}*{_PARTIAL}", re.ASCII)
_HYPHENATED = re.compile(rf"{_PARTIAL}{_SPACE}+-{_SPACE}+{_PARTIAL}", re.ASCII)
_BETWEEN = re.compile(rf"{_SPACE}*(,?){_SPACE}*", re.ASCII)
_WORD = re.compile(rf"[~^<>=!]*{_SPACE}*[^\t\n\f\r ,|]*", re.ASCII)

MAX_VERSION_LENGTH = 256
MAX_RANGE_LENGTH = 512
MAX_ALTERNATIVES = 32


def key_of(text: str, loose: bool = False, charts: bool = False) -> Key | None:
    """The place of `text` in the order of versions, or `None` if it is no version: see `SemanticVersion.parse`.

    A tag cannot hold the `+` of build metadata, so Helm writes it as `_` into the tags of `charts`:
    https://helm.sh/docs/topics/registries/#oci-feature-deprecation-and-behavior-changes-with-v380.
    """
    match = _PATTERNS[loose, charts].fullmatch(text)
    if match is None or len(text) > MAX_VERSION_LENGTH:
        return None
    major, minor, patch, prerelease = match.groups("")
    return int(major), int(minor or 0), int(patch or 0), _prerelease_key(prerelease) if prerelease else _RELEASE


def is_chart_tag(text: str) -> bool:
    """Whether a tag is a version with build metadata as Helm writes it: `1.2.3_build.7` for `1.2.3+build.7`."""
    return "_" in text and key_of(text, charts=True) is not None


def is_prerelease(key: Key) -> bool:
    """Whether a version at this place has a prerelease part."""
    return bool(key[3][0] == 0)


def _prerelease_key(text: str) -> tuple[Any, ...]:
    return (0, *((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in text.split(".")))


@dataclass(frozen=True, slots=True, order=True)
class SemanticVersion:
    """A semantic version, equal and ordered by precedence: `v1.0.0` equals `1.0.0`. `str()` is what was written."""

    key: Key
    text: str = field(compare=False)

    def __str__(self) -> str:
        return self.text

    @classmethod
    def parse(cls, text: str, loose: bool = False) -> SemanticVersion | None:
        """Read a version, with or without a leading `v`.

        Strict is what Flux asks of a tag: three parts, no leading zeros (Masterminds' `StrictNewVersion`). Loose is
        what Helm accepts: missing parts are 0, and `01` is 1 (Masterminds' `NewVersion`).
        """
        key = key_of(text, loose)
        return None if key is None else cls(key, text)

    @property
    def is_prerelease(self) -> bool:
        return is_prerelease(self.key)


@dataclass(frozen=True, slots=True)
class _Span:
    """The versions from `low` up to, not including, `high` (`None`: no end); if there is a `suffix`, those with it."""

    low: Key
    high: Key | None
    suffix: tuple[Any, ...] | None = None

    def holds(self, key: Key) -> bool:
        if key < self.low or (self.high is not None and key >= self.high):
            return False
        return self.suffix is None or key[3] == self.suffix


@dataclass(frozen=True, slots=True)
class _Group:
    """Conditions that must hold together: a span with holes."""

    span: _Span
    holes: tuple[_Span, ...]
    names_prerelease: bool

    @property
    def is_empty(self) -> bool:
        """Whether it ends before it begins."""
        return self.span.high is not None and self.span.high <= self.span.low

    def admits(self, key: Key, prereleases: bool) -> bool:
        span = self.span
        if key < span.low or (span.high is not None and key >= span.high):
            return False
        if key[3][0] == 0 and not (prereleases or self.names_prerelease):
            return False
        return not self.holes or not any(hole.holds(key) for hole in self.holes)


@dataclass(frozen=True, slots=True)
class Range:
    """A set of versions as a person wrote it, such as `^1.4` or `>=1.2 <3, !=2.0.1 || 4.x`."""

    text: str
    groups: tuple[_Group, ...] = field(compare=False, repr=False)

    def __str__(self) -> str:
        return self.text

    @classmethod
    def parse(cls, text: str) -> Range:
        """Read a range. Raises `BadRule`."""
        if len(text) > MAX_RANGE_LENGTH:
            raise BadRule(f"a range has at most {MAX_RANGE_LENGTH} characters, this one {len(text)}", 0, len(text))
        if not text.strip():
            raise BadRule("an empty range; * stands for every release", 0, max(len(text), 1))
        parts = tuple(_alternatives(text))
        if len(parts) > MAX_ALTERNATIVES:
            raise BadRule(f"a range has at most {MAX_ALTERNATIVES} alternatives, this one {len(parts)}", 0, len(text))
        return cls(text, tuple(_read_group(text, start, end) for start, end in parts))

    @classmethod
    def meant(cls, text: str) -> Range:
        """The same, as people write it: one that holds no version is a mistake. Raises `BadRule`."""
        found = cls.parse(text)
        if all(group.is_empty for group in found.groups):
            raise BadRule(f"no version can be in {text}: it ends before it begins", 0, len(text))
        return found

    @property
    def names_prerelease(self) -> bool:
        """Whether some alternative of the range names a prerelease, and so lets prereleases in."""
        return any(group.names_prerelease for group in self.groups)

    def holds(self, key: Key) -> bool:
        """Whether a version at this place is in the range, prereleases included."""
        return self.admits(key, prereleases=True)

    def admits(self, key: Key, prereleases: bool = False) -> bool:
        """Whether a version at this place is in the range; `prereleases` lets them in where none is named."""
        for group in self.groups:  # noqa: SIM110 - any() takes twice as long, and this runs once a tag
            if group.admits(key, prereleases):
                return True
        return False


def _alternatives(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    while (end := text.find("||", start)) >= 0:
        yield start, end
        start = end + 2
    yield start, len(text)


def _read_group(text: str, start: int, end: int) -> _Group:
    """Read `text[start:end]`: conditions with spaces or commas between them."""
    conditions: list[_Condition] = []
    position = end - len(text[start:end].lstrip("\t\n\f\r "))
    while True:
        found = _HYPHENATED.match(text, position, end) or _CONDITION.match(text, position, end)
        if found is None:
            raise _unreadable(text, position, end)
        conditions += _conditions(found)
        between = _BETWEEN.match(text, found.end(), end)
        assert between is not None, "it matches nothing, too"
        position = between.end()
        if position == end and not between[1]:
            return _combine(conditions)


def _conditions(found: re.Match[str]) -> list[_Condition]:
    if found.re is _HYPHENATED:
        return [(">=", _partial(found.groups()[:4])), ("<=", _partial(found.groups()[4:]))]
    return [(found[1], _partial(found.groups()[1:]))]


def _unreadable(text: str, position: int, end: int) -> BadRule:
    word = _WORD.match(text, position, end)
    wrong = word[0].rstrip() if word else ""
    if not wrong:
        if text[position : position + 1] == "|" and position < end:
            return BadRule("alternatives are joined by ||", position, 1)
        return BadRule("a condition is missing here, such as ^1.4", min(position, max(len(text) - 1, 0)), 1)
    return BadRule(f"{wrong!r} is no condition on a version; write one such as ^1.4 or >=1.2", position, len(wrong))


@dataclass(frozen=True, slots=True)
class _Partial:
    """A version in a condition: `fixed` counts the parts before the first that is missing or a wildcard."""

    key: Key
    fixed: int

    @property
    def end(self) -> Key:
        """The first place behind all versions that this one stands for."""
        major, minor, patch, suffix = self.key
        match self.fixed:
            case 1:
                return _floor(major + 1)
            case 2:
                return _floor(major, minor + 1)
            case _:
                return major, minor, patch, (*suffix, ())


_Condition = tuple[str, _Partial]


def _partial(parts: tuple[str | None, ...]) -> _Partial:
    *numbers, prerelease = parts
    fixed = next((index for index, number in enumerate(numbers) if number is None or number in "xX*"), 3)
    major, minor, patch = (int(number or 0) if index < fixed else 0 for index, number in enumerate(numbers))
    return _Partial((major, minor, patch, _prerelease_key(prerelease) if prerelease else _RELEASE), fixed)


def _floor(major: int, minor: int = 0, patch: int = 0) -> Key:
    return major, minor, patch, _BEFORE_PRERELEASES


def _combine(conditions: list[_Condition]) -> _Group:
    spans = [_span(operator, partial) for operator, partial in conditions if operator != "!="]
    highs = [span.high for span in spans if span.high is not None]
    return _Group(
        span=_Span(max((span.low for span in spans), default=_LOWEST), min(highs, default=None)),
        holes=tuple(_hole(partial) for operator, partial in conditions if operator == "!="),
        names_prerelease=any(is_prerelease(partial.key) for _, partial in conditions),
    )


def _span(operator: str, partial: _Partial) -> _Span:
    match operator:
        case ">":
            return _Span(partial.end, None)
        case ">=" | "=>":
            return _Span(partial.key, None)
        case "<":
            return _Span(_LOWEST, partial.key)
        case "<=" | "=<":
            return _Span(_LOWEST, partial.end if partial.fixed else _floor(0, 1))
        case "^":
            return _Span(partial.key, _caret_end(partial))
        case "" | "=" if partial.fixed == 3:
            return _Span(partial.key, partial.end)
        case _:
            return _Span(partial.key, _tilde_end(partial))


def _hole(partial: _Partial) -> _Span:
    major, minor, _, suffix = partial.key
    match partial.fixed:
        case 1:
            return _Span(_floor(major), partial.end)
        case 2:
            return _Span(_floor(major, minor), partial.end, suffix)
        case _:
            return _Span(partial.key, partial.end)


def _caret_end(partial: _Partial) -> Key:
    """Up to the next change of the leftmost part that is not 0."""
    major, minor, patch, _ = partial.key
    if major or partial.fixed == 1:
        return _floor(major + 1)
    if minor or partial.fixed == 2:
        return _floor(0, minor + 1)
    return _floor(0, 0, patch + 1)


def _tilde_end(partial: _Partial) -> Key | None:
    major, minor, patch, _ = partial.key
    if not (major or minor or patch) and partial.fixed in (0, 3):
        return None
    return _floor(major + 1) if partial.fixed == 1 else _floor(major, minor + 1)
