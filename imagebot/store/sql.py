"""A store in a database: SQLite beside the mirrors, or PostgreSQL. Every method is one transaction.

In the words of SQL that both have, so that what reads and writes needs no library but the driver. The tables are in
`tables.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice

from imagebot.selection.hand_holds import HandHold, Place, in_order
from imagebot.store.ages import Clock, tick, told
from imagebot.store.database import SqlDatabase
from imagebot.store.driver import Row, Transaction
from imagebot.store.protocol import LastVerdict, broken, standing

_AT_ONCE = 5000  # bound values in a statement: SQLite takes 32 766, PostgreSQL 65 535
_SEEN = "image, digest, at"
_HOLD = 'app, environment, version, "by", since, because, lifts'
_AT = "app = ? AND environment = ? AND version = ?"
_VERDICT = "app, environment, image, state, tag, until, because, at"


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
            return in_order(_held(connection))

    def hold(self, hold: HandHold) -> HandHold:
        row = (*_at(hold.place), hold.by, _seconds(hold.since), hold.because, hold.lifts)
        with self._database.writing() as connection:
            _add(connection, "imagebot_hold", _HOLD, [row])
            (in_force,) = _held(connection, hold.place)
            return in_force

    def unhold(self, place: Place) -> HandHold | None:
        with self._database.writing() as connection:
            found = _held(connection, place)
            connection.run(f"DELETE FROM imagebot_hold WHERE {_AT}", _at(place))
            return found[0] if found else None

    def recalled(self, kind: str, keys: Collection[str]) -> Mapping[str, str]:
        found: dict[str, str] = {}
        with self._database.reading() as connection:
            for some in _batches(keys):
                asked = f"SELECT key, value FROM imagebot_recalled WHERE kind = ? AND key IN ({_marks(some)})"
                found |= dict(connection.rows(asked, (kind, *some)))
        return found

    def recall(self, kind: str, values: Mapping[str, str]) -> None:
        if not values:
            return
        newer = "ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value"
        with self._database.writing() as connection:
            connection.run_each(
                f"INSERT INTO imagebot_recalled (kind, key, value) VALUES (?, ?, ?) {newer}",
                [(kind, key, value) for key, value in values.items()],
            )

    def last_verdicts(self) -> tuple[LastVerdict, ...]:
        with self._database.reading() as connection:
            rows = connection.rows(f"SELECT {_VERDICT} FROM imagebot_verdict")
        found = [
            LastVerdict(app, environment, image, state, tag, _moment(until), because, _time(at))
            for app, environment, image, state, tag, until, because, at in rows
        ]
        # Not sorted by the database: PostgreSQL would do it by its locale.
        return tuple(sorted(found, key=lambda verdict: (verdict.app, verdict.environment, verdict.image)))

    def judged(self, judged: Sequence[LastVerdict]) -> None:
        if not judged:
            return
        policies = sorted({(verdict.app, verdict.environment) for verdict in judged})
        with self._database.writing() as connection:
            connection.run_each("DELETE FROM imagebot_verdict WHERE app = ? AND environment = ?", policies)
            _add(connection, "imagebot_verdict", _VERDICT, [_verdict(verdict) for verdict in judged])

    def save(self) -> None:
        """Nothing is left to do: each call above was safe when it returned."""


def database_store(database: SqlDatabase) -> Callable[[], SqlStore]:
    """What opens the store in `database`; each time, its tables are looked after."""

    def open_store() -> SqlStore:
        database.open()
        return SqlStore(database)

    return open_store


def _known(connection: Transaction, image: str, digests: Collection[str]) -> dict[str, datetime]:
    known: dict[str, datetime] = {}
    for some in _batches(digests):
        asked = f"SELECT digest, at FROM imagebot_first_seen WHERE image = ? AND digest IN ({_marks(some)})"
        known |= {digest: _time(at) for digest, at in connection.rows(asked, (image, *some))}
    return known


def _see(connection: Transaction, image: str, digests: Collection[str], now: datetime) -> dict[str, datetime]:
    before = _clock(connection, lock=True)
    after = tick(before, now)
    times = _seconds(after.latest), None if after.behind_since is None else _seconds(after.behind_since)
    if before is None:
        _add(connection, "imagebot_clock", "id, latest, behind_since", [(1, *times)])
    else:
        connection.run("UPDATE imagebot_clock SET latest = ?, behind_since = ?", times)
        if after.latest < before.latest:
            connection.run("UPDATE imagebot_first_seen SET at = ? WHERE at > ?", (_seconds(now), _seconds(now)))
    _add(connection, "imagebot_first_seen", _SEEN, [(image, digest, times[0]) for digest in sorted(digests)])
    return _known(connection, image, digests)


def _standing(connection: Transaction, image: str, tag: str) -> dict[str, datetime]:
    """Every digest that a tag is known to stand for: more than one where two have written at one time."""
    begin = standing(tag, "")
    asked = "SELECT digest, at FROM imagebot_first_seen WHERE image = ? AND substr(digest, 1, ?) = ?"
    return {digest: _time(at) for digest, at in connection.rows(asked, (image, len(begin), begin))}


def _stand(connection: Transaction, image: str, tag: str, digest: str, now: datetime) -> None:
    known = _standing(connection, image, tag)
    before = {} if known else _known(connection, image, [digest])
    _forget(connection, image, {*known, *broken(known, tag, digest)})
    rows = [(image, standing(tag, digest), _seconds(at)) for at in before.values()]
    _add(connection, "imagebot_first_seen", _SEEN, rows)
    _see(connection, image, [standing(tag, digest)], now)


def _forget(connection: Transaction, image: str, keys: Collection[str]) -> None:
    for some in _batches(keys):
        gone = f"DELETE FROM imagebot_first_seen WHERE image = ? AND digest IN ({_marks(some)})"
        connection.run(gone, (image, *some))


def _clock(connection: Transaction, *, lock: bool = False) -> Clock | None:
    asked = "SELECT latest, behind_since FROM imagebot_clock"
    rows = connection.rows(asked + connection.dialect.row_lock if lock else asked)
    return Clock(_time(rows[0][0]), _moment(rows[0][1])) if rows else None


def _at(place: Place) -> tuple[str, str, str]:
    """A hold of every version has an empty one."""
    app, environment, version = place
    return app, environment, version or ""


def _held(connection: Transaction, place: Place | None = None) -> list[HandHold]:
    asked = f"SELECT {_HOLD} FROM imagebot_hold"
    rows = connection.rows(asked) if place is None else connection.rows(f"{asked} WHERE {_AT}", _at(place))
    return [
        HandHold(app, environment, version or None, by, _time(since), because, bool(lifts))
        for app, environment, version, by, since, because, lifts in rows
    ]


def _verdict(verdict: LastVerdict) -> Row:
    until = None if verdict.until is None else _seconds(verdict.until)
    place = verdict.app, verdict.environment, verdict.image
    return (*place, verdict.state, verdict.tag, until, verdict.because, _seconds(verdict.at))


def _add(connection: Transaction, table: str, columns: str, rows: Sequence[Row]) -> None:
    """Insert the rows that are not there yet."""
    if rows:
        values = f"({columns}) VALUES ({_marks(rows[0])})"
        connection.run_each(f"INSERT INTO {table} {values} ON CONFLICT DO NOTHING", rows)


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _seconds(at: datetime) -> int:
    """As the tables have it: whole seconds compare alike everywhere."""
    return int(at.timestamp())


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else _time(seconds)


def _batches(keys: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(sorted(set(keys)))
    while some := list(islice(rest, _AT_ONCE)):
        yield some
