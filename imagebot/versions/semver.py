"""By semantic version within a range, as Helm, Flux and Argo CD read ranges; `semver_range` has the algebra."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import WithJsonSchema

from imagebot.documents.model import TEXT_SCHEMA, Flag, reads
from imagebot.versions.known import OrderInputs
from imagebot.versions.not_semver import why_no_semver
from imagebot.versions.order import Order, Out, counted
from imagebot.versions.order_keys import OrderFacts, OrderFlag, OrderKeys
from imagebot.versions.semver_range import Key, Range, is_prerelease, key_of

PRERELEASES = OrderFlag("prereleases", help="Let in prereleases although the range names none.")

# A variant begins with the first identifier that is no usual word for what comes before a release.
_EARLY = "alpha|beta|rc|pre|preview|dev|snapshot|next|canary|nightly|milestone|[abm](?=[0-9])"
_AT_THE_START = re.compile(
    rf"v?[0-9]+(?:\.[0-9]+){{0,2}}(?![0-9.])(?:[-.]?(?:{_EARLY})(?:[.-]?[0-9]+)*(?![0-9A-Za-z]))?",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Semver(Order):
    """By semantic version within a range; `loose` lets in fewer than three parts, `prereleases` all in the range.

    With `charts` a `_` may stand for a `+`, as in the tags of charts.
    """

    name: ClassVar[str] = "semver"
    range: Range
    loose: bool = False
    prereleases: bool = False
    charts: bool = False

    def __str__(self) -> str:
        return self.range.text

    def place(self, text: str) -> Key | Out:
        key = key_of(text, self.loose, self.charts)
        if key is None:
            return Out.UNREAD
        if self.range.admits(key, self.prereleases):
            return key
        return Out.PRERELEASE if is_prerelease(key) and self.range.holds(key) else Out.RANGE

    def loosely(self, text: str) -> Key | None:
        return key_of(text, loose=True, charts=True)

    def why(self, key: Key) -> str:
        opener = "the range" if self.range.names_prerelease else "prereleases: true"
        return f"is in {self.range}" + (f", a prerelease that {opener} lets in" if is_prerelease(key) else "")

    def why_not(self, text: str, out: Out) -> str:
        if out is Out.RANGE:
            return f"is not in {self.range}"
        if out is Out.PRERELEASE:
            return f"is a prerelease, and {self.range} names none"
        reason = why_no_semver(text.replace("_", "+", 1) if self.charts else text)
        because = f": {reason}" if reason is not None else ""
        if self.loose:
            return f"is no version{because}"
        hint = "" if key_of(text, loose=True, charts=self.charts) is None else "; loose: true would let it in"
        return f"is no three-part version{because}{hint}"

    def praise(self, admitted: int, best: Key) -> str:
        return f"{counted(admitted, 'tag', 'the newest')} in {self.range}"

    def step(self, old: Key | None, new: Key | None) -> str:
        if old is None or new is None:
            return "other"
        parts = zip(("major", "minor", "patch", "prerelease"), old, new, strict=True)
        return next((name for name, one, other in parts if one != other), "other")

    def region(self, text: str) -> Range:
        return Range.meant(text)

    def around(self, tag: str) -> tuple[str, str] | None:
        found = _AT_THE_START.match(tag)
        return ("", tag[found.end() :]) if found else None


class SemverKeys(OrderKeys):
    """The newest semantic version in a range.

    Versions are read as Flux reads tags: three parts, no leading zeros, a `v` in front or not. Ranges are those of
    Masterminds/semver, which Helm, Flux and Argo CD use: `^1.4`, `~1.4.2`, `>=1.2 <2`, `1.2.x`, `1.2 - 1.4`, `!=1.3.0`,
    and `||` between alternatives. A prerelease is a candidate only where the range names one. In the tags of charts a
    `_` stands for the `+` of build metadata.
    """

    semver: Annotated[Range, reads(Range, Range.meant), WithJsonSchema(TEXT_SCHEMA)] | None = None
    """The range of semantic versions to choose from, as Helm and Flux write it: `^1.4`, `>=1.2 <2`, `1.2.x`."""
    loose: Flag = False
    """Whether tags with fewer than three parts, such as `1.25`, are versions too. They often move. For `semver`."""
    prereleases: Flag = False
    """Whether every prerelease in the range may be chosen. Without it: only where the range names one (`>=1.0.0-0`)."""

    facts: ClassVar = OrderFacts(
        order=Semver,
        example="semver: ^1.4",
        steps=("prerelease", "patch", "minor", "major"),
        flags=(
            OrderFlag("semver", metavar="RANGE", help="Semantic versions in a range, such as '^1.4'."),
            OrderFlag("loose", help="Let in versions of one or two parts, and leading zeros."),
            PRERELEASES,
        ),
        beside_others={
            "loose": "loose is about semver; {order} has no parts that could be missing",
            "prereleases": "{order} knows no prereleases",
        },
    )

    def build(self, known: OrderInputs) -> Order:
        assert self.semver is not None, "it is asked for only if it is there"
        return Semver(self.semver, self.loose, self.prereleases, known.charts)
