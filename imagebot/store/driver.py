"""What reaches a database, whichever it is, and a transaction in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from imagebot.errors import ImagebotError

Row = tuple[Any, ...]

NEW_ONE = "then a new one is made, soak clocks start again, and holds made by hand are gone"
"""What comes of it where a person moves a database away."""


@dataclass(frozen=True, slots=True)
class SqlDialect:
    """In what databases differ, of what we say to them.

    `mark` stands for a value, `row_lock` ends a SELECT whose row is then changed; `url` is what SQLAlchemy knows the
    driver by, `migrating` the first statement of who makes tables, so that nobody else does meanwhile.
    """

    mark: str
    row_lock: str
    url: str
    migrating: str


class Driver(Protocol):
    """One database, and what reaches it."""

    @property
    def name(self) -> str:
        """What people know it by; no password is in it."""

    @property
    def dialect(self) -> SqlDialect:
        """How it is spoken to."""

    @property
    def errors(self) -> type[Exception]:
        """All that the driver raises."""

    def connect(self) -> Any:
        """A new connection, by PEP 249."""

    def begin(self, connection: Any, *, writes: bool) -> None:
        """Begin a transaction, of which it is known whether it will write."""

    def alone(self) -> AbstractContextManager[None]:
        """Hold off others while tables may be made; whatever a new database needs besides is there then."""

    def lacks_table(self, error: Exception) -> bool:
        """Whether an error means that a table is not there."""

    def failure(self, error: Exception, said: str) -> ImagebotError:
        """What an error means; `said` is how the driver puts it."""

    @property
    def anew(self) -> str:
        """What to do to begin anew, in words."""


class Transaction:
    """A transaction. In statements a `?` stands for each value, and nothing else is a `?` or a `%`."""

    def __init__(self, driver: Any, dialect: SqlDialect) -> None:
        self.dialect = dialect
        self._driver = driver

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[Row]:
        """What a SELECT finds."""
        found: list[Row] = self._driver.execute(self._said(statement), values).fetchall()
        return found

    def run(self, statement: str, values: Sequence[object] = ()) -> None:
        """Carry out a statement."""
        self._driver.execute(self._said(statement), values)

    def run_each(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Carry it out for each row of values."""
        self._driver.cursor().executemany(self._said(statement), list(rows))

    def _said(self, statement: str) -> str:
        return statement.replace("?", self.dialect.mark)
