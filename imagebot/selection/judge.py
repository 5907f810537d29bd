"""From the tags in order and what is deployed to a verdict, or to the facts that are still missing for one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import itemgetter

from imagebot.documents.duration import format_duration
from imagebot.selection import gates
from imagebot.selection.doubts import Attested, Doubt, NotMirrored
from imagebot.selection.facts import Case, Elsewhere, Fact, Facts, Needs, TagFacts
from imagebot.selection.gates import Passed
from imagebot.selection.moving import moves
from imagebot.selection.rank import Rule
from imagebot.selection.reasons import cannot_tell, downgrade, listed, newest, nothing_fits, now_says, short, shown
from imagebot.selection.verdict import (
    Candidate,
    Deployed,
    Held,
    Hold,
    NoCandidate,
    Unknown,
    Update,
    UpToDate,
    Verdict,
    Version,
)

MOST_LOOKED_AT = 8
"""Candidates of one watch that a registry is asked about in one pass."""


def judge(case: Case, facts: Facts, now: datetime) -> Verdict | Needs:
    """Decide what the fields of a watch should say.

    Asks for facts only where tags alone cannot decide, so that a day without news costs no request. The best candidate
    that passes every gate wins; what people keep back is not gone around.
    """
    if not case.deployed:
        return Unknown(f"no field in the paths of this policy holds {case.watch.image.familiar}")
    if case.source is not None:
        return _promote(case, case.source, facts, now)
    if case.ranking.best is None:
        doubtful = case.doubt is not None and case.doubt.stands(now)
        return Unknown(str(case.doubt)) if doubtful else NoCandidate(nothing_fits(case.ranking))
    return _walk(case, _best_first(case, case.ranking.best), facts, now)


def _best_first(case: Case, best: Candidate) -> Iterator[Candidate]:
    """The others are put in order only if somebody asks for them."""
    yield best
    yield from case.candidates[1:]


def _promote(case: Case, source: Elsewhere, facts: Facts, now: datetime) -> Verdict | Needs:
    """The other environment's version is the only candidate, if the policy lets it in."""
    if source.version is None:
        return NoCandidate(source.because)
    tag, rules = source.version.tag, case.ranking.rules
    place = rules.place(tag)
    if isinstance(place, Rule):
        return NoCandidate(
            f"{source.environment} has {tag}, which cannot come here: {rules.refusal(place, tag).because}"
        )
    if tag not in case.ranking.tags:
        return NoCandidate(f"{source.environment} has {tag}, which the registry does not list")
    return _walk(case, iter([Candidate(tag, *rules.admission(tag, place))]), facts, now)


def _walk(case: Case, candidates: Iterator[Candidate], facts: Facts, now: datetime) -> Verdict | Needs:
    passed: list[Passed] = []
    for candidate in candidates:
        answer = _Look(case, candidate, facts, now, passed).answer()
        if not isinstance(answer, Passed):
            return answer
        passed.append(answer)
    return _waiting(passed) or NoCandidate(_listed(passed))


