"""What the bot remembers is for the bot alone to read, whatever the umask of whoever started it."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from imagebot.errors import BadInput
from imagebot.private import make_state
from imagebot.store.database import SqlDatabase
from imagebot.store.lock import only_bot
from imagebot.store.sql import database_store
from tests.support.strangers import reachable_folder

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
OPEN = """\
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from imagebot.store.database import SqlDatabase
from imagebot.store.lock import only_bot
from imagebot.store.sql import database_store
os.umask(int(sys.argv[2], 8))
state = Path(sys.argv[1])
with only_bot(state):
    store = database_store(SqlDatabase.sqlite(state / "state.db"))()
    store.first_seen("r.test/app", ["sha256:1"], datetime(2026, 1, 1, tzinfo=UTC))
    store.save()
    os._exit(0)  # the write-ahead log stays
"""


@pytest.fixture
def reachable() -> Iterator[Path]:
    with reachable_folder() as folder:
        yield folder


def modes(state: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in [state, *state.rglob("*")]}


@pytest.mark.parametrize("umask", ["000", "022", "077"])
def test_regret_nobody_else_on_the_machine_reads_the_state(tmp_path: Path, umask: str) -> None:
    state = tmp_path / "state"
    subprocess.run([sys.executable, "-c", OPEN, str(state), umask], check=True)
    found = modes(state)
    assert found.pop("state") == 0o700
    assert {"state.db", "state.db.lock", "lock"} <= found.keys()
    assert set(found.values()) == {0o600}


def test_regret_a_state_of_an_older_imagebot_is_closed_at_its_next_use(tmp_path: Path) -> None:
    state = tmp_path / "state"
    subprocess.run([sys.executable, "-c", OPEN, str(state), "022"], check=True)
    state.chmod(0o755)
    for path in state.iterdir():
        path.chmod(0o644)
    with only_bot(state):
        store = database_store(SqlDatabase.sqlite(state / "state.db"))()
        assert store.first_seen("r.test/app", ["sha256:1"], NOON) == {"sha256:1": NOON.replace(hour=0)}
    assert modes(state).pop("state") == 0o700
    assert {mode for name, mode in modes(state).items() if name != "state"} == {0o600}


def test_regret_what_lies_beside_a_database_that_is_in_use_is_closed_too(tmp_path: Path) -> None:
    state = tmp_path / "state"
    subprocess.run([sys.executable, "-c", OPEN, str(state), "022"], check=True)
    with closing(sqlite3.connect(state / "state.db")) as user:
        user.execute("SELECT * FROM imagebot_clock").fetchall()
        for path in state.iterdir():
            path.chmod(0o644)
        SqlDatabase.sqlite(state / "state.db").open()
        found = modes(state)
    assert (found["state.db"], found["state.db-wal"], found["state.db-shm"]) == (0o600, 0o600, 0o600)


def test_regret_a_link_in_the_state_folder_does_not_lead_a_write_astray(tmp_path: Path) -> None:
    state, other = tmp_path / "state", tmp_path / "other"
    state.mkdir()
    other.write_text("precious")
    (state / "lock").symlink_to(other)
    (state / "state.db").symlink_to(other)
    with pytest.raises(BadInput, match=f"cannot write the state folder {state}"), only_bot(state):
        pass
    with pytest.raises(BadInput, match=r"cannot write .*state\.db: Too many levels of symbolic links"):
        SqlDatabase.sqlite(state / "state.db").open()
    assert other.read_text() == "precious"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes folders of others")
def test_regret_a_state_folder_of_somebody_else_is_refused(reachable: Path) -> None:
    state = reachable / "state"
    state.mkdir(0o777)
    os.chown(state, 1001, 1001)
    state.chmod(0o777)
    code = "import os, sys; from pathlib import Path; from imagebot.private import make_state; os.setuid(1002)\n"
    code += "try: make_state(Path(sys.argv[1]))\nexcept Exception as error: print(error)"
    done = subprocess.run([sys.executable, "-c", code, str(state)], capture_output=True, text=True, check=True)
    words = "belongs to user 1001: set `state` to a folder of the bot's own"
    assert done.stdout == f"the state folder {state} {words}\n"
    make_state(state)  # root may use it


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes folders of root")
def test_a_volume_that_kubernetes_gives_to_a_group_is_used_as_it_is(reachable: Path) -> None:
    state = reachable / "state"
    state.mkdir()
    os.chown(state, 0, 1002)
    state.chmod(0o2770)
    # Whoever this becomes need not be able to load libraries: all are loaded before.
    loaded = f"database_store(SqlDatabase.sqlite(Path({str(reachable / 'another' / 'state.db')!r})))()\n"
    code = OPEN.replace("os.umask(", loaded + "os.setgroups([]); os.setgid(1002); os.setuid(1002); os.umask(")
    done = subprocess.run([sys.executable, "-c", code, str(state), "022"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert modes(state).pop("state") == 0o2770 & 0o7777
    assert {mode for name, mode in modes(state).items() if name != "state"} == {0o600}
