"""Brings a database to the tables that this imagebot needs; the only user of Alembic, and it runs only when needed."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, NullPool, create_engine, event, exc, insert

from imagebot.errors import BadInput
from imagebot.store.driver import Driver
from imagebot.store.revision import CACHES
from imagebot.store.tables import PASSING, caches

SCRIPTS = Path(__file__).parent / "migrations"


def configuration() -> Config:
    """Where Alembic finds the steps."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def migrate(driver: Driver) -> None:
    """Run every step that is missing, in one transaction, and make the caches anew.

    Raises `BadInput` where the database is that of a newer imagebot, and the driver's own errors.
    """
    try:
        with engine(driver).begin() as connection:
            _migrate(connection)
    except exc.DBAPIError as error:
        raise (error.orig or error) from None


def engine(driver: Driver) -> Engine:
    """The same database as SQLAlchemy has it, for one transaction at a time."""
    found = create_engine(driver.dialect.url, poolclass=NullPool, creator=driver.connect)
    # https://docs.sqlalchemy.org/en/21/dialects/sqlite.html: the driver's own BEGIN comes too late for DDL.
    event.listen(found, "begin", lambda begun: begun.exec_driver_sql(driver.dialect.migrating))
    return found


def _migrate(connection: Connection) -> None:
    config = configuration()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        if "locate revision" not in str(error):
            raise
        raise BadInput(
            "the database was last used by a newer imagebot, whose tables this one does not know; run that one"
        ) from None
    PASSING.drop_all(connection)
    PASSING.create_all(connection)
    connection.execute(insert(caches).values(version=CACHES))
