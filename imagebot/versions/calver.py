"""Calendar versions, by a format such as `YYYY.0M.MICRO`: https://calver.org/#scheme.

Years, months, weeks and days are real ones. Fields count in the order in which they are written, but that a year goes
before its months and those before their days wherever they stand. A `MODIFIER` comes last and may be missing; a
version with one is a prerelease.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Self

from pydantic import Discriminator, Tag, WithJsonSchema, model_validator

from imagebot.documents.model import STRING, TEXT_SCHEMA, Flag, Misplaced, Model, reads
from imagebot.versions.bounds import Bound, Bounds
from imagebot.versions.known import OrderInputs
from imagebot.versions.order import BadRule, Key, Order, Out, counted
from imagebot.versions.order_keys import OrderFacts, OrderFlag, OrderKeys

MAX_LENGTH = 128
_WEEKS = 53


@dataclass(frozen=True, slots=True)
class _Token:
    """A field of a format: what it counts, how it is written, how it is read kindly; `fixed` in its width."""

    counts: str
    strict: str
    kindly: str
    fixed: bool = False


_COUNTER = "0|[1-9][0-9]{0,63}"
_TWO = "[0-9]{2}"
_TOKENS = {
    "YYYY": _Token("year", "[1-9][0-9]{3}", "[0-9]{4}", fixed=True),
    "YY": _Token("year", "0|[1-9][0-9]{0,2}", "[0-9]{1,3}"),
    "0Y": _Token("year", "[0-9]{2}|[1-9][0-9]{2}", "[0-9]{1,3}"),
    "MM": _Token("month", "[1-9][0-9]?", "[0-9]{1,2}"),
    "0M": _Token("month", _TWO, "[0-9]{1,2}", fixed=True),
    "WW": _Token("week", "[1-9][0-9]?", "[0-9]{1,2}"),
    "0W": _Token("week", _TWO, "[0-9]{1,2}", fixed=True),
    "DD": _Token("day", "[1-9][0-9]?", "[0-9]{1,2}"),
    "0D": _Token("day", _TWO, "[0-9]{1,2}", fixed=True),
    "MAJOR": _Token("major", _COUNTER, "[0-9]{1,64}"),
    "MINOR": _Token("minor", _COUNTER, "[0-9]{1,64}"),
    "MICRO": _Token("micro", _COUNTER, "[0-9]{1,64}"),
    "MODIFIER": _Token("modifier", "", ""),
}
_CALENDAR = ("year", "month", "week", "day")
_SCANNER = re.compile(f"({'|'.join(sorted(_TOKENS, key=len, reverse=True))})|([a-z._-]+)", re.ASCII)
_MODIFIER = "[A-Za-z][0-9A-Za-z]*(?:[.-][0-9A-Za-z]+)*"
_IDENTIFIERS = re.compile(r"[0-9]+|[A-Za-z]+", re.ASCII)
_RELEASE = (1,)
_EXAMPLE = "YYYY.0M.MICRO"


@dataclass(frozen=True, slots=True)
class Format:
    """The shape of calendar versions: names of fields, and between them what is written as it stands."""

    text: str
    parts: tuple[str, ...] = field(compare=False, repr=False)
    strict: re.Pattern[str] = field(compare=False, repr=False)
    kindly: re.Pattern[str] = field(compare=False, repr=False)
    sequence: tuple[int, ...] = field(compare=False, repr=False)

    def __str__(self) -> str:
        return self.text

    @classmethod
    def parse(cls, text: str) -> Format:
        """Read a format. Raises `BadRule`."""
        parts = _scanned(text)
        _check(parts, text)
        fields = [_TOKENS[part].counts for part in parts if part in _TOKENS and part != "MODIFIER"]
        return cls(
            text=text,
            parts=parts,
            strict=_pattern(parts, kindly=False),
            kindly=_pattern(parts, kindly=True),
            sequence=_sequence(fields),
        )

    @property
    def fields(self) -> tuple[str, ...]:
        """What the fields count, but for the modifier: the most significant first."""
        written = [_TOKENS[part].counts for part in self.parts if part in _TOKENS and part != "MODIFIER"]
        return tuple(written[index] for index in self.sequence)

    def read(self, text: str, kindly: bool = False) -> Key | None:
        """The key of a version of this format: its fields, then the modifier."""
        found = (self.kindly if kindly else self.strict).fullmatch(text)
        if found is None:
            return None
        *numbers, modifier = found.groups()
        values = tuple(int(numbers[index]) for index in self.sequence)
        return (*values, _modifier_key(modifier)) if _is_real(self.fields, values) else None

    def beginning(self, text: str) -> Bound | None:
        """What the beginning of a version stands for in a range: `2026.01` in `YYYY.0M.MICRO`."""
        whole = self.read(text, kindly=True)
        if whole is not None:
            return Bound(whole, whole[:-1] if whole[-1] == _RELEASE else whole)
        in_order = self.sequence == tuple(range(len(self.sequence)))
        ends = [at for at, part in enumerate(self.parts) if part in _TOKENS and part != "MODIFIER"][:-1]
        for end in ends if in_order else ():
            found = _pattern(self.parts[: end + 1], kindly=True).fullmatch(text)
            if found is not None:
                values = tuple(int(number) for number in found.groups()[:-1])
                return Bound(values, values) if _is_real(self.fields[: len(values)], values) else None
        return None


def _scanned(text: str) -> tuple[str, ...]:
    if len(text) > MAX_LENGTH or not text:
        raise BadRule(f"a format has 1 to {MAX_LENGTH} characters, such as {_EXAMPLE}", 0, max(len(text), 1))
    parts: list[str] = []
    at = 0
    while at < len(text):
        found = _SCANNER.match(text, at)
        if found is None:
            wrong = re.match(r"[A-Z0-9]+|.", text[at:], re.ASCII | re.DOTALL)
            assert wrong is not None, "one character is always there"
            raise BadRule(f"{wrong[0]!r} is no field: there are {', '.join(_TOKENS)}", at, len(wrong[0]))
        if found[0] in parts and found[1]:
            raise BadRule(f"{found[0]} is here twice", at, len(found[0]))
        parts.append(found[0])
        at = found.end()
    return tuple(parts)


def _check(parts: tuple[str, ...], text: str) -> None:
    """Raise `BadRule` for fields that make no calendar version, or cannot be told apart."""
    counts = [_TOKENS[part].counts for part in parts if part in _TOKENS]

    def refuse(message: str, part: str = text) -> BadRule:
        return BadRule(message, text.index(part), len(part))

    for name in _CALENDAR:
        if counts.count(name) > 1:
            raise refuse(f"there are two fields for the {name}")
    if "year" not in counts:
        hint = "; fields are in capitals" if re.search("yy", text, re.ASCII) else ""
        raise refuse(f"a calendar version has a year: write YYYY, YY or 0Y{hint}")
    if "week" in counts and {"month", "day"} & set(counts):
        raise refuse("weeks do not go with months and days: no week is in one month")
    if "day" in counts and "month" not in counts:
        raise refuse("a day is a day of a month: write MM or 0M as well")
    if "MODIFIER" in parts[:-1]:
        raise refuse("a modifier comes last", "MODIFIER")
    for first, second in _runs_together(parts):
        raise refuse(f"where {first} ends and {second} begins cannot be told: put a dot between them", first + second)


def _runs_together(parts: tuple[str, ...]) -> list[tuple[str, str]]:
    """Neighbours of which both, or one with others behind, may have several widths."""
    wrong = []
    loose: str | None = None
    for before, part in zip((None, *parts), parts, strict=False):
        if part not in _TOKENS or part == "MODIFIER":
            loose = None
        elif not _TOKENS[part].fixed:
            if loose is not None and before is not None:
                wrong.append((before, part))
            loose = part
    return wrong


def _pattern(parts: tuple[str, ...], kindly: bool) -> re.Pattern[str]:
    """What a version looks like: one group a field, and one for the modifier, which takes what is before it along."""
    pairs = [pair for pair in pairwise(parts) if _TOKENS.keys() >= set(pair)]
    touching = {part for pair in pairs for part in pair}
    written = ["v?" if not parts[0].startswith("v") else ""]
    for part in parts:
        token = _TOKENS.get(part)
        if token is None:
            written.append(re.escape(part))
        elif part != "MODIFIER":
            written.append(f"({token.kindly if kindly and part not in touching else token.strict})")
    if parts[-1] != "MODIFIER":
        return re.compile("".join(written) + "(?P<modifier>(?!))?", re.ASCII)
    before = written.pop() if len(parts) > 1 and parts[-2] not in _TOKENS else ""
    return re.compile("".join(written) + f"(?:{before}({_MODIFIER}))?", re.ASCII)


def _sequence(fields: list[str]) -> tuple[int, ...]:
    """The places of the fields, the most significant first: the calendar's trade places among themselves."""
    slots = [index for index, name in enumerate(fields) if name in _CALENDAR]
    sorted_slots = iter(sorted(slots, key=lambda index: _CALENDAR.index(fields[index])))
    return tuple(next(sorted_slots) if index in slots else index for index in range(len(fields)))


