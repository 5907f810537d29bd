from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from imagebot.errors import BadInput
from imagebot.secret import Secret
from imagebot.store.database import SqlDatabase
from imagebot.store.driver import Driver
from imagebot.store.migrate import configuration, engine
from imagebot.store.postgresql import PostgresServer
from imagebot.store.revision import REVISION, REVISION_TABLE
from imagebot.store.sql import database_store
from imagebot.store.sqlite import SqliteFile
from imagebot.store.tables import LASTING, PASSING

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def driver(request: pytest.FixtureRequest, tmp_path: Path) -> Driver:
    if request.param == "sqlite":
        return SqliteFile(tmp_path / "state.db")
    return PostgresServer.at(Secret(request.getfixturevalue("postgresql_url")))


@pytest.fixture
def database(driver: Driver) -> SqlDatabase:
    return SqlDatabase(driver)


def test_the_newest_revision_is_the_one_that_the_tables_name() -> None:
    scripts = ScriptDirectory.from_config(configuration())
    assert scripts.get_heads() == [REVISION]


def test_the_steps_lead_to_the_tables(database: SqlDatabase, driver: Driver) -> None:
    database.open()
    with engine(driver).connect() as connection:
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
        connection.run("UPDATE imagebot_caches SET version = 0")
        connection.run("ALTER TABLE imagebot_recalled ADD COLUMN old TEXT")
    store = open_store()
    assert store.recalled("created", ["sha256:1"]) == {}
    assert store.first_seen("r.test/app", ["sha256:1"], NOON.replace(day=2)) == {"sha256:1": NOON}


def test_the_database_of_a_newer_imagebot_is_left_alone(database: SqlDatabase) -> None:
    database.open()
    with database.writing() as connection:
        connection.run(f"UPDATE {REVISION_TABLE} SET version_num = '9999'")
    with pytest.raises(BadInput, match="was last used by a newer imagebot"):
        database.open()
    with database.reading() as connection:
        assert connection.rows(f"SELECT version_num FROM {REVISION_TABLE}") == [("9999",)]


def test_a_migration_that_fails_leaves_nothing(database: SqlDatabase) -> None:
    """All steps are one transaction."""
    with database.writing() as connection:
        connection.run("CREATE TABLE imagebot_hold (mine INTEGER)")
    with pytest.raises(BadInput, match="imagebot_hold"):
        database.open()
    with database.writing() as connection:
        connection.run("DROP TABLE imagebot_hold")
    database.open()
