"""What may stand between a candidate and the fields after the order has spoken: each gate with its words, and with the
time when it opens where that is known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from imagebot.documents.duration import format_duration
from imagebot.policy.gates import Gates
from imagebot.selection.doubts import Doubt
from imagebot.selection.facts import Case, KeptBack, Since, TagFacts
from imagebot.selection.reasons import listed, short, shown
from imagebot.selection.verdict import Held, Hold, Unknown, Version
from imagebot.trust.state import CheckFailed, Invalid, SignatureState, Unsigned, Unverifiable, Verified, words

_MANY_OPENINGS = 1000


@dataclass(frozen=True, slots=True)
class Passed:
    """A candidate that cannot run now, so that the next one is looked at; `until`: by waiting it can.

    One that waits for what somebody else has to do has a `hold`.
    """

    version: Version
    because: str
    until: datetime | None = None
    hold: Hold | None = None


def soak(case: Case, tag: str, known: TagFacts, now: datetime) -> Passed | None:
    """Whether the image behind `tag` has been known for as long as it must be.

    Counted from the moment this bot first saw that very digest: dates in the image are its publisher's, and a tag that
    is pushed again begins anew. A clock that says less than was recorded makes nothing older, and what it let in before
    stays let in.
    """
    age = case.gates.minimum_age
    if not age or known.first_seen is None:
        return None
    until = known.first_seen + age
    if case.latest(tag, now) >= until:
        return None
    because = (
        f"{tag} may run from {shown(until)} on: first seen {shown(known.first_seen)}, minimumAge {format_duration(age)}"
    )
    return Passed(Version(tag, known.digest), because, until, Hold.SOAK)


def signature(to: Version, state: SignatureState) -> Passed | Unknown | None:
    """Whether the very digest of `to` is signed as it must be. What could not be looked at is unknown, and no "no"."""
    match state:
        case Verified():
            return None
        case CheckFailed():
            return Unknown(f"whether {to.tag} is signed as it must be is not known: {state.because}")
        case Unsigned():
            because = f"{to.tag} is not signed as it must be: {state.because}"
        case Invalid() | Unverifiable():
            because = f"{to.tag} has {words(state)}"
        case _:
            assert_never(state)
    return Passed(to, f"{because} (of {short(to.digest or '')})", None, Hold.SIGNATURE)


def platforms(
    tag: str,
    known: Mapping[str, str],
    wanted: Collection[str],
    running: Mapping[str, Mapping[str, str]],
    *,
    runs: bool = False,
) -> str | None:
    """What `tag` lacks, in words: of the platforms that the policy names, or else of those that run now.

    What runs on no platform itself, such as a chart, needs none; where that is not known, whatever `runs` as a
    container needs one.
    """
    missing = sorted((set(wanted) or _running(running)) - set(known))
    if not missing and runs and not running and not known:
        return f"{tag} is for no platform at all, so it is no image that runs"
    if not missing:
        return None
    whose = "which the policy wants" if wanted else "which the deployed image has"
    none = "" if known else ": it is for no platform at all, so it is no image that runs"
    return f"{tag} has no image for {listed(missing)}, {whose}{none}"


def pulled(
    known: Mapping[str, str], wanted: Collection[str], running: Mapping[str, Mapping[str, str]]
) -> Mapping[str, str]:
    """The manifests that would be pulled, by platform: of those that must be there, or else of all."""
    needed = set(wanted) or _running(running)
    return {name: digest for name, digest in sorted(known.items()) if name in needed or not needed}


def _running(running: Mapping[str, Mapping[str, str]]) -> set[str]:
    return {name for manifests in running.values() for name in manifests}


def unmoved(new: Mapping[str, str], old: Mapping[str, str], wanted: Collection[str]) -> list[str]:
    """The platforms that run, if each of them has the same manifest in both images; else none."""
    names = sorted(wanted or old)
    return names if names and all(name in old and new.get(name) == old[name] for name in names) else []


def kept_back(to: Version, holds: Iterable[KeptBack]) -> Held | None:
    """Whether people keep this version back."""
    for kept in holds:
        if kept.keeps(to):
            return Held(to, kept.hold, None, f"{to.tag} {_KEPT[kept.hold]}: {kept.because}")
    return None


_KEPT = {
    Hold.CLOSED: "is not wanted",
    Hold.BY_HAND: "is kept back by hand",
    Hold.ROLLED_BACK: "was rolled back",
}


def promotion(case: Case, to: Version, since: Since, now: datetime) -> Held | None:
    """Whether the other environment has had the version for as long as it must."""
    source, gates = case.source, case.gates
    assert source is not None, "there is another environment"
    assert gates.source is not None, "there is another environment"
    until = since.at + gates.source.after
    if case.latest(to.tag, now) >= until:
        return None
    because = (
        f"{source.environment} has {to.tag} {since.because}; it may come here from {shown(until)} on"
        f" (after {format_duration(gates.source.after)})"
    )
    return Held(to, Hold.SOURCE, until, because)


def doubtful(doubt: Doubt, best: Version, now: datetime) -> Held | None:
    """Whether the list of tags may be cut short: one that leaves tags out must not make an old tag the newest."""
    return Held(best, Hold.DOUBT, doubt.until, str(doubt)) if doubt.stands(now) else None


def closed(gates: Gates, to: Version, now: datetime) -> Held | None:
    """Whether changes are let in now."""
    words = _closing(gates, now)
    if words is None:
        return None
    until = opening(gates, now)
    when = f"from {shown(until)} on" if until is not None else "not before the freezes change"
    return Held(to, Hold.WINDOW, until, f"{to.tag} may come {when}: {words}")


def _closing(gates: Gates, now: datetime) -> str | None:
    for freeze in gates.freezes:
        if freeze.holds(now):
            return f"everything is frozen, {freeze}"
    if gates.windows and not any(window.holds(now) for window in gates.windows):
        return f"changes are let in {listed([str(window) for window in gates.windows])}"
    return None


def opening(gates: Gates, now: datetime) -> datetime | None:
    """The first moment from `now` on that is in a window and in no freeze."""
    moment: datetime | None = now
    for _ in range(_MANY_OPENINGS):
        if moment is None or _closing(gates, moment) is None:
            return moment
        frozen = [freeze.closes(moment) for freeze in gates.freezes if freeze.holds(moment)]
        if frozen:
            moment = frozen[0]
        else:
            openings = [opens for window in gates.windows if (opens := window.opens(moment)) is not None]
            moment = min(openings, default=None)
    return None
