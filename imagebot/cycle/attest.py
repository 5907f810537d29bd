"""Control questions: whether what a registry does not show is gone, or only not shown now."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeVar

from imagebot.cycle.pass_store import PassStore
from imagebot.cycle.registry_cache import RegistryCache
from imagebot.cycle.tag_lists import Listed
from imagebot.cycle.world import World
from imagebot.errors import ImagebotError, Unavailable
from imagebot.images.reference import ImageName
from imagebot.selection.doubts import (
    Attested,
    Cut,
    Doubt,
    NotMirrored,
    empty,
    halved,
    not_cached,
    not_mirrored,
    unlisted,
    unshown,
)

T = TypeVar("T")
_MOST_ASKED = 4
"""Tags that are not on a list of which the registry is asked whether it has them: enough to find that it was cut."""
_MOST_CONTROLS = 3
"""Other manifests that are asked for before nothing is taken to be shown at all."""


@dataclass(frozen=True, slots=True)
class Witnesses:
    """Where an absence of one image can be attested. Raises what `RegistryCache` raises.

    `listed` is the image whose list of tags counts: that of which `image` is a cached copy, else `image` itself. A copy
    attests nothing about that.
    """

    world: World
    registries: RegistryCache
    memory: PassStore
    image: ImageName
    listed: ImageName

    @property
    def at_upstream(self) -> Witnesses:
        """The same of the image whose tags are listed."""
        return replace(self, image=self.listed)

    def ask_each(self, task: str, questions: Sequence[Callable[[], T]]) -> list[T | ImagebotError]:
        """Ask the registry all of these, a few at a time, from a thread that judges: see `World.ask_each`."""
        return self.world.ask_each(f"{self.image.registry}, beside judging", task, questions)

    def gone(self, tag: str, others: Iterable[str]) -> Attested | Doubt | NotMirrored:
        """What it means that nothing is shown for a tag on the list; `others` are tags and digests to ask for."""
        if self.listed != self.image:
            if self.registries.exists(self.listed, tag):
                return not_cached(tag, self.image.familiar, self.listed.familiar)
            return self.at_upstream.gone(tag, others)
        if mirror := self.world.registries.mirror(self.image):
            return not_mirrored(tag, str(mirror), self.image.familiar)
        asked = list(islice((other for other in dict.fromkeys(others) if other != tag), _MOST_CONTROLS))
        by = self.registries.shows(self.image, asked)
        return Attested(by) if by is not None else unshown(tag, asked, self.memory.doubt(self.image, "manifests"))

    def attest(self, tag: str, others: Iterable[str]) -> None:
        """Raise `Unavailable` while it is in doubt whether there is really nothing behind a tag."""
        found = self.gone(tag, others)
        if isinstance(found, Doubt) and found.stands(self.memory.now):
            raise Unavailable(str(found)) from None

    def listing(self, listed: Listed, wanted: Collection[str], digests: Collection[str]) -> Cut | Doubt | None:
        """What is odd about a list of tags on which the `wanted` ones should be; None if it is whole.

        `digests` are what fields say besides.
        """
        if self.listed != self.image:
            return self.at_upstream.listing(listed, wanted, digests)
        tags = listed.tags.tags
        missing = [tag for tag in dict.fromkeys(wanted) if tag not in tags]
        for tag in missing[:_MOST_ASKED]:
            if self.registries.exists(self.image, tag):
                return Cut(tag, listed.whose)
        if missing:
            others = (*(tag for tag in wanted if tag in tags), *digests, *tags[:_MOST_CONTROLS])
            if self.registries.shows(self.image, others[:_MOST_CONTROLS]) is not None:
                return None
        if not tags:
            return empty(listed.whose, self.memory.doubt(self.image, "list"))
        if missing:
            return unlisted(missing, listed.whose, listed.shrunk, self.memory.doubt(self.image, "list"))
        shrunk = listed.shrunk
        return halved(listed.whose, shrunk) if shrunk is not None and shrunk.by_half else None
