"""Everything outside that a pass touches, composed by the verb that runs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from imagebot.cycle.index import FieldIndex
from imagebot.errors import ImagebotError
from imagebot.forge.protocol import Forge
from imagebot.gitrepo.mirror import Mirror
from imagebot.observe.events import Event
from imagebot.registry.client import Registries
from imagebot.settings import RepositorySettings, Settings
from imagebot.store.protocol import Store


class Stopped(ImagebotError):
    """The process was told to stop: the pass is abandoned between two steps, and the next one takes it up again."""


@dataclass(frozen=True)
class World:
    """What a pass is handed besides policies and `now`. `stopping` is asked between steps.

    `source` takes a name from `sources`, and the branch if it is not the one that goes with it.
    `store` opens what is remembered as it is now, once a pass; it raises `BadInput` and `WorldError`s.
    """

    settings: Settings
    registries: Registries
    mirror: Callable[[RepositorySettings], Mirror]
    source: Callable[[str, str | None], Mirror]
    forge: Callable[[RepositorySettings], Forge]
    store: Callable[[], Store]
    index: FieldIndex
    tell: Callable[[Event], None]
    stopping: Callable[[], bool]

    def go_on(self) -> None:
        """Raise `Stopped` if the process was told to stop."""
        if self.stopping():
            raise Stopped("stopped between two steps; the next pass goes on")
