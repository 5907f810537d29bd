"""All tags of an image in the order of its policy: what may run, best first, and why the rest may not."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import nlargest, nsmallest
from itertools import groupby
from operator import itemgetter

from imagebot.images.packed_tags import PackedTags
from imagebot.policy.watch import Watch
from imagebot.selection.rules import Rule, Rules
from imagebot.selection.verdict import Candidate, Refusal
from imagebot.versions.known import NOTHING, OrderInputs
from imagebot.versions.order import Key, Out

__all__ = ["Ranking", "Rule", "rank", "tie", "version_of"]

_MOST_TWINS_NAMED = 3
MOST_TWINS = 10_000
"""Tags of one version that are told of."""
MOST_KEPT = 100_000
"""Tags that are put in order one by one; of a list that has more the highest."""
MOST_TOLD = 10_000
"""Refused tags on either side of another that are told of one by one; of a list that has more the nearest."""
MOST_ASIDE = 100
"""Tags that are put aside before the nearest of them are chosen."""
_DIGITS = re.compile(r"([0-9]+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Ranking:
    """What a watch makes of all the tags of its image.

    `needs` are the tags that cannot be placed before somebody says when their images were made, the likely newest
    first; while there are any, `best` is `None`. The reasons of single tags are worked out when somebody asks: a pass
    over thousands of images keeps none of them.
    """

    watch: Watch
    tags: Sequence[str]
    deployed: frozenset[str]
    best: Candidate | None
    admitted: int
    refused_by: tuple[tuple[str, int], ...]
    needs: tuple[str, ...]
    rules: Rules = field(repr=False, compare=False)

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """Every tag let in, best first; of very many the first of them."""
        places = ((self.rules.place(tag), tag) for tag in _each_once(self.tags))
        admitted = nlargest(MOST_KEPT, ((at, tag) for at, tag in places if not isinstance(at, Rule)), itemgetter(0))
        return tuple(
            candidate
            for key, same in groupby(admitted, key=itemgetter(0))
            for candidate in _candidates(self.rules, key, [tag for _, tag in same], self.deployed)
        )

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """Every tag not let in, the highest in the order first, then what has no place in it; of many the first."""
        _, below, rest = self.refused_around(None)
        return (*below, *reversed(rest))

    @property
    def counts(self) -> dict[str, int]:
        """How many tags are let in, and how many are not, told of or not."""
        return {"candidates": self.admitted, "refused": sum(count for _, count in self.refused_by)}

    def refused_around(self, here: Key | None) -> tuple[tuple[Refusal, ...], ...]:
        """The tags that are not let in: those from `here` on in the order, those below it, and those without a place.

        The nearest first; of very many the nearest alone. Without a place of its own it is above all.
        """
        above, below, rest = _Nearest(nsmallest), _Nearest(nlargest), _Nearest(nsmallest)
        for rule, tag in self._refused():
            if (key := self.place(tag)) is None:
                rest.add(((), tag, rule))
            else:
                (above if here is not None and key >= here else below).add((key, tag, rule))
        sides = (side.told for side in (above, below, rest))
        return tuple(tuple(self.rules.refusal(rule, tag) for _, tag, rule in side) for side in sides)

    def refused_above(self, here: Key, most: int) -> tuple[Refusal, ...]:
        """The tags above `here` in the order that are not let in, the nearest first: of each rule so many at most.

        No more of them are kept meanwhile: a list may have a million.
        """
        near: defaultdict[str, list[tuple[Key, str, Rule]]] = defaultdict(list)
        for rule, tag in self._refused():
            if (key := self.place(tag)) is not None and key > here:
                kept = near[self.rules.called(rule)]
                kept.append((key, tag, rule))
                if len(kept) > most + MOST_ASIDE:
                    kept[:] = nsmallest(most, kept, key=itemgetter(0, 1))
        of_all = (found for kept in near.values() for found in nsmallest(most, kept, key=itemgetter(0, 1)))
        return tuple(self.rules.refusal(rule, tag) for _, tag, rule in sorted(of_all, key=itemgetter(0, 1)))

    def _refused(self) -> Iterator[tuple[Rule, str]]:
        places = ((self.rules.place(tag), tag) for tag in _each_once(self.tags))
        return ((place, tag) for place, tag in places if isinstance(place, Rule))

    def among(self, tags: Iterable[str]) -> Ranking:
        """The same of these tags alone."""
        some = PackedTags.of(tags) if isinstance(self.tags, PackedTags) else tuple(tags)
        return _ranking(self.watch, self.rules, some, self.deployed)

    def place(self, tag: str) -> Key | None:
        """Where `tag` stands in the order, whether or not it may run; `None` if it has no place there.

        Read loosely: a field may say `1.25` where only three-part tags are candidates, and 1.24.9 would still be a
        step down.
        """
        return self.rules.loosely(tag)

    def unread(self, tag: str) -> str:
        """Why `tag` has no place in the order, as the end of a sentence."""
        return self.rules.order.why_not(self.rules.ordered(tag), Out.UNREAD)

    @property
    def praise(self) -> str:
        """What is special about the best, which must be there: `the newest of 3 tags in ^1.4`."""
        assert self.best is not None, "there is nothing to praise"
        key = self.place(self.best.tag)
        assert key is not None, "it was let in"
        return self.rules.order.praise(self.admitted, key)


class _Nearest:
    """Refused tags on one side, of which no more are kept meanwhile than are told of."""

    def __init__(self, first: Callable[..., list[tuple[Key, str, Rule]]]) -> None:
        self._first = first
        self._kept: list[tuple[Key, str, Rule]] = []

    def add(self, refused: tuple[Key, str, Rule]) -> None:
        self._kept.append(refused)
        if len(self._kept) > 2 * MOST_TOLD:
            self._kept = self.told

    @property
    def told(self) -> list[tuple[Key, str, Rule]]:
        """The nearest first."""
        return self._first(MOST_TOLD, self._kept, key=itemgetter(0, 1))


def rank(watch: Watch, tags: Iterable[str], deployed: Collection[str] = (), known: OrderInputs = NOTHING) -> Ranking:
    """Find the best of `tags` by what `watch` says; of tags with one version, one in `deployed` comes first.

    The answer does not depend on the order of the tags, nor on how often one is named.
    """
    running = frozenset(deployed)
    listed = tags if isinstance(tags, PackedTags) else tuple(tags)
    return _ranking(watch, Rules.of(watch, known, running), listed, running)


def _ranking(watch: Watch, rules: Rules, listed: Sequence[str], running: frozenset[str]) -> Ranking:
    refused: Counter[Rule] = Counter()
    needs: list[str] = []
    unique = _each_once(listed)
    top = _Top(rules, running)
    for tag in unique:
        place = rules.place(tag)
        if not isinstance(place, Rule):
            top.add(place, tag)
        elif place is not Rule.UNASKED:
            refused[place] += 1
        elif len(needs) <= MOST_KEPT:
            needs.append(tag)
    # What is deployed may be refused, and going from it may still be a step down.
    needs += [tag for tag in running if tag in unique and tag not in needs and rules.order.place(tag) is Out.UNASKED]
    named: Counter[str] = Counter()
    for rule, count in refused.items():
        named[rules.called(rule)] += count
    counts = sorted(named.items(), key=lambda item: (-item[1], item[0]))
    needs.sort(key=_as_people_count, reverse=True)
    best = None if needs else top.best
    return Ranking(watch, listed, running, best, top.admitted, tuple(counts), tuple(needs), rules)


def _each_once(tags: Sequence[str]) -> Collection[str]:
    """Of very many tags few come twice, and to find those would take more memory than all else."""
    return tags if isinstance(tags, PackedTags) else dict.fromkeys(tags)


class _Top:
    """The tags that stand highest of those seen so far; of very many the ones that would come first."""

    def __init__(self, rules: Rules, running: frozenset[str]) -> None:
        self._rules = rules
        self._running = running
        self._key: Key = ()
        self._tags: list[str] = []
        self.admitted = 0

    def add(self, key: Key, tag: str) -> None:
        """One more that is let in."""
        self.admitted += 1
        if not self._tags or key > self._key:
            self._key, self._tags = key, [tag]
        elif key == self._key:
            self._tags.append(tag)
            if len(self._tags) > 2 * MOST_TWINS:
                self._tags = nsmallest(MOST_TWINS, self._tags, self._first)

    @property
    def best(self) -> Candidate | None:
        """The first of them."""
        return _candidates(self._rules, self._key, self._tags, self._running)[0] if self._tags else None

    def _first(self, tag: str) -> tuple[object, ...]:
        return tag not in self._running, *self._rules.preference(tag)


def version_of(watch: Watch, tag: str, known: OrderInputs = NOTHING) -> Key | None:
    """`Ranking.place` where there is no ranking."""
    return Rules.of(watch, known).loosely(tag)


def _candidates(rules: Rules, key: Key, tags: list[str], deployed: frozenset[str]) -> list[Candidate]:
    """The tags that all stand at `key`: a deployed one first, then by a fixed rule."""
    first, *twins = sorted(tags, key=lambda tag: (tag not in deployed, *rules.preference(tag)))
    alone = [Candidate(tag, *rules.admission(tag, key)) for tag in (first, *twins)]
    if not twins:
        return alone
    because = f"{alone[0].because}; {tie(first, twins, deployed)}"
    return [Candidate(first, alone[0].version, because, tuple(twins)), *alone[1:]]


def tie(first: str, twins: Collection[str], deployed: Collection[str]) -> str:
    """Why `first` comes before the other tags of its version, in words."""
    named = [first, *list(twins)[:_MOST_TWINS_NAMED]]
    rest = len(twins) - _MOST_TWINS_NAMED
    others = f"{', '.join(named)} and {rest} more" if rest > 0 else f"{', '.join(named[:-1])} and {named[-1]}"
    return f"{others} are one version, and {first} {'is deployed' if first in deployed else 'comes first'}"


def _as_people_count(tag: str) -> list[tuple[int, int | str]]:
    """`build-10` above `build-9`: no order to choose by, but a good guess which image is the newest."""
    return [(1, int(part)) if part.isdecimal() else (0, part) for part in _DIGITS.split(tag)]
