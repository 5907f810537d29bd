"""Which version a digest is: what tells where a field stands that says nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from operator import itemgetter

from imagebot.cycle.attest import Witnesses
from imagebot.errors import ImagebotError, NotFound, Unavailable
from imagebot.images.reference import is_digest
from imagebot.selection.rank import Ranking
from imagebot.selection.reasons import short

_MOST_TAGS = 200
"""The highest tags of an order, among which the one that runs is looked for: it is near the top, or it is old."""
_MOST_ASKED = 24
"""Of these so many a pass; what they stand for is remembered, so the next pass goes on."""
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
    tags = _in_order(ranking)
    known = memory.digests(image, tags)
    unknown = [tag for tag in tags if tag not in known]
    fresh = _ask(witnesses, unknown[:_MOST_ASKED], digest)
    found = _highest(ranking, [tag for tag, other in {**known, **fresh}.items() if other == digest])
    if found is None and fresh and len(unknown) > _MOST_ASKED:
        left = len(unknown) - _MOST_ASKED
        raise Unavailable(
            f"which tag of {image.familiar} {short(digest)} is, is not known yet: {left} more are to be asked about,"
            " which the next passes do"
        )
    return found


def _in_order(ranking: Ranking) -> list[str]:
    placed = [(place, tag) for tag in set(ranking.tags) if (place := ranking.place(tag)) is not None]
    return [tag for _, tag in sorted(placed, key=itemgetter(0, 1), reverse=True)[:_MOST_TAGS]]


def _highest(ranking: Ranking, tags: Sequence[str]) -> str | None:
    placed = [(place, tag) for tag in tags if (place := ranking.place(tag)) is not None]
    return max(placed, key=itemgetter(0, 1))[1] if placed else None


def _ask(witnesses: Witnesses, tags: Sequence[str], digest: str) -> Mapping[str, str]:
    """What these tags stand for, as far as the one that is looked for."""
    found: dict[str, str] = {}
    deed = f"tell which tag of {witnesses.image.familiar} {short(digest)} is"
    for at in range(0, len(tags), _WORKERS):
        some = tags[at : at + _WORKERS]
        answers = witnesses.ask_each(deed, [partial(_stands_for, witnesses, tag) for tag in some])
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
