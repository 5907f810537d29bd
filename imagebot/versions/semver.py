"""By semantic version within a range, as Helm, Flux and Argo CD read ranges; `semver_range` has the algebra."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from imagebot.versions.known import OrderInputs
from imagebot.versions.not_semver import why_no_semver
from imagebot.versions.order import Order, Out, counted
from imagebot.versions.order_facts import OrderFacts, OrderFlag
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


def _of_flags(flags: Mapping[str, Any], known: OrderInputs) -> Order:
    return Semver(flags["semver"], flags.get("loose", False), flags.get("prereleases", False), known.charts)


FACTS = OrderFacts(
    order=Semver,
    of_flags=_of_flags,
    example="semver: ^1.4",
    steps=("prerelease", "patch", "minor", "major"),
    flags=(
        OrderFlag(
            "semver",
            metavar="RANGE",
            help="Semantic versions in a range, such as '^1.4'.",
            read=lambda text, _: Range.meant(text),
        ),
        OrderFlag("loose", help="Let in versions of one or two parts, and leading zeros."),
        PRERELEASES,
    ),
    beside_others={
        "loose": "loose is about semver; {order} has no parts that could be missing",
        "prereleases": "{order} knows no prereleases",
    },
)
