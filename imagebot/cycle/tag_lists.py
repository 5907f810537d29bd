"""What the registries list: the tags of every watched image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from imagebot.cycle.pass_store import PassStore
from imagebot.cycle.world import World
from imagebot.errors import ImagebotError
from imagebot.images.reference import ImageName
from imagebot.observe.events import TagsListed
from imagebot.policy.model import Watch
from imagebot.registry.client import TagList
from imagebot.selection.doubts import Doubt, Shrunk


@dataclass(frozen=True, slots=True)
class Listed:
    """The tags of one image, whether there were more of them not long ago, and what is in doubt about them."""

    tags: TagList
    shrunk: Shrunk | None
    doubt: Doubt | None = None


Lists = Mapping[ImageName, Listed | ImagebotError]


def lister(world: World, watch: Watch) -> ImageName:
    """The image whose tags are those of a watch: its own, or that of which a pull-through cache has a copy."""
    return watch.upstream or world.registries.upstream(watch.image) or watch.image


def listed(world: World, memory: PassStore, answers: Mapping[ImageName, TagList | ImagebotError]) -> Lists:
    """What registries answered, beside what is remembered of their lists; what failed stays its error."""
    whole = {name: len(tags.tags) for name, tags in answers.items() if isinstance(tags, TagList) and tags.complete}
    shrunk = memory.shrunk(whole)
    memory.looked_at(whole)
    for name, tags in answers.items():
        if isinstance(tags, TagList):
            asked = "" if tags.asked in (None, name) else str(tags.asked)
            world.tell(TagsListed(str(name), len(tags.tags), tags.dropped, tags.complete, asked))
    return {
        name: Listed(tags, shrunk.get(name)) if isinstance(tags, TagList) else tags for name, tags in answers.items()
    }
