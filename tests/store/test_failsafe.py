"""What cannot be kept is kept for the pass, and noted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from imagebot.errors import BadInput, ImagebotError, Unavailable
from imagebot.selection.hand_holds import HandHold
from imagebot.store.database import SqlDatabase
from imagebot.store.failsafe import Failsafe
from imagebot.store.protocol import standing
from imagebot.store.sql import SqlStore, database_store
from imagebot.store.unsaved import Unsaved

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=1)
HOLD = HandHold("shop", "production", "1.4.3", "ada", NOON, "breaks the till")
WHY = Unavailable("the disk is full")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A database with a digest that was seen at noon, a hold and an answer."""
    file = tmp_path / "state.db"
    database = SqlDatabase.sqlite(file)
    store = database_store(database)()
    store.first_seen("r.test/app", ["sha256:1", standing("1.0", "sha256:1")], NOON)
    store.hold(HOLD)
    store.recall("about", {"x": "old", "y": "y"})
    database.close()
    return file


def test_what_may_be_forgotten_stops_nothing_where_it_cannot_be_kept(file: Path) -> None:
    store = Failsafe(SqlStore(SqlDatabase.unchanged(file)))
    store.recall("about", {"x": "new"})
    store.judged([])
    store.save()

    assert store.recalled("about", ["x", "y", "z"]) == {"x": "new", "y": "y"}
    assert "readonly" in str(store.because)


def test_what_must_survive_is_an_error_where_it_cannot_be_kept(file: Path) -> None:
    store = Failsafe(SqlStore(SqlDatabase.unchanged(file)))
    with pytest.raises(BadInput, match="make the file and its folder writable"):
        store.first_seen("r.test/app", ["sha256:2"], LATER)
    assert store.because is None


def test_as_it_lies_everything_is_known_and_nothing_is_written(file: Path) -> None:
    before = file.read_bytes()
    store = Unsaved(SqlStore(SqlDatabase.unchanged(file)), WHY)

    assert store.holds() == (HOLD,)
    assert store.first_seen("r.test/app", ["sha256:1", "sha256:2"], LATER) == {"sha256:1": NOON, "sha256:2": LATER}
    assert store.unbroken("r.test/app", "1.0", "sha256:1", LATER) == NOON
    assert store.unbroken("r.test/app", "1.0", "sha256:3", LATER) == LATER
    store.forget("r.test/app", ["sha256:1"])
    assert store.seen("r.test/app", ["sha256:1"], LATER) == {}
    assert store.first_seen("r.test/app", ["sha256:1"], LATER) == {"sha256:1": LATER}
    store.recall("about", {"x": "new"})
    assert store.recalled("about", ["x", "y"]) == {"x": "new", "y": "y"}
    with pytest.raises(ImagebotError, match="the disk is full"):
        store.hold(HOLD)
    assert file.read_bytes() == before


def test_a_database_that_was_not_closed_is_not_taken_for_all_there_is(file: Path) -> None:
    file.with_name("state.db-wal").write_bytes(b"committed last")
    with pytest.raises(Unavailable, match="was not closed"):
        SqlDatabase.unchanged(file)
