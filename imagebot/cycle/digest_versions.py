"""Which version a digest is: what tells where a field stands that says nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import nlargest
from itertools import islice
from operator import itemgetter

from imagebot.cycle.attest import Witnesses
from imagebot.errors import ImagebotError, NotFound, Unavailable
from imagebot.images.reference import is_digest
from imagebot.selection.moving import moves
from imagebot.selection.rank import Ranking
from imagebot.selection.reasons import short

_MOST_TAGS = 200
"""The highest tags of an order, among which the one that runs is looked for: it is near the top, or it is old."""
_MOST_ASKED = 24
"""Of these so many a pass; what they stand for is remembered, so the next pass goes on."""
_MOST_UNREAD = 20_000
"""Tags without a place in the order of which it is looked up what they stood for."""
_WORKERS = 8


def named(witnesses: Witnesses, ranking: Ranking, digest: str) -> str | None:
    """The highest tag with a place in the order that stands for a digest, or once did; None if there is none.

    Raises `Unavailable` while there are tags left to ask about.
    """
    memory, image = witnesses.memory, witnesses.image
    if not is_digest(digest):
        return None
    if remembered := _highest(ranking, memory.names(image, digest)):
        return remembered
    tags = _in_order(ranking, ranking.tags)
    known = memory.digests(image, tags)
    unknown = [tag for tag in tags if tag not in known]
    fresh = _ask(witnesses, unknown[:_MOST_ASKED], digest)
    found = _highest(ranking, [tag for tag, other in {**known, **fresh}.items() if other == digest])
    if found is None and fresh and len(unknown) > _MOST_ASKED:
        raise _unfinished(witnesses, digest, len(unknown) - _MOST_ASKED)
    return found


@dataclass(frozen=True, slots=True)
class Pinned:
    """What a field says that has both."""

    tag: str
    digest: str


def renamed(witnesses: Witnesses, ranking: Ranking, field: Pinned, to: str) -> str | None:
    """Which tag the digest of a field is really of, where the one beside it never stood for it: the highest of those
    above `to`, or else one that the order cannot read.

    None if it is what it says, or if nobody knows: then it is an older push of its tag. Of all tags, whatever `ranking`
    is among. Raises `Unavailable` while there are tags above left to ask about.
    """
    memory, image, digest = witnesses.memory, witnesses.image, field.digest
    if not is_digest(digest) or field.tag in (known := memory.names(image, digest)):
        return None
    if _stands_for(witnesses, field.tag) == digest:
        return None
    floor = ranking.place(to) or ()
    if remembered := _highest(ranking, [tag for tag in known if (ranking.place(tag) or ()) > floor]):
        return remembered
    tags = witnesses.registries.tags(witnesses.listed).tags
    above = [tag for tag in _in_order(ranking, tags) if (ranking.place(tag) or ()) > floor]
    unread = list(islice((tag for tag in tags if ranking.place(tag) is None and not moves(tag)), _MOST_UNREAD))
    there = memory.digests(image, [*above, *unread])
    asked = [tag for tag in above if tag not in there]
    more = [tag for tag in unread if tag not in there]
    fresh = _ask(witnesses, [*asked, *more][:_MOST_ASKED], digest)
    every = [*known, *(tag for tag, other in {**there, **fresh}.items() if other == digest)]
    found = _highest(ranking, [tag for tag in every if (ranking.place(tag) or ()) > floor])
    if found is None and len(asked) > _MOST_ASKED:
        raise _unfinished(witnesses, digest, len(asked) - _MOST_ASKED)
    return found or next((tag for tag in every if ranking.place(tag) is None and not moves(tag)), None)


def _unfinished(witnesses: Witnesses, digest: str, left: int) -> Unavailable:
    return Unavailable(
        f"which tag of {witnesses.image.familiar} {short(digest)} is, is not known yet: {left} more are to be asked"
        " about, which the next passes do"
    )


def _in_order(ranking: Ranking, tags: Iterable[str]) -> list[str]:
    placed = ((place, tag) for tag in tags if (place := ranking.place(tag)) is not None)
    return list(dict.fromkeys(tag for _, tag in nlargest(_MOST_TAGS, placed, itemgetter(0, 1))))


def _highest(ranking: Ranking, tags: Sequence[str]) -> str | None:
    placed = [(place, tag) for tag in tags if (place := ranking.place(tag)) is not None]
    return max(placed, key=itemgetter(0, 1))[1] if placed else None


def _ask(witnesses: Witnesses, tags: Sequence[str], digest: str) -> Mapping[str, str]:
    """What these tags stand for, as far as the one that is looked for."""
    found: dict[str, str] = {}
    task = f"tell which tag of {witnesses.image.familiar} {short(digest)} is"
    for at in range(0, len(tags), _WORKERS):
        some = tags[at : at + _WORKERS]
        answers = witnesses.ask_each(task, [partial(_stands_for, witnesses, tag) for tag in some])
        for tag, answer in zip(some, answers, strict=True):
            if isinstance(answer, ImagebotError):
                raise answer
            found |= {} if answer is None else {tag: answer}
        if digest in found.values():
            break
    return found


def _stands_for(witnesses: Witnesses, tag: str) -> str | None:
    try:
        return witnesses.registries.digest(witnesses.image, tag)
    except NotFound:
        return None
