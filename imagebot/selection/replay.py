"""A registry's past under a policy: the pull requests that would have been opened, each at its moment.

What nobody can know any more is taken to have gone well: each pull request is merged at the moment that it is opened,
nobody held or closed anything, and every image had the platforms that it had to have.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from imagebot.images.reference import ImageName
from imagebot.policy.gates import Gates
from imagebot.policy.model import Policy
from imagebot.policy.watch import Watch
from imagebot.selection.facts import Case, Elsewhere, Facts, Needs, Since, TagFacts
from imagebot.selection.judge import judge
from imagebot.selection.rank import rank
from imagebot.selection.reasons import shown
from imagebot.selection.verdict import Deployed, Held, Update, Verdict, Version
from imagebot.versions.known import NOTHING, OrderInputs

_MOST_MOMENTS = 20_000


@dataclass(frozen=True, slots=True)
class Appearance:
    """When a tag came to be there; `attested`: the registry says so, and not the image about itself."""

    tag: str
    at: datetime
    attested: bool


@dataclass(frozen=True, slots=True)
class RegistryPast:
    """What is known of one image's tags: those that came later than `start`, which ran at the beginning.

    `deployed` are the tags that run today, in which an order may look for the variant to keep.
    """

    appearances: tuple[Appearance, ...]
    start: str | None = None
    known: OrderInputs = NOTHING
    deployed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ImageMove:
    """One image of a pull request."""

    image: ImageName
    old: str | None
    new: Appearance
    because: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A pull request that would have been opened."""

    environment: str
    at: datetime
    moves: tuple[ImageMove, ...]


@dataclass(frozen=True, slots=True)
class End:
    """Where one image of one environment stands when the past is over."""

    environment: str
    image: ImageName
    tag: str | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Replay:
    """All of it, in the order of time; `ends` by environment and image."""

    opened: tuple[Opened, ...]
    ends: tuple[End, ...]


def replay(policies: Sequence[Policy], pasts: Sequence[RegistryPast], since: datetime, until: datetime) -> Replay:
    """The past of one app: `policies` are its environments, which share their watches, and each watch has its past."""
    ordered = _sources_first(policies)
    first = ordered[0]
    lanes = {
        (policy.environment, index): _Lane(policy, watch, past, past.start, since)
        for policy in ordered
        for index, (watch, past) in enumerate(zip(first.watches, pasts, strict=True))
    }
    moments = [since, *(one.at for past in pasts for one in past.appearances if since < one.at <= until), until]
    heapq.heapify(moments)
    opened: list[Opened] = []
    now = None
    for _ in range(_MOST_MOMENTS):
        if not moments:
            break
        before, now = now, heapq.heappop(moments)
        if now == before:
            continue
        for policy in ordered:
            mine = [lane for (environment, _), lane in lanes.items() if environment == policy.environment]
            moves = _moves(mine, lanes, now)
            if moves:
                opened.append(Opened(policy.environment, now, moves))
            for lane in mine:
                if isinstance(lane.verdict, Held) and lane.verdict.until and now < lane.verdict.until <= until:
                    heapq.heappush(moments, lane.verdict.until)
    ends = [End(lane.policy.environment, lane.watch.image, lane.tag, lane.settled) for lane in lanes.values()]
    return Replay(tuple(opened), tuple(ends))


@dataclass(slots=True)
class _Lane:
    """One watch of one environment as it goes through time."""

    policy: Policy
    watch: Watch
    past: RegistryPast
    tag: str | None
    since: datetime
    verdict: Verdict | None = field(default=None)

    @property
    def settled(self) -> Verdict:
        assert self.verdict is not None, "it was judged at the last moment at the latest"
        return self.verdict


def _moves(lanes: Sequence[_Lane], every: Mapping[tuple[str, int], _Lane], now: datetime) -> tuple[ImageMove, ...]:
    """What one environment takes over at one moment."""
    moves = []
    for index, lane in enumerate(lanes):
        taken_from = lane.policy.gates.source
        source = None if taken_from is None else every[taken_from.environment, index]
        lane.verdict = _verdict(lane, source, now)
        if isinstance(lane.verdict, Update):
            tag = lane.verdict.to.tag
            came = next(one for one in lane.past.appearances if one.tag == tag)
            moves.append(ImageMove(lane.watch.image, lane.tag, came, lane.verdict.because))
            lane.tag, lane.since = tag, now
            # Merged, it makes room for what waits next.
            lane.verdict = _verdict(lane, source, now)
    return tuple(moves)


def _verdict(lane: _Lane, source: _Lane | None, now: datetime) -> Verdict:
    there = [one for one in lane.past.appearances if one.at <= now]
    running = lane.past.deployed if lane.tag is None else frozenset({lane.tag})
    gates = lane.policy.gates.for_image(lane.watch.minimum_age)
    case = Case(
        lane.watch,
        gates,
        rank(lane.watch, [one.tag for one in there], running, lane.past.known),
        (Deployed(lane.tag, None if lane.tag is None else _digest(lane.tag), lane.policy.environment),),
        None if source is None else _elsewhere(source, gates),
    )
    platforms = {name: _digest(name) for name in lane.watch.platforms}
    asked = TagFacts(asked=True, platforms=platforms, whole=True, misnamed={})
    facts = Facts(
        tags={one.tag: replace(asked, digest=_digest(one.tag), first_seen=one.at) for one in there},
        running={},
        holds=(),
        closed=(),
        names={},
        since=None if source is None else Since(source.since, f"since {shown(source.since)}"),
    )
    answer = judge(case, facts, now)
    assert not isinstance(answer, Needs), f"everything is known, and {answer} is asked"
    return answer


def _elsewhere(source: _Lane, gates: Gates) -> Elsewhere:
    assert gates.source is not None, "there is a source"
    name = gates.source.environment
    if source.tag is None:
        return Elsewhere(name, None, f"{name} has nothing yet")
    return Elsewhere(name, Version(source.tag, _digest(source.tag)))


def _sources_first(policies: Sequence[Policy]) -> list[Policy]:
    """Environments after those that they take versions from, which is checked to be no circle."""
    left = list(policies)
    ordered: list[Policy] = []
    while left:
        waiting = {policy.environment for policy in left}
        ready = [one for one in left if one.gates.source is None or one.gates.source.environment not in waiting]
        ordered += ready
        left = [policy for policy in left if policy not in ready]
    return ordered


def _digest(text: str) -> str:
    """A digest of its own for each tag: what a tag stood for in the past, nobody remembers."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
