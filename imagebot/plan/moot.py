"""Whether what a pull request proposes is still wanted: one that nothing speaks for any more is closed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import assert_never

from imagebot.plan.groups import Target
from imagebot.selection.verdict import Held, Hold, NoCandidate, Unknown, Update, UpToDate, Verdict

_TAKE_BACK = frozenset({Hold.SOAK, Hold.SOURCE, Hold.BY_HAND, Hold.ROLLED_BACK, Hold.DOWNGRADE})

Item = tuple[str, str, str]
"""An image of a policy: app, environment, image."""


class Why(IntEnum):
    """Why a pull request is closed. Of several reasons the highest is told."""

    SETTLED = 1
    TAKEN_BACK = 2
    WITHDRAWN = 3
    MOVED = 4
    GONE = 5


@dataclass(frozen=True, slots=True)
class Moot:
    """A pull request that is to be closed, and why."""

    why: Why
    because: str


@dataclass(frozen=True, slots=True)
class Stand:
    """Where an update of an image goes now, and what was decided.

    Not `certain`: something else of its policy is unknown, or its list of tags may be cut short.
    """

    branch: str
    verdict: Verdict
    certain: bool


Stands = Mapping[Item, Sequence[Stand]]


def stands(targets: Iterable[Target], unknown: Collection[str]) -> Stands:
    """How every image of these targets, all of one repository, stands; `unknown` are policies, as `app@environment`."""
    found: dict[Item, list[Stand]] = defaultdict(list)
    for target in targets:
        for member in target.members:
            policy = member.policy
            certain = str(policy) not in unknown and member.line.believed
            stand = Stand(target.branch, member.line.verdict, certain)
            found[policy.app, policy.environment, str(member.line.watch.image)].append(stand)
    return found


def moot(branch: str, items: Collection[Item], stands: Stands, *, whole: bool) -> Moot | None:
    """Why the pull request of `branch`, which proposes `items`, is not wanted any more, or None if it may be.

    It is moot only if that is certain of each item. `whole`: `stands` has every policy there is, so that one which is
    not there is gone. A closed window changes nothing about what is open, nor does a branch that people work on.
    """
    answers = [_of_item(branch, item, stands.get(item, ()), whole=whole) for item in items]
    known = [answer for answer in answers if answer is not None]
    if not known or len(known) < len(answers):
        return None
    return Moot(max(answer.why for answer in known), "; ".join(dict.fromkeys(answer.because for answer in known)))


def _of_item(branch: str, item: Item, known: Sequence[Stand], *, whole: bool) -> Moot | None:
    app, environment, image = item
    if not known:
        because = f"no policy of {app} in {environment} watches {image} any more"
        return Moot(Why.GONE, because) if whole else None
    if not all(stand.certain for stand in known):
        return None
    here = next((stand for stand in known if stand.branch == branch), None)
    if here is None:
        return Moot(Why.MOVED, f"{image} of {app} goes to {known[0].branch} now")
    return _of_verdict(here.verdict)


def _of_verdict(verdict: Verdict) -> Moot | None:
    match verdict:
        case UpToDate(because=because):
            return Moot(Why.SETTLED, because)
        case Held(hold=hold, because=because):
            return Moot(Why.TAKEN_BACK, because) if hold in _TAKE_BACK else None
        case NoCandidate(because=because):
            return Moot(Why.WITHDRAWN, because)
        case Update() | Unknown():
            return None
    assert_never(verdict)
