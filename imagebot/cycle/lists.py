"""What the registries have: the tags of every watched image, and when images were made where that is their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from imagebot.cycle.asked import Asked
from imagebot.cycle.memory import Memory
from imagebot.cycle.world import World
from imagebot.errors import ImagebotError, NotFound, Unavailable
from imagebot.images.reference import ImageName
from imagebot.observe.events import TagsListed
from imagebot.policy.model import Policy
from imagebot.registry.client import TagList
from imagebot.selection.facts import Shrunk

_WORKERS = 8
_MOST_CREATED = 200


@dataclass(frozen=True, slots=True)
class Listed:
    """The tags of one image, and whether there were more of them not long ago."""

    tags: TagList
    shrunk: Shrunk | None


Lists = Mapping[ImageName, Listed | ImagebotError]


def list_tags(world: World, registries: Asked, memory: Memory, policies: Sequence[Policy]) -> Lists:
    """All tags of every watched image, each image asked for once; what failed is kept as its error."""
    names = sorted({watch.image for policy in policies for watch in policy.watches})

    def ask(name: ImageName) -> TagList | ImagebotError:
        world.go_on()
        return world.ask(f"list the tags of {name.familiar}", lambda: registries.tags(name))

    with ThreadPoolExecutor(_WORKERS) as pool:
        answers = dict(zip(names, pool.map(ask, names), strict=True))
    whole = {name: len(tags.tags) for name, tags in answers.items() if isinstance(tags, TagList) and tags.complete}
    shrunk = memory.shrunk(whole)
    for name, tags in answers.items():
        if isinstance(tags, TagList):
            world.tell(TagsListed(str(name), len(tags.tags), tags.dropped, tags.complete))
    return {
        name: Listed(tags, shrunk.get(name)) if isinstance(tags, TagList) else tags for name, tags in answers.items()
    }


def creation_times(
    registries: Asked, memory: Memory, image: ImageName, tags: Sequence[str]
) -> Mapping[str, datetime | None]:
    """When the images of these tags were made, as they say; `None` for one that does not, or that is not there.

    A tag that was asked about in any pass is not asked about again: should it be pushed again, it keeps its place. Of
    the others a limited number is asked for, the first ones. Raises `Unavailable` while more of them are left.
    """
    digests = dict(memory.digests(image, tags))
    times = dict(memory.created(image, digests.values()))
    missing = [tag for tag in tags if digests.get(tag) not in times]
    with ThreadPoolExecutor(_WORKERS) as pool:
        fresh = list(pool.map(lambda tag: _created(registries, image, tag), missing[:_MOST_CREATED]))
    found = {tag: answer for tag, answer in zip(missing, fresh, strict=False) if answer is not None}
    memory.stand_for(image, {tag: digest for tag, (digest, _) in found.items()})
    memory.were_created(image, dict(found.values()))
    if len(missing) > _MOST_CREATED:
        left = len(missing) - _MOST_CREATED
        raise Unavailable(
            f"{left} images of {image.familiar} are still to be asked when they were made: the next passes do"
        )
    known = {tag: times[digests[tag]] for tag in tags if digests.get(tag) in times}
    return {**dict.fromkeys(tags), **known, **{tag: at for tag, (_, at) in found.items()}}


def _created(registries: Asked, image: ImageName, tag: str) -> tuple[str, datetime | None] | None:
    try:
        digest = registries.digest(image, tag)
        return digest, registries.created(image, digest)
    except NotFound:
        return None