@dataclass(frozen=True, slots=True)
class _Look:
    """One candidate, after those that were `passed` because they cannot run now."""

    case: Case
    candidate: Candidate
    facts: Facts
    now: datetime
    passed: Sequence[Passed]

    def answer(self) -> Verdict | Needs | Passed:
        above = self._above()
        if above is not None and (self.passed or self.case.watch.downgrade == "hold"):
            return _waiting(self.passed) or self._below(above)
        asked_enough = self.known.asked or not any(self._compared(field) for field in self.case.deployed)
        if asked_enough and not self._due(self.known.digest):
            return self._settled()
        return self._blind() or self._asked_about()

    @property
    def known(self) -> TagFacts:
        return self.facts.of(self.candidate.tag) or TagFacts()

    @property
    def _to(self) -> Version:
        return Version(self.candidate.tag, self.known.digest)

    def _asked_about(self) -> Verdict | Needs | Passed:
        """Go on with what the registry says about the tag, asked as seldom as can be.

        What was soaking when it was last asked about can only have begun anew since.
        """
        if not self.known.asked:
            if self.passed and self.case.gates.minimum_age:
                if self.facts.of(self.candidate.tag) is None:
                    return self._needs(Fact.SEEN)
                if soaking := gates.soak(self.case, self.candidate.tag, self.known, self.now):
                    return soaking
            if sum(1 for known in self.facts.tags.values() if known.asked) >= MOST_LOOKED_AT:
                return self._enough()
            return self._needs(Fact.DIGEST)
        if self.known.gone is not None:
            return self._gone(self.known.gone)
        return self._unnamed() or self._misnamed() or self._held() or self._soaked()

    def _above(self) -> Deployed | None:
        """The field with the highest version above the candidate's."""
        ranking = self.case.ranking
        chosen = ranking.place(self.candidate.tag)
        if chosen is None:
            return None
        said = ((field, self._version(field)) for field in self.case.deployed)
        places = ((field, ranking.place(tag)) for field, tag in said if tag is not None)
        above = [(key, field.where, field) for field, key in places if key is not None and key > chosen]
        return max(above, key=itemgetter(0, 1))[2] if above else None

    def _version(self, field: Deployed) -> str | None:
        """The tag that a field says, or one that its digest is known by where only that tells where it stands, or where
        it is a higher one: what runs is the digest.
        """
        place = self.case.ranking.place
        if field.tag is not None and (said := place(field.tag)) is not None:
            true = (self.known.misnamed or {}).get(field.digest or "", field.tag)
            return true if (place(true) or ()) > said else field.tag
        return (self.facts.names or {}).get(field.digest or "", field.tag)

    def _blind(self) -> Held | None:
        """Nothing can tell whether a field would go back whose tag the order cannot read."""
        for field in self._unread():
            if field.digest is None and not moves(field.tag):
                return self._unclear(field)
        return None

    def _unnamed(self) -> Held | Needs | None:
        """A digest can, by the tags that it is known by."""
        pinned = [field for field in self._unread() if field.digest is not None]
        if pinned and self.facts.names is None:
            return self._needs(Fact.NAMES)
        strange = [field for field in pinned if not self._is_known(field) and (not field.tag or not moves(field.tag))]
        if strange and (missing := self._manifests()):
            return missing
        moved = [field for field in strange if not self._as_it_was(field)]
        return self._unclear(moved[0]) if moved else None

    def _misnamed(self) -> Held | Needs | None:
        """Whether the digest of a field is another version's than the tag beside it says: the digest is what runs."""
        ranking = self.case.ranking
        pinned = [field for field in self._protected() if field.digest is not None]
        both = [field for field in pinned if field.tag is not None and ranking.place(field.tag) is not None]
        if both and self.known.misnamed is None:
            return self._needs(Fact.MISNAMED)
        for field in both:
            true = (self.known.misnamed or {}).get(field.digest or "")
            if true is not None and ranking.place(true) is None:
                return Held(self._to, Hold.DOWNGRADE, None, cannot_tell(ranking, field, self.candidate, true))
        return None

    def _is_known(self, field: Deployed) -> bool:
        version = self._version(field)
        return version is not None and self.case.ranking.place(version) is not None

    def _manifests(self) -> Needs | None:
        """What must be known to compare what would run with what runs."""
        missing = {Fact.PLATFORMS: self.known.platforms, Fact.RUNNING: self.facts.running}
        needed = [fact for fact, known in missing.items() if known is None]
        return self._needs(*needed) if needed else None

    def _unread(self) -> list[Deployed]:
        """The fields to change whose tag does not tell where they stand, where that matters."""
        place = self.case.ranking.place
        return [field for field in self._protected() if field.tag is None or place(field.tag) is None]

    def _protected(self) -> list[Deployed]:
        """The fields to change that must not go back."""
        watch = self.case.watch
        free = watch.downgrade == "allow" or watch.order_facts.moves
        return [] if free else self._due(self.known.digest)

    def _unclear(self, field: Deployed) -> Held:
        return Held(self._to, Hold.DOWNGRADE, None, cannot_tell(self.case.ranking, field, self.candidate))

    def _gone(self, gone: Attested | Doubt | NotMirrored) -> Held | Unknown | Passed:
        if isinstance(gone, NotMirrored):
            return Held(self._to, Hold.MIRROR, None, gone.because)
        if isinstance(gone, Doubt) and gone.stands(self.now):
            return Unknown(str(gone))
        told = f"while it shows {gone.by}" if isinstance(gone, Attested) else f"since {shown(gone.since)}"
        lacks = self.known.lacks or "nothing behind it"
        return Passed(self._to, f"{self.candidate.tag} is listed, and the registry has {lacks}, {told}")

    def _held(self) -> Held | Needs | None:
        """What people and the other environment say, before anything else."""
        if self.case.doubt is not None and (held := gates.doubtful(self.case.doubt, self._to, self.now)):
            return held
        if self.facts.holds is None:
            return self._needs(Fact.HOLDS)
        if held := gates.kept_back(self._to, self.facts.holds):
            return held
        if self.case.source is None:
            return None
        if self.facts.since is None:
            return self._needs(Fact.SINCE)
        moved = self._moved_since(self.case.source)
        return moved or gates.promotion(self.case, self._to, self.facts.since, self.now)

    def _moved_since(self, source: Elsewhere) -> Held | None:
        """A tag alone would bring what it stands for now, which is not what the other environment runs."""
        now_stands_for = self.known.registry_digest
        bare = [field for field in self._due(self.known.digest) if not self._pinned(field)]
        if not bare or now_stands_for in (None, self.known.digest):
            return None
        because = (
            f"{source.environment} runs {short(self.known.digest or '')}, and {self.candidate.tag} was pushed again"
            f" since; {bare[0].where} has no digest to tell them apart: write `pin: digest`"
        )
        return Held(self._to, Hold.SOURCE, None, because)

    def _soaked(self) -> Verdict | Needs | Passed:
        if soaking := gates.soak(self.case, self.candidate.tag, self.known, self.now):
            return soaking
        wanted = self.case.watch.platforms
        if missing := self._manifests():
            return missing
        assert self.known.platforms is not None, "it was asked"
        assert self.facts.running is not None, "it was asked"
        runs = any(field.runs for field in self.case.deployed)
        if lack := gates.platforms(self.candidate.tag, self.known.platforms, wanted, self.facts.running, runs=runs):
            return Passed(self._to, lack)
        due = [field for field in self._due(self.known.digest) if not self._as_it_was(field)]
        if not due:
            return self._settled()
        return self._unsigned() or self._propose(due)

    def _unsigned(self) -> Unknown | Needs | Passed | None:
        """Asked last of what may pass a candidate over: it takes requests each time, as long as there is none."""
        if not self.case.requirements:
            return None
        if self.known.signature is None:
            return self._needs(Fact.SIGNATURE)
        return gates.signature(self._to, self.known.signature)

    def _propose(self, due: list[Deployed]) -> Verdict | Needs:
        if self.facts.closed is None:
            return self._needs(Fact.CLOSED)
        held = gates.kept_back(self._to, self.facts.closed) or gates.closed(self.case.gates, self._to, self.now)
        if held:
            return held
        if not self.known.whole:
            return self._needs(Fact.PARTS)
        says = now_says(self.case.ranking, self.candidate, due, self.facts.names or {})
        return Update(self._to, f"{self._why(due)} ({says})")

    def _why(self, due: Sequence[Deployed]) -> str:
        words = [self._chosen()]
        if self._above() is not None:
            words.append("a step down, which `downgrade: allow` lets happen")
        if all(_is_pushed_again(self.candidate, field) for field in due) and not self.case.watch.order_facts.moves:
            words.append(f"it was pushed again and is {short(self.known.digest or '')} now, and `repush: allow`")
        age = self.case.gates.minimum_age
        if age and self.known.first_seen is not None:
            words.append(f"first seen {shown(self.known.first_seen)}, minimumAge {format_duration(age)}")
        return "; ".join(words)

    def _chosen(self) -> str:
        source, since = self.case.source, self.facts.since
        if source is not None:
            had = f" {since.because}" if since is not None else ""
            after = self.case.gates.source.after if self.case.gates.source else None
            enough = f", longer than {format_duration(after)}" if after and since is not None else ""
            return f"{source.environment} has {self.candidate.tag}{had}{enough}"
        if not self.passed:
            return newest(self.case.ranking, self.candidate)
        return f"{self.candidate.tag} is the best that may run now; {_listed(self.passed)}"

    def _settled(self) -> Verdict:
        """Every field says this candidate already."""
        again = self._pushed_again()
        at = Version(self.candidate.tag, _one_digest(self.case.deployed))
        return _waiting(self.passed) or UpToDate(at, self._chosen() + again)

    def _pushed_again(self) -> str:
        """What is to be said about digests that are not the registry's, if that was asked at all."""
        fresh = self.known.digest if self.known.asked else None
        older = [field for field in self.case.deployed if fresh and field.digest not in (None, fresh)]
        if not older:
            return ""
        same = [name for field in older for name in self._as_it_was(field)]
        stayed = f", but {listed(sorted(set(same)))} stayed as it was" if same else ""
        return (
            f"; it was pushed again{stayed}: the digest in {listed([field.where for field in older])} is an older one"
        )

    def _as_it_was(self, field: Deployed) -> list[str]:
        """The platforms that run, if only the digest of this field would move and none of them with it."""
        if field.digest is None or (field.tag is not None and field.tag != self.candidate.tag):
            return []
        old = (self.facts.running or {}).get(field.digest, {})
        return gates.unmoved(self.known.platforms or {}, old, self.case.watch.platforms)

    def _below(self, above: Deployed) -> Held | UpToDate:
        """The candidate is older than what a field says."""
        version = self._version(above)
        if any(version == one.version.tag for one in self.passed):
            return UpToDate(Version(version or "", above.digest), _listed(self.passed))
        because = downgrade(self.case.ranking, above, version, self._chosen())
        return Held(self._to, Hold.DOWNGRADE, None, because)

    def _enough(self) -> Verdict:
        limit = f"the registry is asked about {MOST_LOOKED_AT} tags a pass, so older ones were not looked at"
        held = _waiting(self.passed)
        if held is not None:
            return replace(held, because=f"{held.because}; {limit}")
        return NoCandidate(f"{_listed(self.passed)}; {limit}")

    def _needs(self, *facts: Fact) -> Needs:
        return Needs(self.candidate.tag, frozenset(facts))

    def _compared(self, field: Deployed) -> bool:
        """Whether the digest of a field that says the candidate's tag, or none, is held against the registry's.

        Others are left alone: the tag was pushed again, which is no newer version. A digest alone is all that its field
        says.
        """
        if field.digest is None:
            return False
        watch = self.case.watch
        follows = watch.repush == "allow" or watch.order_facts.moves or _pinned_source(self.case)
        return field.tag is None or (follows and field.tag == self.candidate.tag)

    def _due(self, digest: str | None) -> list[Deployed]:
        return [field for field in self.case.deployed if not self._says(field, digest)]

    def _says(self, field: Deployed, digest: str | None) -> bool:
        """Whether a field needs no change, as far as is known."""
        if self._compared(field):
            return field.digest == digest
        if field.tag != self.candidate.tag:
            return False
        return field.digest is not None or not self._pinned(field)

    def _pinned(self, field: Deployed) -> bool:
        return field.digest is not None or self.case.watch.pin == "digest"


def _waiting(passed: Iterable[Passed]) -> Held | None:
    """What comes next by waiting, if anything does: by itself, or else once somebody did what is waited for."""
    waits = sorted(((one.until, index, one) for index, one in enumerate(passed) if one.until), key=itemgetter(0, 1))
    first = waits[0][2] if waits else next((one for one in passed if one.hold is not None), None)
    if first is None or first.hold is None:
        return None
    return Held(first.version, first.hold, first.until, _listed([first, *(one for one in passed if one is not first)]))


def _listed(passed: Sequence[Passed]) -> str:
    shown_at_most = 3
    more = f"; and {len(passed) - shown_at_most} more" if len(passed) > shown_at_most else ""
    return "; ".join(one.because for one in passed[:shown_at_most]) + more


def _is_pushed_again(candidate: Candidate, field: Deployed) -> bool:
    return field.tag == candidate.tag and field.digest is not None


def _pinned_source(case: Case) -> bool:
    return case.source is not None and case.source.version is not None and case.source.version.digest is not None


def _one_digest(deployed: Iterable[Deployed]) -> str | None:
    digests = {field.digest for field in deployed}
    return digests.pop() if len(digests) == 1 else None
