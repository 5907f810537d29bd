"""Which store the settings ask for. Only the chosen one's libraries are loaded, and only when it is opened."""

from __future__ import annotations

from collections.abc import Callable

from imagebot.settings import Settings
from imagebot.store.protocol import Store


def opener(settings: Settings) -> Callable[[], Store]:
    """What opens the store: cheap to call in every pass. It raises `BadInput` and `WorldError`s."""
    stores: list[Callable[[], Store]] = []

    def open_store() -> Store:
        if not stores:
            from imagebot.store.sql import database_store

            stores.append(database_store(settings))
        return stores[0]()

    return open_store