def _is_real(fields: tuple[str, ...], values: tuple[int, ...]) -> bool:
    """Whether there is such a day, month or week."""
    at = dict(zip(fields, values, strict=True))
    if not 1 <= at.get("week", 1) <= _WEEKS:
        return False
    # Short years count from 2000: https://calver.org/#scheme.
    year = at["year"] if at.get("year", 0) >= 1000 else at.get("year", 0) + 2000
    try:
        date(year, at.get("month", 1), at.get("day", 1))
    except ValueError:
        return False
    return True


def _modifier_key(text: str | None) -> tuple[Any, ...]:
    """Numbers as numbers, words as text, and `dev` before all, as PEP 440 has it."""
    if text is None:
        return _RELEASE
    words = _IDENTIFIERS.findall(text)
    return (0, *((0, int(word), "") if word.isdecimal() else (1, word != "dev", word) for word in words))


@dataclass(frozen=True, slots=True)
class Calver(Order):
    """By the calendar, perhaps within a range of it; `prereleases` lets in versions with a modifier."""

    name: ClassVar[str] = "calver"
    format: Format
    range: Bounds | None = None
    prereleases: bool = False

    def __str__(self) -> str:
        return f"{self.format} {self.range}" if self.range else str(self.format)

    @classmethod
    def bounds(cls, text: str, format: Format) -> Bounds:  # noqa: A002 - it is what a policy file calls it
        """Read a range such as `>=2026.01 <2027`. Raises `BadRule`."""
        return Bounds.parse(text, format.beginning, example=">=2026 <2027")

    def place(self, text: str) -> Key | Out:
        key = self.format.read(text)
        if key is None:
            return Out.UNREAD
        if self.range is not None and not self.range.holds(key):
            return Out.RANGE
        return key if self.prereleases or key[-1] == _RELEASE else Out.PRERELEASE

    def loosely(self, text: str) -> Key | None:
        return self.format.read(text, kindly=True)

    def why(self, key: Key) -> str:
        let_in = "" if key[-1] == _RELEASE else ", a prerelease that prereleases: true lets in"
        where = f"in {self.range}" if self.range else f"a version of the format {self.format}"
        return f"is {where}{let_in}"

    def why_not(self, text: str, out: Out) -> str:
        if out is Out.RANGE:
            return f"is not in {self.range}"
        if out is Out.PRERELEASE:
            return "has a modifier, and only prereleases: true lets those in"
        if self.loosely(text) is not None:
            return f"has other zeros in front than the format {self.format}"
        if self.format.kindly.fullmatch(text):
            return "is no real date"
        return f"has not the format {self.format}"

    def praise(self, admitted: int, best: Key) -> str:
        newest = counted(admitted, "tag", "the newest")
        return f"{newest} in {self.range}" if self.range else f"{newest} of the format {self.format}"

    def step(self, old: Key | None, new: Key | None) -> str:
        if old is None or new is None:
            return "other"
        names = (*self.format.fields, "prerelease")
        return next((name for name, one, other in zip(names, old, new, strict=True) if one != other), "other")

    def region(self, text: str) -> Bounds:
        return self.bounds(text, self.format)

    def around(self, tag: str) -> tuple[str, str] | None:
        found = re.compile(self.format.kindly.pattern + "(?![0-9])", re.ASCII).match(tag)
        return ("", tag[found.end() :]) if found else None


