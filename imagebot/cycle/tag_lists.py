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
    """The tags of one image, whether there were more of them not long ago, and what is in doubt about them.

    `mirror` is as what they were asked for of a mirror.
    """

    tags: TagList
    shrunk: Shrunk | None
    mirror: ImageName | None = None
    doubt: Doubt | None = None

    @property
    def whose(self) -> str:
        """To be added to words about the list where it is that of a mirror, with which the registry has no part."""
        return "" if self.mirror is None else f", as its mirror {self.mirror} has it,"


Lists = Mapping[ImageName, Listed | ImagebotError]


def lister(world: World, watch: Watch) -> ImageName:
    """The image whose tags are those of a watch: its own, or that of which a pull-through cache has a copy."""
    return watch.upstream or world.registries.upstream(watch.image) or watch.image


def listed(world: World, memory: PassStore, answers: Mapping[ImageName, TagList | ImagebotError]) -> Lists:
    """What registries answered, beside what is remembered of their lists; what failed stays its error."""
    whole = {name: len(tags.tags) for name, tags in answers.items() if isinstance(tags, TagList) and tags.complete}
    shrunk = memory.shrunk(whole)
    memory.looked_at(whole)
    found: dict[ImageName, Listed | ImagebotError] = {}
    for name, tags in answers.items():
        if not isinstance(tags, TagList):
            found[name] = tags
            continue
        mirror = None if tags.asked == name else tags.asked
        world.tell(TagsListed(str(name), len(tags.tags), tags.dropped, tags.complete, str(mirror or "")))
        found[name] = Listed(tags, shrunk.get(name), mirror)
    return found
