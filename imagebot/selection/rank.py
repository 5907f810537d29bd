"""All tags of an image in the order of its policy: what may run, best first, and why the rest may not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from operator import itemgetter
from typing import assert_never

from imagebot.policy.model import Ignore, Watch
from imagebot.policy.pattern import Pattern, Template
from imagebot.selection.verdict import Candidate, Refusal
from imagebot.versions.semver import Key, Range, is_prerelease, key_of

_SIGNATURE = re.compile(r"sha256-[0-9a-f]{64}(?:\.(?:sig|att|sbom))?", re.ASCII)
_MOST_TWINS_NAMED = 3


class Rule(StrEnum):
    """What may refuse a tag, in the order of asking."""

    SIGNATURE = "signature"
    IGNORE = "ignore"
    MATCH = "match"
    EXTRACT = "extract"
    SEMVER = "semver"
    RANGE = "range"
    PRERELEASE = "prerelease"


@dataclass(frozen=True, slots=True)
class Ranking:
    """What a watch makes of all the tags of its image.

    The reasons of single tags are worked out when somebody asks: a pass over thousands of images keeps none of them.
    """

    watch: Watch
    tags: tuple[str, ...]
    deployed: frozenset[str]
    best: Candidate | None
    admitted: int
    refused_by: tuple[tuple[Rule, int], ...]

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """Every tag let in, best first."""
        rules = _Rules.of(self.watch)
        places = ((rules.place(tag), tag) for tag in set(self.tags))
        admitted = [(place, tag) for place, tag in places if not isinstance(place, Rule)]
        admitted.sort(key=itemgetter(0), reverse=True)
        return tuple(
            candidate
            for key, same in groupby(admitted, key=itemgetter(0))
            for candidate in rules.candidates(key, [tag for _, tag in same], self.deployed)
        )

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """Every tag not let in: the newest version first, then what is no version."""
        rules = _Rules.of(self.watch)
        places = ((rules.place(tag), tag) for tag in set(self.tags))
        refused = [rules.refusal(place, tag) for place, tag in places if isinstance(place, Rule)]
        return tuple(sorted(refused, key=lambda refusal: (key_of(refusal.tag) or (), refusal.tag), reverse=True))


def rank(watch: Watch, tags: Iterable[str], deployed: Collection[str] = ()) -> Ranking:
    """Find the best of `tags` by what `watch` says; of tags with one version, one in `deployed` comes first.

    The answer does not depend on the order of the tags, nor on how often one is named.
    """
    rules = _Rules.of(watch)
    listed = tuple(tags)
    running = frozenset(deployed)
    refused: list[Rule] = []
    admitted: list[tuple[Key, str]] = []
    for tag in dict.fromkeys(listed):
        place = rules.place(tag)
        if isinstance(place, Rule):
            refused.append(place)
        else:
            admitted.append((place, tag))
    best = None
    if admitted:
        top = max(map(itemgetter(0), admitted))
        best = next(rules.candidates(top, [tag for key, tag in admitted if key == top], running))
    counts = sorted(Counter(refused).items(), key=lambda item: (-item[1], item[0]))
    return Ranking(watch, listed, running, best, len(admitted), tuple(counts))


def version_of(watch: Watch, tag: str) -> Key | None:
    """Where `tag` stands in the order of `watch`, whether or not it may run; `None` if it has no place there.

    Read loosely: a field may say `1.25` where only three-part tags are candidates, and 1.24.9 would still be a step
    down.
    """
    text = _Rules.of(watch).version_text(tag)
    return key_of(text or tag, loose=True)


@dataclass(frozen=True, slots=True)
class _Rules:
    """A watch made ready for many tags."""

    range: Range
    loose: bool
    prereleases: bool
    match: Pattern | None
    template: Template | None
    exact: frozenset[str]
    ignored: tuple[Ignore, ...]

    @classmethod
    def of(cls, watch: Watch) -> _Rules:
        match, extract, ignore = watch.tags.match, watch.tags.extract, watch.tags.ignore
        return cls(
            range=watch.semver,
            loose=watch.loose,
            prereleases=watch.prereleases,
            match=match,
            template=Template.parse(extract, match) if match is not None and extract is not None else None,
            exact=frozenset(item for item in ignore if isinstance(item, str)),
            ignored=tuple(item for item in ignore if isinstance(item, Ignore)),
        )

    def version_text(self, tag: str) -> str | None:
        """The part of `tag` that is ordered; `None` where `match` does not find it."""
        if self.match is None:
            return tag
        if self.template is None:
            return tag if self.match.matches(tag) else None
        found = self.match.search(tag)
        return None if found is None else self.template.expand(found)

    def place(self, tag: str) -> Key | Rule:
        """Where `tag` stands, or the first rule that refuses it."""
        if tag.startswith("sha256-") and _SIGNATURE.fullmatch(tag):
            return Rule.SIGNATURE
        if tag in self.exact:
            return Rule.IGNORE
        text = tag if self.match is None else self.version_text(tag)
        if not text:
            return Rule.MATCH if text is None else Rule.EXTRACT
        key = key_of(text, self.loose)
        if key is None:
            return Rule.SEMVER
        if not self.range.admits(key, self.prereleases):
            return Rule.PRERELEASE if self.range.excludes_as_prerelease(key) else Rule.RANGE
        return Rule.IGNORE if (self.exact or self.ignored) and self._ignored_as(tag, text, key) else key

    def _ignored_as(self, tag: str, text: str, key: Key) -> str | None:
        """How `ignore` names this tag, or its version, in words."""
        if tag in self.exact or text in self.exact:
            return "is ignored by name"
        for item in self.ignored:
            if item.range is not None and item.range.admits(key, prereleases=True):
                return f"is in {item.range}, which is ignored"
            if item.match is not None and item.match.matches(tag):
                return f"matches {item.match}, which is ignored"
        return None

    def candidates(self, key: Key, tags: list[str], deployed: frozenset[str]) -> Iterator[Candidate]:
        """The tags that all stand at `key`: a deployed one first, then by a fixed rule."""
        first, *twins = sorted(tags, key=lambda tag: (tag not in deployed, *self._preference(tag)))
        let_in = f", a prerelease that {self._opener()} lets in" if is_prerelease(key) else ""
        for tag in (first, *twins):
            text = self.version_text(tag) or ""
            because = f"{_named(tag, text)} is in {self.range}{let_in}"
            if tag == first and twins:
                yield Candidate(tag, text, f"{because}; {tie(first, twins, deployed)}", tuple(twins))
            else:
                yield Candidate(tag, text, because)

    def _opener(self) -> str:
        return "the range" if self.range.names_prerelease else "prereleases: true"

    def _preference(self, tag: str) -> tuple[int, int, str]:
        """The most parts first (1.20.0 before 1.20, which may move), then the shortest, then as text."""
        return -(self.version_text(tag) or "").count("."), len(tag), tag

    def refusal(self, rule: Rule, tag: str) -> Refusal:
        """The words for what `place` found."""
        text = self.version_text(tag) or ""
        return Refusal(tag, rule, self._words(rule, tag, text))

    def _words(self, rule: Rule, tag: str, text: str) -> str:
        match rule:
            case Rule.SIGNATURE:
                return f"{tag} is a signature or the like, no image"
            case Rule.IGNORE:
                key = key_of(text, self.loose)
                return f"{tag} {self._ignored_as(tag, text, key)}" if key else f"{tag} is ignored by name"
            case Rule.MATCH:
                return f"{tag} does not match {self.match}"
            case Rule.EXTRACT:
                return f"{self.template} takes nothing out of {tag}"
            case Rule.SEMVER:
                return f"{_named(tag, text)} {self._no_version(text)}"
            case Rule.RANGE:
                return f"{_named(tag, text)} is not in {self.range}"
            case Rule.PRERELEASE:
                return f"{_named(tag, text)} is a prerelease, and {self.range} names none"
        assert_never(rule)

    def _no_version(self, text: str) -> str:
        if self.loose:
            return "is no version"
        hint = "" if key_of(text, loose=True) is None else "; loose: true would let it in"
        return f"is no three-part version{hint}"


def tie(first: str, twins: Collection[str], deployed: Collection[str]) -> str:
    """Why `first` comes before the other tags of its version, in words."""
    named = [first, *list(twins)[:_MOST_TWINS_NAMED]]
    rest = len(twins) - _MOST_TWINS_NAMED
    others = f"{', '.join(named)} and {rest} more" if rest > 0 else f"{', '.join(named[:-1])} and {named[-1]}"
    return f"{others} are one version, and {first} {'is deployed' if first in deployed else 'comes first'}"


def _named(tag: str, text: str) -> str:
    return tag if tag == text else f"{text} of {tag}"
