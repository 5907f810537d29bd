"""The database: brought up to date, read and written; what its failures mean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from imagebot.errors import BadInput, ImagebotError, printable
from imagebot.secret import SecretSource
from imagebot.store.driver import NEW_ONE, Driver, Transaction
from imagebot.store.revision import CACHES, REVISION, REVISION_TABLE


class SqlDatabase:
    """One database, at the tables of this imagebot from the first `open` on.

    Each transaction has a connection of its own. With SQLite, whoever deletes the file while the bot runs gets a new
    one in the next pass; a server is asked a few times in minutes, and a connection that idles is one to break.
    """

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    @classmethod
    def sqlite(cls, file: Path) -> SqlDatabase:
        """A file, made if it is not there. Several processes may use it at once."""
        from imagebot.store.sqlite import SqliteFile

        return cls(SqliteFile(file))

    @classmethod
    def unchanged(cls, file: Path) -> SqlDatabase:
        """The same file where nothing can be written: as it lies there. Raises `Unavailable` where that is not all."""
        from imagebot.store.sqlite import UnchangedFile

        return cls(UnchangedFile(file))

    @classmethod
    def postgresql(cls, url: SecretSource) -> SqlDatabase:
        """A PostgreSQL server by its URL, which may hold a password.

        Raises `BadInput` for any other URL, or without a driver.
        """
        from imagebot.store.postgresql import PostgresServer

        return cls(PostgresServer.at(url))

    def open(self) -> None:
        """Bring the tables up to date where they are not, under a lock. Raises `BadInput` and `Unavailable`."""
        with self._explained(), self._driver.alone():
            if not self._is_ready():
                from imagebot.store.migrate import migrate

                migrate(self._driver)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """A transaction that sees one state and writes nothing."""
        with self._explained(), self._transaction(writes=False) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """A transaction that is safe on the disk once the block has ended well."""
        with self._explained(), self._transaction(writes=True) as connection:
            yield connection

    @property
    def is_behind(self) -> bool:
        """Whether `open` would change tables. Raises `BadInput` and `Unavailable`."""
        with self._explained():
            return not self._is_ready()

    @contextmanager
    def _transaction(self, *, writes: bool) -> Iterator[Transaction]:
        with closing(self._driver.connect()) as connection:
            self._driver.begin(connection, writes=writes)
            yield Transaction(connection, self._driver.dialect)
            connection.commit()

    def _is_ready(self) -> bool:
        """Whether nothing must be migrated; where nothing was ever made, asking fails."""
        try:
            with self._transaction(writes=False) as connection:
                revisions = connection.rows(f"SELECT version_num FROM {REVISION_TABLE}")  # noqa: S608 a name of ours
                return revisions == [(REVISION,)] and connection.rows("SELECT version FROM imagebot_caches") == [
                    (CACHES,)
                ]
        except self._driver.errors as error:
            if self._driver.lacks_table(error):
                return False
            raise

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except self._driver.errors as error:
            raise self._failure(error) from None

    def _failure(self, error: Exception) -> ImagebotError:
        """What a driver's error means. Its words hold no password: libpq leaves it out, and so does SQLite."""
        said = printable(str(error).strip().partition("\n")[0])
        if self._driver.lacks_table(error):
            anew = f"{self._driver.anew}: {NEW_ONE}"
            return BadInput(f"the database {self._driver.name} lacks tables that it had ({said}); {anew}")
        return self._driver.failure(error, said)
