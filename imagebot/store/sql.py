"""A store in a database: SQLite beside the mirrors, or PostgreSQL. Every method is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, bindparam, delete, func, select, update
from sqlalchemy.dialects import sqlite

from imagebot.selection.hand_holds import HandHold, Place, in_order
from imagebot.store.ages import Clock, tick, told
from imagebot.store.database import SqlDatabase
from imagebot.store.protocol import LastVerdict, broken, standing
from imagebot.store.tables import clock, first_seen, holds, recalled, verdicts

_AT_ONCE = 5000  # bound values in a statement: SQLite takes 32 766, PostgreSQL 65 535


class SqlStore:
    """What one database remembers; good for any number of passes, and for several processes at once."""

    def __init__(self, database: SqlDatabase) -> None:
        self._database = database

    def first_seen(self, image: str, digests: Collection[str], now: datetime) -> Mapping[str, datetime]:
        with self._database.reading() as connection:
            known = _known(connection, image, digests)
            time = _clock(connection)
        if len(known) < len(set(digests)) or tick(time, now) != time:
            with self._database.writing() as connection:
                known = _see(connection, image, digests, now)
        return {digest: told(at, now) for digest, at in known.items()}

    def seen(self, image: str, keys: Collection[str], now: datetime) -> Mapping[str, datetime]:
        with self._database.reading() as connection:
            return {key: told(at, now) for key, at in _known(connection, image, keys).items()}

    def unbroken(self, image: str, tag: str, digest: str, now: datetime) -> datetime:
        key = standing(tag, digest)
        with self._database.reading() as connection:
            known, time = _standing(connection, image, tag), _clock(connection)
        if [*known] == [key] and tick(time, now) == time:
            return told(known[key], now)
        if [*known] != [key]:
            with self._database.writing() as connection:
                _stand(connection, image, tag, digest, now)
        return self.first_seen(image, [key], now)[key]

    def moved(self, image: str, tag: str, digest: str) -> None:
        with self._database.reading() as connection:
            known = _standing(connection, image, tag)
        self.forget(image, broken(known, tag, digest))

    def forget(self, image: str, keys: Collection[str]) -> None:
        if keys:
            with self._database.writing() as connection:
                _forget(connection, image, keys)

    def holds(self) -> tuple[HandHold, ...]:
        with self._database.reading() as connection:
            return in_order(_held(connection, select(holds)))

    def hold(self, hold: HandHold) -> HandHold:
        row = asdict(hold) | {"version": hold.version or ""}
        with self._database.writing() as connection:
            _add(connection, holds, [row])
            (in_force,) = _held(connection, select(holds).where(_at(hold.place)))
            return in_force

    def unhold(self, place: Place) -> HandHold | None:
        with self._database.writing() as connection:
            found = _held(connection, select(holds).where(_at(place)))
            connection.execute(delete(holds).where(_at(place)))
            return found[0] if found else None

    def recalled(self, kind: str, keys: Collection[str]) -> Mapping[str, str]:
        found: dict[str, str] = {}
        with self._database.reading() as connection:
            for some in _batches(keys):
                asked = select(recalled.c.key, recalled.c.value)
                rows = connection.execute(asked.where(recalled.c.kind == kind, recalled.c.key.in_(some)))
                found |= {row.key: row.value for row in rows}
        return found

    def recall(self, kind: str, values: Mapping[str, str]) -> None:
        if not values:
            return
        rows = [{"kind": kind, "key": key, "value": value} for key, value in values.items()]
        with self._database.writing() as connection:
            fresh = _insert(connection, recalled)
            newer = fresh.on_conflict_do_update(index_elements=["kind", "key"], set_={"value": fresh.excluded.value})
            connection.execute(newer, rows)

    def last_verdicts(self) -> tuple[LastVerdict, ...]:
        with self._database.reading() as connection:
            found = [LastVerdict(**row) for row in connection.execute(select(verdicts)).mappings()]
        # Not sorted by the database: PostgreSQL would do it by its locale.
        return tuple(sorted(found, key=lambda verdict: (verdict.app, verdict.environment, verdict.image)))

    def judged(self, judged: Sequence[LastVerdict]) -> None:
        if not judged:
            return
        of_policy = delete(verdicts).where(verdicts.c.app == bindparam("a"), verdicts.c.environment == bindparam("e"))
        policies = sorted({(verdict.app, verdict.environment) for verdict in judged})
        with self._database.writing() as connection:
            connection.execute(of_policy, [{"a": app, "e": environment} for app, environment in policies])
            _add(connection, verdicts, [asdict(verdict) for verdict in judged])

    def kept(self) -> AbstractContextManager[None]:
        return self._database.kept()

    def save(self) -> None:
        """Nothing is left to do: each call above was safe when it returned."""


def database_store(database: SqlDatabase) -> Callable[[], SqlStore]:
    """What opens the store in `database`; each time, its tables are looked after."""

    def open_store() -> SqlStore:
        database.open()
        return SqlStore(database)

    return open_store


def _known(connection: Connection, image: str, digests: Collection[str]) -> dict[str, datetime]:
    known: dict[str, datetime] = {}
    for some in _batches(digests):
        asked = select(first_seen.c.digest, first_seen.c.at)
        rows = connection.execute(asked.where(first_seen.c.image == image, first_seen.c.digest.in_(some)))
        known |= {row.digest: row.at for row in rows}
    return known


def _see(connection: Connection, image: str, digests: Collection[str], now: datetime) -> dict[str, datetime]:
    before = _clock(connection, lock=True)
    after = tick(before, now)
    if before is None:
        _add(connection, clock, [{"id": 1, "latest": after.latest, "behind_since": None}])
    else:
        connection.execute(update(clock).values(latest=after.latest, behind_since=after.behind_since))
        if after.latest < before.latest:
            connection.execute(update(first_seen).where(first_seen.c.at > now).values(at=now))
    _add(connection, first_seen, [{"image": image, "digest": digest, "at": after.latest} for digest in sorted(digests)])
    return _known(connection, image, digests)


def _standing(connection: Connection, image: str, tag: str) -> dict[str, datetime]:
    """Every digest that a tag is known to stand for: more than one where two have written at one time."""
    asked = select(first_seen.c.digest, first_seen.c.at).where(first_seen.c.image == image)
    begin = standing(tag, "")
    # No LIKE: that of SQLite takes capitals for small letters.
    rows = connection.execute(asked.where(func.substr(first_seen.c.digest, 1, len(begin)) == begin))
    return {row.digest: row.at for row in rows}


def _stand(connection: Connection, image: str, tag: str, digest: str, now: datetime) -> None:
    known = _standing(connection, image, tag)
    before = {} if known else _known(connection, image, [digest])
    _forget(connection, image, {*known, *broken(known, tag, digest)})
    rows = [{"image": image, "digest": standing(tag, digest), "at": at} for at in before.values()]
    _add(connection, first_seen, rows)
    _see(connection, image, [standing(tag, digest)], now)


def _forget(connection: Connection, image: str, keys: Collection[str]) -> None:
    for some in _batches(keys):
        connection.execute(delete(first_seen).where(first_seen.c.image == image, first_seen.c.digest.in_(some)))


def _clock(connection: Connection, *, lock: bool = False) -> Clock | None:
    asked = select(clock.c.latest, clock.c.behind_since)
    row = connection.execute(asked.with_for_update() if lock else asked).one_or_none()
    return None if row is None else Clock(row.latest, row.behind_since)


def _at(place: Place) -> ColumnElement[bool]:
    app, environment, version = place
    return and_(holds.c.app == app, holds.c.environment == environment, holds.c.version == (version or ""))


def _held(connection: Connection, asked: Select[Any]) -> list[HandHold]:
    rows = connection.execute(asked).mappings()
    return [HandHold(**{**row, "version": row["version"] or None}) for row in rows]


def _insert(connection: Connection, table: Table) -> Any:
    """An insert that knows ON CONFLICT: both databases have it, and SQLAlchemy only in the words of each."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)


def _add(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows that are not there yet."""
    if rows:
        connection.execute(_insert(connection, table).on_conflict_do_nothing(), rows)


def _batches(keys: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(sorted(set(keys)))
    while some := list(islice(rest, _AT_ONCE)):
        yield some