class CalverRange(Model):
    """Calendar versions within a range."""

    format: Annotated[Format, reads(Format, Format.parse), STRING]
    """The format, as `YYYY.0M.MICRO`."""
    range: Annotated[str, WithJsonSchema(TEXT_SCHEMA)]
    """The versions to choose from, as in `>=2026.01 <2027`; a version may be cut short."""

    @model_validator(mode="after")
    def _range_of_the_format(self) -> Self:
        try:
            Calver.bounds(self.range, self.format)
        except ValueError as error:
            raise Misplaced(("range",), error) from None
        return self


def _way_to_write(value: object) -> str:
    return "{format}" if isinstance(value, str | Format) else "{range}"


def _from_flags(flags: Mapping[str, Any]) -> Mapping[str, Any]:
    text, bounds = flags["calver"], flags.get("range")
    rule = text if bounds is None else {"format": text, "range": bounds}
    return {"calver": rule, "prereleases": flags.get("prereleases", False)}


class CalverKeys(OrderKeys):
    """The newest calendar version of a format, perhaps within a range; the fields are those of https://calver.org.

    Years, months, weeks and days are real ones. Fields count in the order in which they are written, but that a year
    goes before its months and those before their days wherever they stand. A `MODIFIER` comes last and may be missing:
    a version with one is a prerelease.
    """

    calver: (
        Annotated[
            Annotated[Format, reads(Format, Format.parse), STRING, Tag("{format}")]
            | Annotated[CalverRange, Tag("{range}")],
            Discriminator(_way_to_write),
        ]
        | None
    ) = None
    """The format of calendar versions, such as `YYYY.0M.MICRO`, with names of https://calver.org; or with a range."""
    prereleases: Flag = False
    """Whether every prerelease in the range may be chosen. Without it: only where the range names one (`>=1.0.0-0`)."""

    facts: ClassVar = OrderFacts(
        order=Calver,
        example="calver: YYYY.0M.MICRO",
        steps=("year", "month", "week", "day", "prerelease", "major", "minor", "micro"),
        flags=(
            OrderFlag("calver", metavar="FORMAT", help="Calendar versions, such as 'YYYY.0M.MICRO'."),
            OrderFlag("range", metavar="RANGE", help="With --calver: only these, such as '>=2026.01 <2027'."),
            OrderFlag("prereleases", help="Let in prereleases although the range names none."),
        ),
        keys_from=_from_flags,
        beside_others={"prereleases": "{order} knows no prereleases"},
    )

    def build(self, known: OrderInputs) -> Order:
        match self.calver:
            case CalverRange(format=form, range=text):
                return Calver(form, Calver.bounds(text, form), self.prereleases)
            case Format() as form:
                return Calver(form, None, self.prereleases)
        raise AssertionError("it is asked for only if it is there")
