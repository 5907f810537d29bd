"""Brings a database to the tables that this imagebot needs; the only user of Alembic, and it runs only when needed."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, insert

from imagebot.errors import BadInput
from imagebot.store.tables import CACHES, PASSING, caches

SCRIPTS = Path(__file__).parent / "migrations"


def configuration() -> Config:
    """Where Alembic finds the steps."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def migrate(connection: Connection) -> None:
    """Run every step that is missing, in the transaction of `connection`, and make the caches anew.

    Raises `BadInput` where the database is that of a newer imagebot.
    """
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
