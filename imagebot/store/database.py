"""Connections to the database: how each is opened, brought up to date, written to, and what its failures mean."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, NullPool, Pool, QueuePool, create_engine, event, exc, make_url, select, text
from sqlalchemy.engine import URL

from imagebot.errors import BadInput, ImagebotError, Unavailable, printable
from imagebot.private import FULL, make_private_file, mend
from imagebot.secret import SecretSource
from imagebot.store.lock import alone
from imagebot.store.tables import CACHES, REVISION, REVISION_TABLE, caches

_PATIENCE = 20  # seconds for another's transaction to end; none of ours takes one
_MIGRATING = 0x1_6A6E_B07  # the key of PostgreSQL's advisory lock: any number that is nobody else's
# https://www.sqlite.org/rescode.html: what another pass may find mended, and what only a person can mend.
_SQLITE_LATER = (
    ("SQLITE_BUSY", "another process has held it for long; see which (`fuser`)"),
    ("SQLITE_LOCKED", "another process has held it for long; see which (`fuser`)"),
    ("SQLITE_FULL", "make room on its disk"),
    ("SQLITE_IOERR", "make room on its disk, and see whether it is sound"),
)
_NEW_ONE = "then a new one is made, soak clocks start again, and holds made by hand are gone"
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRESQL = (
    ("25006", "it takes no writes, as a standby does: name the primary"),
    ("28", "check the user and the password in its URL"),
    ("3D000", "create it: `createdb`"),
    ("42501", "give the role the right to create tables in its schema, and its own tables"),
    ("53100", "make room on its disk"),
    ("53300", "give the role more connections"),
    ("57", "the next pass tries again"),
)
_SQLITE_BROKEN = ("SQLITE_NOTADB", "SQLITE_CORRUPT")


class SqlDatabase:
    """One database, at the tables of this imagebot from the first `open` on."""

    def __init__(self, engine: Engine, name: str, file: Path | None = None, *, keeps: bool = False) -> None:
        self._engine = engine
        self._name = name
        self._file = file
        self._keeps = keeps
        self._kept: Engine | None = None
        self._pooled: Engine | None = None

    @classmethod
    def sqlite(cls, file: Path) -> SqlDatabase:
        """A file, made if it is not there. Several processes may use it at once."""
        # No pool: whoever deletes the file while the bot runs gets a new one in the next pass.
        return cls(_sqlite(file, NullPool), str(file), file, keeps=True)

    @classmethod
    def unchanged(cls, file: Path) -> SqlDatabase:
        """The same file where nothing can be written: as it lies there. Raises `Unavailable` where that is not all.

        What a killed process had committed last is in the log beside it, and only who may write can read that.
        """
        log = _beside(file, "-wal")
        if log.exists() and log.stat().st_size:
            raise Unavailable(f"the database {file} was not closed, and cannot be read without being written")
        uri = f"file:{quote(str(file))}?mode=ro&immutable=1"
        engine = create_engine("sqlite://", poolclass=NullPool, creator=lambda: sqlite3.connect(uri, uri=True))
        return cls(engine, str(file), file)

    @classmethod
    def postgresql(cls, url: SecretSource) -> SqlDatabase:
        """A PostgreSQL server by its URL, which may hold a password.

        Raises `BadInput` for any other URL, or without a driver.
        """
        try:
            parsed = make_url(url.reveal())
        except (exc.ArgumentError, ValueError):
            parsed = None
        if parsed is None or parsed.drivername not in {"postgresql", "postgres"} or not parsed.database:
            raise BadInput("`database` wants a URL such as postgresql://imagebot@db.example.com/imagebot")
        bounds = f"-c statement_timeout={_PATIENCE}s -c lock_timeout={_PATIENCE}s -c timezone=UTC"
        try:
            engine = create_engine(
                parsed.set(drivername="postgresql+psycopg"),
                # No pool: a pass asks a few times in minutes, and a connection that idles meanwhile is one to break.
                poolclass=NullPool,
                hide_parameters=True,
                connect_args={"connect_timeout": _PATIENCE, "options": bounds, "application_name": "imagebot"},
            )
        except ModuleNotFoundError:
            raise BadInput("`database` wants PostgreSQL's driver: install `imagebot[postgresql]`") from None
        shown = URL.create("postgresql", parsed.username, None, parsed.host, parsed.port, parsed.database)
        return cls(engine, shown.render_as_string())

    def open(self) -> None:
        """Bring the tables up to date where they are not, under a lock. Raises `BadInput` and `Unavailable`."""
        # SQLite cannot wait for a lock while it turns a new file into one with a write-ahead log.
        with self._explained(), nullcontext() if self._file is None else alone(_beside(self._file, ".lock")):
            if self._file is not None:
                _make_private(self._file)
            if not self._is_ready():
                self._migrate()

    @contextmanager
    def kept(self) -> Iterator[None]:
        """In this block one connection to a file serves all who ask one after the other; it is closed at the end.

        None to a server is kept: it is asked a few times in minutes, and a connection that idles is one to break.
        """
        if self._file is None or not self._keeps:
            yield
            return
        # Who asks while another does gets a connection of his own, that is closed then.
        # Its engine lives on, which knows how each statement is said.
        self._pooled = self._pooled or _sqlite(self._file, QueuePool, pool_size=1, max_overflow=-1)
        self._kept = self._pooled
        try:
            yield
        finally:
            self._kept = None
            self._pooled.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state and writes nothing."""
        with self._explained(), self._connection() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is safe on the disk once the block has ended well."""
        with self._explained(), self._connection() as connection:
            writer = connection.execution_options(imagebot_writes=True)
            with writer.begin():
                yield writer

    @property
    def is_behind(self) -> bool:
        """Whether `open` would change tables. Raises `BadInput` and `Unavailable`."""
        with self._explained():
            return not self._is_ready()

    def _connection(self) -> Connection:
        return (self._kept or self._engine).connect()

    def close(self) -> None:
        """Let go of the connections."""
        self._engine.dispose()

    def _is_ready(self) -> bool:
        """Whether nothing must be migrated; where nothing was ever made, asking fails."""
        try:
            with self._engine.connect() as connection:
                revision = connection.execute(text(f"SELECT version_num FROM {REVISION_TABLE}")).scalar()  # noqa: S608
                return revision == REVISION and connection.execute(select(caches.c.version)).scalar() == CACHES
        except (exc.OperationalError, exc.ProgrammingError) as error:
            if _means_no_table(error):
                return False
            raise

    def _migrate(self) -> None:
        from imagebot.store.migrate import migrate

        with self.writing() as connection:
            if self._engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATING})
            migrate(connection)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except exc.DBAPIError as error:
            raise self._failure(error) from None

    def _failure(self, error: exc.DBAPIError) -> ImagebotError:
        """What a driver's error means. Its words hold no password: libpq leaves it out, and so does SQLite."""
        said = printable(str(error.orig).strip().partition("\n")[0])
        if _means_no_table(error):
            return BadInput(f"the database {self._name} lacks tables that it had ({said}); {self._begin_anew()}")
        if isinstance(error.orig, sqlite3.Error):
            return self._sqlite_failure(getattr(error.orig, "sqlite_errorname", ""), said)
        state = str(getattr(error.orig, "sqlstate", None) or "")
        advice = next((f"; {each}" for begin, each in _POSTGRESQL if state.startswith(begin) and state), "")
        if isinstance(error, exc.OperationalError) or error.connection_invalidated:
            what = "cannot be used now" if state else "cannot be reached"
            return Unavailable(f"the database {self._name} {what}: {said}{advice}")
        return BadInput(f"the database {self._name} refuses: {said}{advice}")

    def _sqlite_failure(self, code: str, said: str) -> ImagebotError:
        advice = next((each for begin, each in _SQLITE_LATER if code.startswith(begin)), None)
        if advice is not None:
            return Unavailable(f"the database {self._name} cannot be used now: {said}; {advice}")
        mend = "make the file and its folder writable, or set another `state`"
        if code.startswith(_SQLITE_BROKEN):
            mend = f"move it away: {_NEW_ONE}"
        return BadInput(f"the database {self._name} cannot be used: {said}; {mend}")

    def _begin_anew(self) -> str:
        what = "drop the table imagebot_revision, too" if self._file is None else "restore it, or move it away"
        return f"{what}: {_NEW_ONE}"


def _sqlite(file: Path, pool: type[Pool], **how: Any) -> Engine:
    url = URL.create("sqlite", database=str(file))
    engine = create_engine(url, poolclass=pool, connect_args={"timeout": _PATIENCE}, **how)
    event.listen(engine, "connect", _ready_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


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


def _means_no_table(error: exc.DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", None) == "42P01" or "no such table" in str(error.orig)


def _ready_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    """https://docs.sqlalchemy.org/en/21/dialects/sqlite.html: the driver's own BEGIN comes too late for DDL."""
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode=WAL")
    # FULL: what was committed survives the machine, too; NORMAL would lose the last transactions with it.
    connection.execute("PRAGMA synchronous=FULL")


def _begin_sqlite(connection: Connection) -> None:
    """A writer that began as a reader could not wait for another writer: SQLite fails it at once."""
    writes = connection.get_execution_options().get("imagebot_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
