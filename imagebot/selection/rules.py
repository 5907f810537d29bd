"""A watch made ready for many tags: each gets its place in the order, or the first rule that refuses it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from imagebot.policy.pattern import ExtractTemplate, Pattern
from imagebot.policy.watch import Ignore, Watch
from imagebot.selection.verdict import Refusal
from imagebot.versions.known import NOTHING, OrderInputs
from imagebot.versions.order import Key, Order, Out, Region
from imagebot.versions.semver_range import is_chart_tag

_SIGNATURE = re.compile(r"sha256-[0-9a-f]{64}(?:\.(?:sig|att|sbom))?", re.ASCII)
_DIGIT = re.compile("[0-9]", re.ASCII)


class Rule(StrEnum):
    """What may refuse a tag, in the order of asking."""

    SIGNATURE = "signature"
    IGNORE = "ignore"
    MATCH = "match"
    EXTRACT = "extract"
    VARIANT = "variant"
    ORDER = "order"
    """It can make nothing of the tag: people are told its name."""
    RANGE = "range"
    PRERELEASE = "prerelease"
    UNASKED = "unasked"


@dataclass(frozen=True, slots=True)
class Ignored:
    """Tags or versions that a person wants never."""

    region: Region | None
    match: Pattern | None

    def names(self, tag: str, key: Key) -> str | None:
        """How it names this tag, in words."""
        if self.region is not None and self.region.holds(key):
            return f"is in {self.region}, which is ignored"
        if self.match is not None and self.match.matches(tag):
            return f"matches {self.match}, which is ignored"
        return None


@dataclass(frozen=True, slots=True)
class Rules:
    """`frames` are what stands around the versions that are deployed, where those shall be kept."""

    order: Order
    outs: Mapping[Out, Rule]
    match: Pattern | None
    template: ExtractTemplate | None
    frames: frozenset[tuple[str, str]] | None
    exact: frozenset[str]
    ignored: tuple[Ignored, ...]

    @classmethod
    def of(cls, watch: Watch, known: OrderInputs = NOTHING, deployed: frozenset[str] = frozenset()) -> Rules:
        """What `watch` says, with `known` for orders that need it.

        Where a version as charts have it is deployed, all tags are read so: else its next version would be no
        candidate, and `1.2.3_alpine`, which is another variant of an image, would be one of every image.
        """
        known = known if known.charts else replace(known, charts=any(map(is_chart_tag, deployed)))
        tags, order = watch.tags, watch.order(known)
        around = {order.around(tag) for tag in deployed} if tags.variant is not None else set()
        return cls(
            order=order,
            outs={out: Rule.ORDER if out is Out.UNREAD else Rule(out.value) for out in Out},
            match=tags.match,
            template=ExtractTemplate.parse(tags.extract, tags.match) if tags.match and tags.extract else None,
            frames=frozenset(frame for frame in around if frame is not None) if tags.variant is not None else None,
            exact=frozenset(item for item in tags.ignore if isinstance(item, str)),
            ignored=tuple(
                Ignored(None if item.range is None else order.region(item.range), item.match)
                for item in tags.ignore
                if isinstance(item, Ignore)
            ),
        )

    def place(self, tag: str) -> Key | Rule:
        """Where `tag` stands, or the first rule that refuses it."""
        if tag.startswith("sha256-") and _SIGNATURE.fullmatch(tag):
            return Rule.SIGNATURE
        if tag in self.exact:
            return Rule.IGNORE
        text: str | Rule = tag
        if self.match is not None or self.frames is not None:
            text = self._version(tag)
            if isinstance(text, Rule):
                return text
        key = self.order.place(text)
        if isinstance(key, Out):
            return self.outs[key]
        return Rule.IGNORE if (self.exact or self.ignored) and self._ignored_as(tag, text, key) else key

    def loosely(self, tag: str) -> Key | None:
        """Where `tag` stands in the order whether or not it may run."""
        return self.order.loosely(self.ordered(tag))

    def ordered(self, tag: str) -> str:
        """The part of `tag` that is ordered, or all of it if nothing says which."""
        return self._text(tag) or tag

    def admission(self, tag: str, key: Key) -> tuple[str, str]:
        """The version of a tag that stands at `key`, and what lets it in, in words."""
        text = self._text(tag)
        return text, f"{_named(tag, text)} {self.order.why(key)}"

    def preference(self, tag: str) -> tuple[bool, int, int, str]:
        """Tags with a number first (`latest` moves), then the most parts (so does 1.20), the shortest, as text."""
        return _DIGIT.search(tag) is None, -self._text(tag).count("."), len(tag), tag

    def refusal(self, rule: Rule, tag: str) -> Refusal:
        """The words for what `place` found."""
        return Refusal(tag, self.called(rule), self._words(rule, tag, self._text(tag)))

    def called(self, rule: Rule) -> str:
        """What people know a rule as: the order by its key."""
        return self.order.name if rule is Rule.ORDER else rule

    def _version(self, tag: str) -> str | Rule:
        """The part of `tag` that is ordered, or what refuses it before the order is asked."""
        text = tag
        if self.match is not None:
            if self.template is None and not self.match.matches(tag):
                return Rule.MATCH
            if self.template is not None:
                found = self.match.search(tag)
                if found is None:
                    return Rule.MATCH
                text = self.template.expand(found)
                return text or Rule.EXTRACT
        if self.frames is None:
            return text
        frame = self.order.around(tag)
        if frame is None:
            return tag
        return _inside(tag, frame) if self.frames == {frame} else Rule.VARIANT

    def _text(self, tag: str) -> str:
        """The part that is ordered, of a tag that may be refused; empty if nothing says which it is."""
        text = self._version(tag)
        if text is Rule.VARIANT:
            return _inside(tag, self.order.around(tag) or ("", ""))
        return "" if isinstance(text, Rule) else text

    def _ignored_as(self, tag: str, text: str, key: Key) -> str | None:
        """How `ignore` names this tag, or its version, in words."""
        if tag in self.exact or text in self.exact:
            return "is ignored by name"
        return next((words for item in self.ignored if (words := item.names(tag, key)) is not None), None)

    def _words(self, rule: Rule, tag: str, text: str) -> str:
        match rule:
            case Rule.SIGNATURE:
                return f"{tag} is a signature or the like, no image"
            case Rule.IGNORE:
                key = self.order.loosely(text)
                named = None if key is None else self._ignored_as(tag, text, key)
                return f"{tag} {named or 'is ignored by name'}"
            case Rule.MATCH:
                return f"{tag} does not match {self.match}"
            case Rule.EXTRACT:
                return f"{self.template} takes nothing out of {tag}"
            case Rule.VARIANT:
                return f"{tag} {self._other_variant(tag)}"
            case Rule.RANGE:
                return f"{_named(tag, text)} {self.order.why_not(text, Out.RANGE)}"
            case Rule.PRERELEASE:
                return f"{_named(tag, text)} {self.order.why_not(text, Out.PRERELEASE)}"
            case Rule.UNASKED:
                return f"{tag} {self.order.why_not(text, Out.UNASKED)}"
            case Rule.ORDER:
                return f"{_named(tag, text)} {self.order.why_not(text, Out.UNREAD)}"
        assert_never(rule)

    def _other_variant(self, tag: str) -> str:
        frames = sorted(self.frames or ())
        if not frames:
            return "may be of any variant: no deployed tag with a version shows which to keep"
        if len(frames) > 1:
            return f"may be of either variant: {_listed(frames)} are deployed, and only one can be kept"
        return f"is not of the variant that is deployed, {_shape(frames[0])}"


def _inside(tag: str, frame: tuple[str, str]) -> str:
    before, after = frame
    return tag[len(before) : len(tag) - len(after)]


def _shape(frame: tuple[str, str]) -> str:
    return f"{frame[0]}…{frame[1]}" if any(frame) else "a version alone"


def _listed(frames: list[tuple[str, str]]) -> str:
    *first, last = map(_shape, frames)
    return f"{', '.join(first)} and {last}"


def _named(tag: str, text: str) -> str:
    return tag if tag == text else f"{text} of {tag}"
