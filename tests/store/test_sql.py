from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from imagebot.store.database import SqlDatabase
from imagebot.store.sql import database_store
from tests.support.killed_store import START

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("enough", [1, 20, 57])
def test_what_the_store_has_said_survives_a_kill(tmp_path: Path, enough: int) -> None:
    """Each time that it has told is read back as told; what it was killed in the middle of is there or is not."""
    file = tmp_path / "state" / "state.db"
    command = [sys.executable, "-m", "tests.support.killed_store", str(file)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) == enough:
                process.send_signal(signal.SIGKILL)
                break
        told = [enough, *map(int, process.stdout)]
    assert process.returncode == -signal.SIGKILL
    store = database_store(SqlDatabase.sqlite(file))()
    digests = [f"sha256:{number:064x}" for number in range(max(told) + 1)]
    seen = store.first_seen("r.test/app", digests, START + timedelta(days=1))
    assert seen == {digest: START + timedelta(seconds=number) for number, digest in enumerate(digests)}


def test_a_commit_is_on_the_disk_before_it_is_done(tmp_path: Path) -> None:
    """No test pulls the plug; this is the setting that outlives it (https://www.sqlite.org/pragma.html)."""
    database = SqlDatabase.sqlite(tmp_path / "state.db")
    database.open()
    with database.reading() as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"


def test_many_processes_open_a_new_store_at_once(tmp_path: Path) -> None:
    """Once, SQLite said "database is locked" to whoever came second, while the first made it a write-ahead log."""
    script = (
        "import sys; from pathlib import Path; from imagebot.store.database import SqlDatabase\n"
        "print('ready', flush=True); sys.stdin.read(); SqlDatabase.sqlite(Path(sys.argv[1])).open()"
    )
    starters = [
        subprocess.Popen(
            [sys.executable, "-c", script, tmp_path / "s" / "state.db"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(6)
    ]
    for process in starters:
        assert process.stdout is not None
        process.stdout.readline()
    for process in starters:
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
    assert [process.communicate()[1] for process in starters] == [b""] * 6


def test_a_store_that_is_deleted_under_a_running_bot_is_made_anew(tmp_path: Path) -> None:
    """State lost: every clock starts again, and nothing is soaked sooner for it."""
    open_store = database_store(SqlDatabase.sqlite(tmp_path / "state.db"))
    open_store().first_seen("r.test/app", ["sha256:1"], START)
    for file in tmp_path.iterdir():
        file.unlink()
    later = START + timedelta(days=2)
    assert open_store().first_seen("r.test/app", ["sha256:1"], later) == {"sha256:1": later}


def test_readers_do_not_wait_for_a_writer(tmp_path: Path) -> None:
    database = SqlDatabase.sqlite(tmp_path / "state.db")
    open_store = database_store(database)
    open_store()
    with database.writing() as connection:
        connection.execute(text("DELETE FROM imagebot_hold"))
        assert open_store().holds() == ()


def opened_in(folder: Path) -> list[str]:
    """The files that this process has open in a folder."""
    links = [entry.readlink() for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
    return sorted(link.name for link in links if link.parent == folder)


def test_a_pass_asks_over_one_connection_which_it_closes(tmp_path: Path) -> None:
    database = SqlDatabase.sqlite(tmp_path / "state.db")
    store = database_store(database)()
    with store.kept():
        store.first_seen("r.test/app", ["sha256:1"], START)
        first = opened_in(tmp_path)
        for number in range(20):
            store.recall("about", {"x": str(number)})
            assert store.recalled("about", ["x"]) == {"x": str(number)}
        assert opened_in(tmp_path) == first != []
    assert opened_in(tmp_path) == []
    assert not (tmp_path / "state.db-wal").exists(), "the last one to close it leaves no log behind"


def test_who_asks_beside_another_is_answered_in_a_pass_too(tmp_path: Path) -> None:
    database = SqlDatabase.sqlite(tmp_path / "state.db")
    store = database_store(database)()
    with store.kept(), ThreadPoolExecutor(8) as pool:
        seen = pool.map(lambda number: store.first_seen("r.test/app", [f"sha256:{number}"], START), range(80))
        assert [next(iter(each.values())) for each in seen] == [START] * 80
        with database.writing() as connection:
            connection.execute(text("DELETE FROM imagebot_first_seen"))
            assert len(store.seen("r.test/app", ["sha256:1"], START)) == 1
    assert store.seen("r.test/app", ["sha256:1"], START) == {}


def test_a_pass_that_is_ended_closes_its_connection(tmp_path: Path) -> None:
    database = SqlDatabase.sqlite(tmp_path / "state.db")
    store = database_store(database)()

    def end_early() -> None:
        with store.kept():
            store.first_seen("r.test/app", ["sha256:1"], START)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        end_early()
    assert opened_in(tmp_path) == []
    assert store.seen("r.test/app", ["sha256:1"], START) == {"sha256:1": START}


def test_writers_wait_for_each_other(tmp_path: Path) -> None:
    """One that reads before it writes would be failed at once, had it not said before that it will write."""
    open_store = database_store(SqlDatabase.sqlite(tmp_path / "state.db"))
    open_store()

    def see(number: int) -> datetime:
        (at,) = open_store().first_seen("r.test/app", [f"sha256:{number}"], START).values()
        return at

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(see, range(80))) == {START}


def test_a_database_may_be_shared_with_others(tmp_path: Path) -> None:
    """Every table says whose it is."""
    database = SqlDatabase.sqlite(tmp_path / "state.db")
    database.open()
    engine = create_engine(f"sqlite:///{tmp_path / 'state.db'}")
    with engine.connect() as connection:
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
    engine.dispose()
    assert names
    assert [name for name in names if not name.startswith("imagebot_")] == []
