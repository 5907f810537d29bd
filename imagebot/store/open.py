"""Which store the settings ask for. Only the chosen one's libraries are loaded, and only when it is opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from imagebot.errors import ImagebotError
from imagebot.settings.resolve import PostgresDatabase, Settings, StateBranch
from imagebot.store.protocol import Shelf, Store

DATABASE_FILE = "state.db"


def opener(settings: Settings, shelf: Callable[[str], Shelf]) -> Callable[[], Store]:
    """What opens the store, cheap to call in every pass; it raises `BadInput` and `WorldError`s.

    `shelf` gives the file on the state branch of an environment repository, by that one's name.
    """
    known: list[Callable[[], Store]] = []

    def open_store() -> Store:
        if not known:
            known.append(_opener(settings, shelf))
        return known[0]()

    return open_store


def _opener(settings: Settings, shelf: Callable[[str], Shelf]) -> Callable[[], Store]:
    match settings.database:
        case None:
            from imagebot.store.database import SqlDatabase
            from imagebot.store.sql import database_store

            return database_store(SqlDatabase.sqlite(settings.state / DATABASE_FILE))
        case PostgresDatabase(url):
            from imagebot.store.database import SqlDatabase
            from imagebot.store.sql import database_store

            return database_store(SqlDatabase.postgresql(url))
        case StateBranch(repository):
            from imagebot.store.branch import branch_store

            return branch_store(lambda: shelf(repository))
        case _:
            assert_never(settings.database)


def is_behind(settings: Settings) -> bool:
    """Whether the tables are those of another imagebot, which the next pass brings up to date; asked for by `doctor`.

    Raises `BadInput` and `Unavailable`.
    """
    from imagebot.store.database import SqlDatabase

    match settings.database:
        case None:
            return SqlDatabase.unchanged(settings.state / DATABASE_FILE).is_behind
        case PostgresDatabase(url):
            return SqlDatabase.postgresql(url).is_behind
        case _:
            return False


def as_it_lies(settings: Settings, because: ImagebotError) -> Store:
    """What can be read of a store that cannot be opened, for a pass that keeps nothing. Raises `because` if nothing."""
    from imagebot.store.database import SqlDatabase
    from imagebot.store.sql import SqlStore
    from imagebot.store.unsaved import Unsaved, nothing

    known: Store
    file = settings.state / DATABASE_FILE
    match settings.database:
        case None:
            known = SqlStore(SqlDatabase.unchanged(file)) if file.exists() and file.stat().st_size else nothing()
        case PostgresDatabase(url):
            known = SqlStore(SqlDatabase.postgresql(url))
        case _:
            raise because
    try:
        known.holds()
    except ImagebotError:
        raise because from None
    return Unsaved(known, because)
