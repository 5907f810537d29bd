from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from imagebot.errors import BadInput
from imagebot.secret import Secret
from imagebot.store.database import SqlDatabase
from imagebot.store.migrate import configuration
from imagebot.store.sql import database_store
from imagebot.store.tables import LASTING, PASSING, REVISION, REVISION_TABLE

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlDatabase]:
    if request.param == "sqlite":
        database = SqlDatabase.sqlite(tmp_path / "state.db")
    else:
        database = SqlDatabase.postgresql(Secret(request.getfixturevalue("postgresql_url")))
    yield database
    database.close()


def test_the_newest_revision_is_the_one_that_the_tables_name() -> None:
    scripts = ScriptDirectory.from_config(configuration())
    assert scripts.get_heads() == [REVISION]


def test_the_steps_lead_to_the_tables(database: SqlDatabase) -> None:
    database.open()
    with database.reading() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "version_table": REVISION_TABLE,
                "include_name": lambda name, kind, _: kind != "table" or name not in PASSING.tables,
            },
        )
        assert compare_metadata(context, LASTING) == []


def test_caches_of_another_imagebot_are_dropped_and_nothing_else(database: SqlDatabase) -> None:
    open_store = database_store(database)
    store = open_store()
    store.first_seen("r.test/app", ["sha256:1"], NOON)
    store.recall("created", {"sha256:1": "2026-01-01"})
    with database.writing() as connection:
        connection.execute(text("UPDATE imagebot_caches SET version = 0"))
        connection.execute(text("ALTER TABLE imagebot_recalled ADD COLUMN old TEXT"))
    store = open_store()
    assert store.recalled("created", ["sha256:1"]) == {}
    assert store.first_seen("r.test/app", ["sha256:1"], NOON.replace(day=2)) == {"sha256:1": NOON}


def test_the_database_of_a_newer_imagebot_is_left_alone(database: SqlDatabase) -> None:
    database.open()
    with database.writing() as connection:
        connection.execute(text(f"UPDATE {REVISION_TABLE} SET version_num = '9999'"))
    with pytest.raises(BadInput, match="was last used by a newer imagebot"):
        database.open()
    with database.reading() as connection:
        assert connection.execute(text(f"SELECT version_num FROM {REVISION_TABLE}")).scalar() == "9999"


def test_a_migration_that_fails_leaves_nothing(database: SqlDatabase) -> None:
    """All steps are one transaction."""
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE imagebot_hold (mine INTEGER)"))
    with pytest.raises(BadInput, match="imagebot_hold"):
        database.open()
    with database.writing() as connection:
        connection.execute(text("DROP TABLE imagebot_hold"))
    database.open()
