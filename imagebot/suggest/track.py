"""From the form of a tag to the rule that follows it, and nothing beside it.

Tags are on one track if they have the same prefix (`v`, `release-`), the same number of parts and the same variant
(`-alpine`): crossing one is for people to decide. What counts builds of one version (`-r3`, `_12`, a fourth number)
does not keep tags apart: it is ordered, as a numeric prerelease, which semantic versions compare as a number.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from imagebot.versions.semver_range import key_of

_TAG = re.compile(r"((?:[A-Za-z][A-Za-z_.-]*[_.-])?v?)([0-9]+(?:\.[0-9]+){0,3})((?:[_-].*)?)", re.ASCII)
_REST = re.compile(
    r"(?:([_-](?:r|rev|ls|b|build|p|v)?)([0-9]+)(?![0-9A-Za-z.]))?"
    r"((?:[_-][A-Za-z][A-Za-z0-9_.-]*?)?)"
    r"(?:([_-](?:r|rev|ls|b|build))([0-9]+))?",
    re.ASCII,
)
_PRERELEASE = re.compile(r"-(alpha|beta|rc|pre|preview|next|milestone)(?:(\.)?([0-9]+))?", re.ASCII | re.IGNORECASE)
_MOVING = re.compile(r"[_-](?:snapshot|nightly|canary|edge|dev|latest|next|unstable)\b", re.ASCII | re.IGNORECASE)
_COMMIT = re.compile(r"(?<![0-9a-z])g?(?=[0-9a-f]*[a-f])(?=[0-9a-f]*[0-9])[0-9a-f]{7,40}(?![0-9a-z])", re.ASCII)
_CHANGING = re.compile(r"(?:^|[_.-])(?:pr|mr|sha|commit)[_.-]", re.ASCII | re.IGNORECASE)
_YEAR = re.compile(r"(?:19[89]|20[0-9])[0-9]", re.ASCII)
# As loose as the pattern of a rule can say it: what passes for a date here is what a rule for dates lets in.
_DAY = re.compile(r"20[0-9]{6}(?:[0-9]{4}(?:[0-9]{2})?)?", re.ASCII)
_AS_LONG_AS_DATES = (8, 12, 14)
_NO_YEAR = 2100
_FIRST_COUNTER = 100
_SHORT_COUNTER = 7
_NUMBERS = {1: "one number", 2: "two numbers", 3: "three numbers"}


@dataclass(frozen=True, slots=True, order=True)
class Track:
    """What tags must share to be alternatives. `parts` counts the numbers of the version.

    `counters` are the texts before the numbers that count builds: after the version, and after the variant. `line` is
    what stays the same from one compatible version to the next; it is empty where versions are dates or plain counters.
    `digits` is the length of a date written as one number (a longer one has the time in it), or of a counter that is
    longer than seven digits: among shorter ones there are no dates.
    """

    prefix: str
    parts: int
    counters: tuple[str, str] = ("", "")
    variant: str = ""
    prerelease: str = ""
    digits: int = 0
    line: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Tracked:
    """A tag on its track. `version` is the part that `semver` is asked about."""

    tag: str
    track: Track
    version: str
    loose: bool


@dataclass(frozen=True, slots=True)
class TrackRule:
    """How a watch follows a track; `reach`, `form` and `order` say it beside the keys, for who reads the policy."""

    semver: str
    loose: bool
    match: str
    extract: str | None
    reach: str
    form: str
    order: str


def track_of(tag: str) -> Tracked | str:
    """The track of a tag, or why no order fits it, in words."""
    if _COMMIT.search(tag) or _CHANGING.search(tag):
        return "names a commit or a proposal, and those have no order as text"
    found = _TAG.fullmatch(tag)
    if found is None:
        return "is a name, not a version" if not re.search("[0-9]", tag) else "is no version that can be ordered"
    prefix, numbers, rest = found.groups()
    if _MOVING.search(rest):
        return "is moved by its publisher: there is no next one"
    if rest and (early := _PRERELEASE.fullmatch(rest)):
        return _prerelease(tag, (prefix, numbers), early)
    read = _REST.fullmatch(rest)
    if read is None:
        return "is no version that can be ordered"
    first, one, variant, second, two = (part or "" for part in read.groups())
    return _released(tag, (prefix, numbers, variant), (first, second), [count for count in (one, two) if count])


def _prerelease(tag: str, version: tuple[str, str], early: re.Match[str]) -> Tracked | str:
    prefix, numbers = version
    word, dot, number = early.groups()
    if number and not dot:
        return f"does not sort: {word}9 comes after {word}10 as text"
    if numbers.count(".") != 2 or key_of(f"{numbers}{early[0]}") is None:
        return "is a prerelease of no three-part version"
    return Tracked(tag, Track(prefix, 3, prerelease=word, line=_line(numbers)), f"{numbers}{early[0]}", False)


def _released(tag: str, words: tuple[str, str, str], counters: tuple[str, str], counts: Sequence[str]) -> Tracked | str:
    prefix, numbers, variant = words
    split = numbers.split(".")
    padded = any(len(part) > 1 and part.startswith("0") for part in split)
    dated = _YEAR.fullmatch(split[0]) is not None or (len(split) == 1 and _DAY.fullmatch(numbers) is not None)
    if any(len(count) > 1 and count.startswith("0") for count in counts):
        return "counts with leading zeros, which have no order here"
    if padded and (not dated or len(split) > 3 or counts):
        return "looks like a date, and its parts have leading zeros"
    lone = len(split) == 1 and not counts
    if lone and (_YEAR.fullmatch(numbers) or (not dated and int(numbers) < _FIRST_COUNTER)):
        return f"follows every {numbers}.x by itself: name a version to get its updates"
    if lone and not dated and len(numbers) in _AS_LONG_AS_DATES:
        return "is as long as a date and is none: no rule would tell it from one"
    version = numbers
    if len(split) == 4 or counts:
        version = f"{'.'.join([*split, '0', '0'][:3])}-{'.'.join([*split[3:], *counts])}"
    loose = version == numbers and (len(split) < 3 or padded)
    if key_of(version, loose) is None:
        return "is no version that can be ordered"
    line = () if lone else _line(numbers)
    digits = len(numbers) if len(split) == 1 and len(numbers) > _SHORT_COUNTER else 0
    return Tracked(tag, Track(prefix, len(split), counters, variant, digits=digits, line=line), version, loose)


def _line(numbers: str) -> tuple[int, ...]:
    """What `^` keeps: the major version, below 1.0 the minor one too; nothing where it is a year."""
    if _YEAR.fullmatch(numbers.partition(".")[0]):
        return ()
    major, minor, *_ = *map(int, numbers.split(".")), 0
    return (major,) if major else (0, minor)


def rule_for(tags: Sequence[Tracked]) -> TrackRule:
    """The rule for the tags of one track that run now: from the lowest of them upwards."""
    lowest = min(tags, key=lambda tag: (key_of(tag.version, loose=True), tag.tag))
    track = lowest.track
    loose = any(tag.loose for tag in tags)
    # What semver reads as it is; everything else goes through `extract`.
    whole = track.prefix in ("", "v") and track.parts < 4 and not track.variant and track.counters == ("", "")
    match = _pattern(track, loose, whole)
    extract = None if whole else _extract(track)
    return TrackRule(_range(lowest), loose, match, extract, _reach(track), _form(track, lowest.tag), _order(track))


def _range(lowest: Tracked) -> str:
    line, early = lowest.track.line, "-0" if "-" in lowest.version else ""
    if not line:
        return f">={lowest.version}" if _is_lone(lowest.track) else f">={lowest.version} <{_NO_YEAR}{early}"
    # `^0.0.3` is 0.0.3 alone.
    return f"{'~' if lowest.version.startswith('0.0.') else '^'}{lowest.version}"


def _pattern(track: Track, loose: bool, whole: bool) -> str:
    numbers = "[0-9.]+" if track.parts == 3 and not loose else r"\.".join(["[0-9]+"] * min(track.parts, 3))
    numbers = _one_number(track) if _is_lone(track) else numbers
    if track.prerelease:
        word = f"(?:-{track.prerelease}(?:\\.[0-9]+)?)?"
        inner = f"{numbers}{word}" if whole else f"(?P<version>{numbers}{word})"
        return f"^{_literal(track.prefix)}{inner}$"
    version = numbers if whole else f"(?P<version>{numbers})"
    fourth = r"\.(?P<fourth>[0-9]+)" if track.parts == 4 else ""
    counters = [
        f"{_literal(text)}(?P<{name}>[0-9]+)" if text else ""
        for text, name in zip(track.counters, ("build", "rebuild"), strict=True)
    ]
    return f"^{_literal(track.prefix)}{version}{fourth}{counters[0]}{_literal(track.variant)}{counters[1]}$"


def _one_number(track: Track) -> str:
    """A date or a counter, and never one for the other: they are told apart by length and century."""
    if track.digits in _AS_LONG_AS_DATES:
        return f"20[0-9]{{{track.digits - 2}}}"
    return f"[0-9]{{{track.digits or f'1,{_SHORT_COUNTER}'}}}"


def _is_lone(track: Track) -> bool:
    """Whether its versions are one number and nothing that counts builds of it."""
    return track.parts == 1 and track.counters == ("", "")


def _extract(track: Track) -> str:
    if track.prerelease:
        return "$version"
    names = ["fourth"] if track.parts == 4 else []
    names += [name for text, name in zip(track.counters, ("build", "rebuild"), strict=True) if text]
    if not names:
        return "$version"
    return "$version" + ".0" * max(0, 3 - track.parts) + "-" + ".".join(f"${name}" for name in names)


def _literal(text: str) -> str:
    """`text` for a pattern: of what a tag may hold, only the dot means something there."""
    return text.replace(".", r"\.")


def _reach(track: Track) -> str:
    if not track.line:
        return "any later one: dates and counters promise nothing"
    return f"stays on {'.'.join(map(str, track.line))}.x"


def _form(track: Track, tag: str) -> str:
    if track.variant or track.prefix not in ("", "v"):
        return f"only tags like {tag}"
    if track.prerelease:
        return f"releases, and {track.prerelease} before them"
    if track.counters != ("", "") or track.parts == 4:
        return f"only tags like {tag}"
    return f"only {'v and ' if track.prefix else ''}{_NUMBERS[track.parts]}, like {tag}"


def _order(track: Track) -> str:
    if track.parts == 4 or track.counters != ("", ""):
        return "the build counts as a number: -9 before -10"
    return ""
