"""When images were made, where that is their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from imagebot.cycle.attest import Witnesses
from imagebot.cycle.registry_cache import RegistryCache
from imagebot.errors import ImagebotError, NotFound, Unavailable
from imagebot.images.reference import ImageName

_MOST_ASKED = 200


def creation_times(witnesses: Witnesses, tags: Sequence[str]) -> Mapping[str, datetime | None]:
    """When the images of these tags were made, as they say; `None` for one that does not, or that is not there.

    A tag that was asked about in any pass is not asked about again: should it be pushed again, it keeps its place. Of
    the others a limited number is asked for, the first ones. Raises `Unavailable` while more of them are left, and
    where those that are not there may only not be shown.
    """
    memory, image = witnesses.memory, witnesses.image
    digests = dict(memory.digests(image, tags))
    times = dict(memory.created(image, digests.values()))
    missing = [tag for tag in tags if digests.get(tag) not in times]
    asked = missing[:_MOST_ASKED]
    answers = witnesses.ask_each(
        f"tell when the images of {image.familiar} were made",
        [partial(_created, witnesses.registries, image, tag) for tag in asked],
    )
    fresh = {tag: answer for tag, answer in zip(asked, answers, strict=True) if not isinstance(answer, ImagebotError)}
    found = {tag: answer for tag, answer in fresh.items() if answer is not None}
    memory.stand_for(image, {tag: digest for tag, (digest, _) in found.items()})
    memory.were_created(image, dict(found.values()))
    for answer in answers:
        if isinstance(answer, ImagebotError):
            raise answer
    if gone := [tag for tag in fresh if tag not in found]:
        witnesses.attest(gone[0], [tag for tag in tags if tag not in gone])
    if len(missing) > _MOST_ASKED:
        left = len(missing) - _MOST_ASKED
        raise Unavailable(
            f"{left} images of {image.familiar} are still to be asked when they were made: the next passes do"
        )
    known = {tag: times[digests[tag]] for tag in tags if digests.get(tag) in times}
    return {**dict.fromkeys(tags), **known, **{tag: at for tag, (_, at) in found.items()}}


def remembered_times(witnesses: Witnesses, tags: Sequence[str]) -> Mapping[str, datetime | None]:
    """When the images of tags were made that are not on the list any more, of those that were asked about once."""
    memory, image = witnesses.memory, witnesses.image
    digests = memory.digests(image, tags)
    times = memory.created(image, digests.values())
    return {tag: times[digest] for tag, digest in digests.items() if digest in times}


def _created(registries: RegistryCache, image: ImageName, tag: str) -> tuple[str, datetime | None] | None:
    try:
        digest = registries.digest(image, tag)
        return digest, registries.created(image, digest)
    except NotFound:
        return None
