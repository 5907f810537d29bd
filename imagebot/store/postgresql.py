"""PostgreSQL: a server by its URL, and what its failures mean."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from sqlalchemy import create_engine, exc, make_url
from sqlalchemy.engine import URL

from imagebot.errors import BadInput, ImagebotError, Unavailable
from imagebot.secret import SecretSource
from imagebot.store.driver import SqlDialect

_PATIENCE = 20  # seconds for another's transaction to end; none of ours takes one
_MIGRATING = 0x1_6A6E_B07  # the key of PostgreSQL's advisory lock: any number that is nobody else's
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_ADVICE = (
    ("25006", "it takes no writes, as a standby does: name the primary"),
    ("28", "check the user and the password in its URL"),
    ("3D000", "create it: `createdb`"),
    ("42501", "give the role the right to create tables in its schema, and its own tables"),
    ("53100", "make room on its disk"),
    ("53300", "give the role more connections"),
    ("57", "the next pass tries again"),
)
_NO_TABLE = "42P01"


class PostgresServer:
    """A server that is there already."""

    dialect = SqlDialect("%s", " FOR UPDATE", "postgresql+psycopg://", f"SELECT pg_advisory_xact_lock({_MIGRATING})")
    anew = "drop the table imagebot_revision, too"

    def __init__(self, psycopg: Any, name: str, words: Mapping[str, object]) -> None:
        self.name = name
        self.errors: type[Exception] = psycopg.Error
        self._psycopg = psycopg
        self._words = words

    @classmethod
    def at(cls, url: SecretSource) -> PostgresServer:
        """By a URL, which may hold a password. Raises `BadInput` for any other URL, or without a driver."""
        try:
            parsed = make_url(url.reveal())
        except (exc.ArgumentError, ValueError):
            parsed = None
        if parsed is None or parsed.drivername not in {"postgresql", "postgres"} or not parsed.database:
            raise BadInput("`database` wants a URL such as postgresql://imagebot@db.example.com/imagebot")
        parsed = parsed.set(drivername="postgresql+psycopg")
        try:
            dialect = create_engine(parsed).dialect
        except ModuleNotFoundError:
            raise BadInput("`database` wants PostgreSQL's driver: install `imagebot[postgresql]`") from None
        _, words = dialect.create_connect_args(parsed)
        bounds = f"-c statement_timeout={_PATIENCE}s -c lock_timeout={_PATIENCE}s -c timezone=UTC"
        ours = {"connect_timeout": _PATIENCE, "options": bounds, "application_name": "imagebot"}
        shown = URL.create("postgresql", parsed.username, None, parsed.host, parsed.port, parsed.database)
        return cls(dialect.import_dbapi(), shown.render_as_string(), {**words, **ours})

    def connect(self) -> Any:
        return self._psycopg.connect(**self._words)

    def begin(self, connection: object, *, writes: bool) -> None:
        """The driver begins by itself."""

    def alone(self) -> AbstractContextManager[None]:
        """Who makes tables takes the server's own lock."""
        return nullcontext()

    def lacks_table(self, error: Exception) -> bool:
        return getattr(error, "sqlstate", None) == _NO_TABLE

    def failure(self, error: Exception, said: str) -> ImagebotError:
        state = str(getattr(error, "sqlstate", None) or "")
        advice = next((f"; {each}" for begin, each in _ADVICE if state.startswith(begin) and state), "")
        if isinstance(error, (self._psycopg.OperationalError, self._psycopg.InterfaceError)):
            what = "cannot be used now" if state else "cannot be reached"
            return Unavailable(f"the database {self.name} {what}: {said}{advice}")
        return BadInput(f"the database {self.name} refuses: {said}{advice}")
