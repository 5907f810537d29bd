"""The tables, for every database. What must survive changes by migrations only; caches are dropped and made anew."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import BigInteger, Boolean, Column, Dialect, Integer, MetaData, Table, Text, TypeDecorator

REVISION = "0001"
"""The newest migration: what a database must be at. A test holds it against the folder of migrations."""

CACHES = 1
"""Raise it when a table of `PASSING`, or what is written into one, changes: the old ones are dropped."""

REVISION_TABLE = "imagebot_revision"


class Moment(TypeDecorator[datetime]):
    """Seconds since 1970: SQLite has no time with a zone, and whole seconds compare alike everywhere."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else int(value.timestamp())

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromtimestamp(value, UTC)


LASTING = MetaData()
PASSING = MetaData()

first_seen = Table(
    "imagebot_first_seen",
    LASTING,
    Column("image", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("at", Moment, nullable=False),
)
clock = Table(
    "imagebot_clock",
    LASTING,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("latest", Moment, nullable=False),
    Column("behind_since", Moment),
)
# A hold of every version has an empty one: no tag is empty, and no primary key may be NULL.
holds = Table(
    "imagebot_hold",
    LASTING,
    Column("app", Text, primary_key=True),
    Column("environment", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("by", Text, nullable=False),
    Column("since", Moment, nullable=False),
    Column("because", Text, nullable=False),
    Column("lifts", Boolean, nullable=False),
)

caches = Table("imagebot_caches", PASSING, Column("version", Integer, primary_key=True, autoincrement=False))
recalled = Table(
    "imagebot_recalled",
    PASSING,
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
verdicts = Table(
    "imagebot_verdict",
    PASSING,
    Column("app", Text, primary_key=True),
    Column("environment", Text, primary_key=True),
    Column("image", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("tag", Text),
    Column("until", Moment),
    Column("because", Text, nullable=False),
    Column("at", Moment, nullable=False),
)
