"""SQLite: a file beside the mirrors, and what its failures mean."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from imagebot.errors import BadInput, ImagebotError, Unavailable
from imagebot.private import FULL, make_private_file, mend
from imagebot.store.driver import NEW_ONE, SqlDialect
from imagebot.store.lock import alone

_PATIENCE = 20  # seconds for another's transaction to end; none of ours takes one
# https://www.sqlite.org/rescode.html: what another pass may find mended, and what only a person can mend.
_LATER = (
    ("SQLITE_BUSY", "another process has held it for long; see which (`fuser`)"),
    ("SQLITE_LOCKED", "another process has held it for long; see which (`fuser`)"),
    ("SQLITE_FULL", "make room on its disk"),
    ("SQLITE_IOERR", "make room on its disk, and see whether it is sound"),
)
_BROKEN = ("SQLITE_NOTADB", "SQLITE_CORRUPT")


class SqliteFile:
    """A file, made if it is not there. Several processes may use it at once."""

    dialect = SqlDialect("?", "", "sqlite://", "BEGIN IMMEDIATE")
    errors = sqlite3.Error
    anew = "restore it, or move it away"

    def __init__(self, file: Path) -> None:
        self.name = str(file)
        self._file = file

    def connect(self) -> sqlite3.Connection:
        # Without a level of isolation the driver begins nothing by itself.
        connection = sqlite3.connect(self._file, timeout=_PATIENCE, isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        # FULL: what was committed survives the machine, too; NORMAL would lose the last transactions with it.
        connection.execute("PRAGMA synchronous=FULL")
        return connection

    def begin(self, connection: sqlite3.Connection, *, writes: bool) -> None:
        """A writer that began as a reader could not wait for another writer: SQLite fails it at once."""
        connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """SQLite cannot wait for a lock while it turns a new file into one with a write-ahead log."""
        with alone(_beside(self._file, ".lock")):
            _make_private(self._file)
            yield

    def lacks_table(self, error: Exception) -> bool:
        return "no such table" in str(error)

    def failure(self, error: Exception, said: str) -> ImagebotError:
        code = getattr(error, "sqlite_errorname", "")
        advice = next((each for begin, each in _LATER if code.startswith(begin)), None)
        if advice is not None:
            return Unavailable(f"the database {self.name} cannot be used now: {said}; {advice}")
        mend = "make the file and its folder writable, or set another `state`"
        if code.startswith(_BROKEN):
            mend = f"move it away: {NEW_ONE}"
        return BadInput(f"the database {self.name} cannot be used: {said}; {mend}")


class UnchangedFile(SqliteFile):
    """The same file where nothing can be written: as it lies there."""

    def __init__(self, file: Path) -> None:
        """Raises `Unavailable` where that is not all.

        What a killed process had committed last is in the log beside it, and only who may write can read that.
        """
        log = _beside(file, "-wal")
        if log.exists() and log.stat().st_size:
            raise Unavailable(f"the database {file} was not closed, and cannot be read without being written")
        super().__init__(file)

    def connect(self) -> sqlite3.Connection:
        uri = f"file:{quote(str(self._file))}?mode=ro&immutable=1"
        return sqlite3.connect(uri, uri=True, isolation_level=None)


def _make_private(file: Path) -> None:
    """SQLite gives its other files the mode of the first. Raises `BadInput`."""
    try:
        make_private_file(file)
        for ending in ("-wal", "-shm", "-journal"):
            mend(_beside(file, ending))
    except OSError as error:
        advice = "set `state` to a folder of the bot's own"
        if error.errno in FULL:
            raise Unavailable(f"cannot write {file}: {error.strerror}; make room on its disk") from None
        if error.errno in (errno.EISDIR, errno.ELOOP):
            advice = "move it away: that is no file"
        raise BadInput(f"cannot write {file}: {error.strerror}; {advice}") from None


def _beside(file: Path, ending: str) -> Path:
    return file.with_name(file.name + ending)
