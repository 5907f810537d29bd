"""Whether what a pull request proposes is still wanted: one that nothing speaks for any more is closed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import assert_never

from imagebot.plan.decision import WatchDecision
from imagebot.plan.groups import BranchTarget, Item
from imagebot.selection.rank import Rule
from imagebot.selection.verdict import Held, Hold, NoCandidate, Unknown, Update, UpToDate, Verdict


class Why(IntEnum):
    """Why a pull request is closed. Of several reasons the highest is told."""

    SETTLED = 1
    OVERTAKEN = 2
    TAKEN_BACK = 3
    DOWNGRADE = 4
    BY_HAND = 5
    ROLLED_BACK = 6
    NOTHING_FITS = 7
    EXCLUDED = 8
    WITHDRAWN = 9
    MOVED = 10
    GONE = 11


@dataclass(frozen=True, slots=True)
class Moot:
    """A pull request that is to be closed, and why."""

    why: Why
    because: str


@dataclass(frozen=True, slots=True)
class Stand:
    """Where an update of an image goes now, and what was decided; `line` is all that is known about it.

    Not `certain`: something else of its policy is unknown, or its list of tags may be cut short.
    """

    branch: str
    verdict: Verdict
    certain: bool
    line: WatchDecision | None = None


Stands = Mapping[Item, Sequence[Stand]]


def stands(targets: Iterable[BranchTarget], unknown: Collection[str]) -> Stands:
    """How every image of these targets, all of one repository, stands; `unknown` are policies, as `app@environment`."""
    found: dict[Item, list[Stand]] = defaultdict(list)
    for target in targets:
        for member in target.members:
            certain = str(member.policy) not in unknown and member.line.believed
            stand = Stand(target.branch, member.line.verdict, certain, member.line)
            found[member.item].append(stand)
    return found


def moot(branch: str, items: Mapping[Item, str], stands: Stands, *, whole: bool) -> Moot | None:
    """Why the pull request of `branch`, which proposes these tags of `items`, is not wanted any more, or None if it may
    be. An empty tag is one that nobody knows.

    It is moot only if that is certain of each item. `whole`: `stands` has every policy there is, so that one which is
    not there is gone. A closed window changes nothing about what is open, nor does a branch that people work on.
    """
    answers = [_of_item(branch, item, tag, stands.get(item, ()), whole=whole) for item, tag in items.items()]
    known = [answer for answer in answers if answer is not None]
    if not known or len(known) < len(answers):
        return None
    return Moot(max(answer.why for answer in known), "; ".join(dict.fromkeys(answer.because for answer in known)))


def _of_item(branch: str, item: Item, tag: str, known: Sequence[Stand], *, whole: bool) -> Moot | None:
    app, environment, image = item
    if not known:
        because = f"no policy of {app} in {environment} watches {image} any more"
        return Moot(Why.GONE, because) if whole else None
    if not all(stand.certain for stand in known):
        return None
    here = next((stand for stand in known if stand.branch == branch), None)
    if here is None:
        return Moot(Why.MOVED, f"{image} of {app} goes to {known[0].branch} now")
    found = _of_verdict(here.verdict, tag)
    return None if found is None else _of_tag(tag, here, known) or found


def _of_verdict(verdict: Verdict, tag: str) -> Moot | None:
    match verdict:
        case UpToDate(at=at, because=because):
            return Moot(Why.SETTLED if tag in ("", at.tag) else Why.OVERTAKEN, because)
        case Held(hold=hold, because=because):
            return Moot(_HELD[hold], because) if hold in _HELD else None
        case NoCandidate(because=because):
            return Moot(Why.NOTHING_FITS, because)
        case Update() | Unknown():
            return None
    assert_never(verdict)


_HELD = {
    Hold.SOAK: Why.TAKEN_BACK,
    Hold.SOURCE: Why.TAKEN_BACK,
    Hold.SIGNATURE: Why.TAKEN_BACK,
    Hold.BY_HAND: Why.BY_HAND,
    Hold.ROLLED_BACK: Why.ROLLED_BACK,
    Hold.DOWNGRADE: Why.DOWNGRADE,
}
"""The holds that take back what was proposed, and what that is called."""


def _of_tag(tag: str, here: Stand, known: Iterable[Stand]) -> Moot | None:
    """What became of the very tag that was proposed, where that is why something else was decided."""
    ranking = None if here.line is None else here.line.ranking
    if not tag or here.line is None or ranking is None:
        return None
    # New major versions may be ranked apart: what a list has is on either.
    listed = [one.line.ranking.tags for one in known if one.line is not None and one.line.ranking is not None]
    if not any(tag in tags for tags in listed):
        return Moot(Why.WITHDRAWN, f"the registry does not list {tag} any more")
    facts = here.line.facts.of(tag)
    if facts is not None and facts.gone:
        return Moot(Why.WITHDRAWN, f"{tag} is listed, and the registry has nothing behind it")
    place = ranking.rules.place(tag)
    if isinstance(place, Rule) and place is not Rule.UNASKED:
        refusal = ranking.rules.refusal(place, tag)
        return Moot(Why.EXCLUDED, refusal.because if tag in refusal.because else f"{tag}: {refusal.because}")
    return None
