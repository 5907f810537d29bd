"""From the best tag and what is deployed to a verdict, or to the facts that are still missing for one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from operator import itemgetter

from imagebot.policy.model import Watch
from imagebot.selection.rank import Ranking, tie
from imagebot.selection.verdict import (
    Candidate,
    Deployed,
    Fact,
    Facts,
    Held,
    Hold,
    Needs,
    NoCandidate,
    Unknown,
    Update,
    UpToDate,
    Verdict,
    Version,
)
from imagebot.versions.order import Key

_SHORT_DIGEST = len("sha256:") + 12


def judge(
    watch: Watch,
    ranking: Ranking,
    deployed: tuple[Deployed, ...],
    facts: Facts,
    now: datetime,  # noqa: ARG001 - every rule so far holds at any time; the callers have it at hand
) -> Verdict | Needs:
    """Decide what the fields of `watch` should say.

    Asks for facts only where tags alone cannot decide, so that a day without news costs no request.
    """
    best = ranking.best
    if not deployed:
        return Unknown(f"no field in the paths of this policy holds {watch.image.familiar}")
    if best is None:
        return NoCandidate(_nothing_fits(ranking))
    above = _above(ranking, best, deployed)
    if above is not None:
        return Held(Version(best.tag, facts.digest), Hold.DOWNGRADE, None, _downgrade(ranking, best, above))
    due = [field for field in deployed if not _says(watch, best, field, facts)]
    if not due:
        return UpToDate(_at(best, deployed), newest(ranking, best) + _pushed_again(deployed, facts))
    if facts.digest is None and all(_is_digest_only(field) for field in due):
        return Needs(best.tag, frozenset({Fact.DIGEST}))
    return _propose(ranking, best, due, facts)


def _propose(ranking: Ranking, best: Candidate, due: list[Deployed], facts: Facts) -> Update | Held | Needs:
    to = Version(best.tag, facts.digest)
    for closed, words in facts.closed or ():
        if closed.tag == to.tag and closed.digest in (None, to.digest):
            return Held(to, Hold.CLOSED, None, f"{best.tag} is not wanted: {words}")
    missing = {Fact.CLOSED: facts.closed, Fact.DIGEST: facts.digest}
    needed = frozenset(fact for fact, known in missing.items() if known is None)
    if needed:
        return Needs(best.tag, needed)
    return Update(to, f"{newest(ranking, best)} ({_now(ranking, best, due)})")


def _above(ranking: Ranking, best: Candidate, deployed: Iterable[Deployed]) -> Deployed | None:
    """The field with the highest version above the best candidate's."""
    chosen = ranking.place(best.tag)
    placed = [(key, field.where, field) for field in deployed if (key := _place(ranking, field)) is not None]
    above = [one for one in placed if chosen is not None and one[0] > chosen]
    return max(above, key=itemgetter(0, 1))[2] if above else None


def _place(ranking: Ranking, field: Deployed) -> Key | None:
    return ranking.place(field.tag) if field.tag is not None else None


def _is_digest_only(field: Deployed) -> bool:
    return field.tag is None and field.digest is not None


def _says(watch: Watch, best: Candidate, field: Deployed, facts: Facts) -> bool:
    """Whether a field needs no change.

    A digest beside the right tag that is not the registry's is left alone: the tag was pushed again, which is no newer
    version. A digest alone is all that its field says, so there it is compared.
    """
    if _is_digest_only(field):
        return field.digest == facts.digest
    return field.tag == best.tag and (field.digest is not None or watch.pin != "digest")


def _at(best: Candidate, deployed: Iterable[Deployed]) -> Version:
    digests = {field.digest for field in deployed}
    return Version(best.tag, digests.pop() if len(digests) == 1 else None)


def newest(ranking: Ranking, best: Candidate) -> str:
    """Why `best` is the one, in words."""
    equal = f"; {tie(best.tag, best.twins, ranking.deployed)}" if best.twins else ""
    return f"{best.tag} is {ranking.praise}{equal}"


def _nothing_fits(ranking: Ranking) -> str:
    total = sum(count for _, count in ranking.refused_by)
    if not total:
        return f"the registry lists no tags of {ranking.watch.image.familiar}"
    counts = ", ".join(f"{count} refused by {rule}" for rule, count in ranking.refused_by)
    return f"{'the only tag does not fit' if total == 1 else f'none of {total} tags fits'}: {counts}"


def _downgrade(ranking: Ranking, best: Candidate, above: Deployed) -> str:
    unlisted = "" if above.tag in ranking.tags else ", which is not in the list of tags"
    return f"{above.where} is at {above.tag}{unlisted}; {newest(ranking, best)}: only a person takes a step down"


def _pushed_again(deployed: Iterable[Deployed], facts: Facts) -> str:
    older = [field.where for field in deployed if facts.digest and field.digest not in (None, facts.digest)]
    return f"; it was pushed again: the digest in {_listed(older)} is an older one" if older else ""


def _now(ranking: Ranking, best: Candidate, due: Iterable[Deployed]) -> str:
    """What the fields say that are to change, the highest version first, with a warning about what has no version."""
    placed: dict[str, Key] = {}
    strange: dict[str, None] = {}
    for field in due:
        key = _place(ranking, field)
        if field.tag is None or key is None:
            strange[_described(field)] = None
        else:
            placed[field.tag if field.tag != best.tag else f"{field.tag} without a digest"] = key
    names = [*sorted(placed, key=lambda name: (placed[name], name), reverse=True), *sorted(strange)]
    verb = "says" if len(strange) == 1 else "say"
    warning = f"; {_listed(sorted(strange))} {verb} nothing about a version" if strange else ""
    return f"now {_listed(names)}{warning}"


def _described(field: Deployed) -> str:
    if field.tag is not None:
        return field.tag
    return f"{field.digest[:_SHORT_DIGEST]} without a tag" if field.digest else "no tag"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
