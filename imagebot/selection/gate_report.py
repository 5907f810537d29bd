"""Every gate of a watch as it stands for one version, for people who ask: open, shut, or not asked about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

from imagebot.documents.duration import format_duration
from imagebot.selection import gates
from imagebot.selection.facts import Case, Facts, TagFacts
from imagebot.selection.gates import Passed
from imagebot.selection.rank import Ranking
from imagebot.selection.reasons import listed, short, shown
from imagebot.selection.verdict import Refusal, Unknown, Version
from imagebot.trust.state import words

NOT_ASKED = "not looked at: the answer was clear before"
_NEAREST_OF_A_RULE = 3


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate. `open` is None where nobody asked; `until` is when it opens by itself."""

    name: str
    open: bool | None
    because: str
    until: datetime | None = None


def survey(case: Case, facts: Facts, version: Version, now: datetime) -> tuple[Gate, ...]:
    """The gates that this policy has, and those that every policy has if they are shut."""
    known = facts.of(version.tag) or TagFacts()
    asked = (
        *_promotion(case, facts, version, now),
        *_soak(case, known, version, now),
        *_platforms(case, facts, known, version),
        *_signature(case, known, version),
        *_windows(case, version, now),
        *_list(case, version, now),
        *_people(facts, version),
    )
    return tuple(asked)


def _soak(case: Case, known: TagFacts, version: Version, now: datetime) -> Iterator[Gate]:
    age = case.gates.minimum_age
    if not age:
        return
    if known.first_seen is None:
        yield Gate("soak", None, f"minimumAge {format_duration(age)}; {NOT_ASKED}")
    elif shut := gates.soak(case, version.tag, known, now):
        yield Gate("soak", False, shut.because, shut.until)
    else:
        yield Gate("soak", True, f"first seen {shown(known.first_seen)}, minimumAge {format_duration(age)}")


def _promotion(case: Case, facts: Facts, version: Version, now: datetime) -> Iterator[Gate]:
    if case.source is None or case.gates.source is None:
        return
    what = f"{case.source.environment}, after {format_duration(case.gates.source.after)}"
    if facts.since is None:
        yield Gate("promotion", None, f"from {what}; {NOT_ASKED}")
    elif shut := gates.promotion(case, version, facts.since, now):
        yield Gate("promotion", False, shut.because, shut.until)
    else:
        yield Gate("promotion", True, f"{case.source.environment} has it {facts.since.because}, from {what}")


def _platforms(case: Case, facts: Facts, known: TagFacts, version: Version) -> Iterator[Gate]:
    if known.platforms is None or facts.running is None:
        if case.watch.platforms:
            yield Gate("platforms", None, f"{listed(case.watch.platforms)}; {NOT_ASKED}")
    elif lack := gates.platforms(
        version.tag,
        known.platforms,
        case.watch.platforms,
        facts.running,
        runs=any(field.runs for field in case.deployed),
    ):
        yield Gate("platforms", False, lack)
    elif known.platforms:
        yield Gate("platforms", True, f"it has {listed(sorted(known.platforms))}")


def _signature(case: Case, known: TagFacts, version: Version) -> Iterator[Gate]:
    if not case.requirements:
        return
    if known.signature is None or known.digest is None:
        yield Gate("signature", None, f"{'; '.join(map(str, case.requirements))}; {NOT_ASKED}")
        return
    match gates.signature(Version(version.tag, known.digest), known.signature):
        case None:
            yield Gate("signature", True, f"{words(known.signature)}, of {short(known.digest)}")
        case Unknown(because=because):
            yield Gate("signature", None, because)
        case Passed(because=because):
            yield Gate("signature", False, because)


def _windows(case: Case, version: Version, now: datetime) -> Iterator[Gate]:
    if not (case.gates.windows or case.gates.freezes):
        return
    if shut := gates.closed(case.gates, version, now):
        yield Gate("window", False, shut.because, shut.until)
        return
    open_to = [str(window) for window in case.gates.windows if window.holds(now)]
    yield Gate("window", True, f"changes are let in {listed(open_to)}" if open_to else "no freeze is on")


def _list(case: Case, version: Version, now: datetime) -> Iterator[Gate]:
    if case.doubt is not None and (shut := gates.doubtful(case.doubt, version, now)):
        yield Gate("list", False, shut.because, shut.until)


def _people(facts: Facts, version: Version) -> Iterator[Gate]:
    if facts.holds is None:
        yield Gate("people", None, NOT_ASKED)
    elif shut := gates.kept_back(version, (*facts.holds, *(facts.closed or ()))):
        yield Gate("people", False, shut.because)
    else:
        yield Gate("people", True, "nobody keeps it back")


def nearest(ranking: Ranking, tag: str) -> tuple[Refusal, ...]:
    """The refused tags, the versions next to that of `tag` first, and those without a place in the order last.

    Of very many the nearest alone.
    """
    above, below, rest = ranking.refused_around(ranking.place(tag) or ())
    return (*(one for pair in zip_longest(above, below) for one in pair if one is not None), *reversed(rest))


def better(ranking: Ranking, tag: str) -> tuple[Refusal, ...]:
    """The refused tags above `tag` in the order, the nearest first, and of each rule only some."""
    here = ranking.place(tag)
    return () if here is None else ranking.refused_above(here, _NEAREST_OF_A_RULE)
