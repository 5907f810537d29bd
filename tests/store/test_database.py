from __future__ import annotations

import socket
from pathlib import Path

import pytest
from sqlalchemy import text

from imagebot.errors import BadInput, Unavailable
from imagebot.secret import Secret
from imagebot.store.database import SqlDatabase
from imagebot.store.sql import database_store
from tests.support.postgresql import PASSWORD, Server


def test_a_file_that_is_no_database_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    file.write_bytes(b"anything but a database" * 100)
    with pytest.raises(BadInput) as caught:
        SqlDatabase.sqlite(file).open()
    assert str(caught.value) == (
        f"the database {file} cannot be used: file is not a database; move it away: then a new one is made,"
        " soak clocks start again, and holds made by hand are gone"
    )
    assert file.read_bytes() == b"anything but a database" * 100


def test_a_folder_that_cannot_be_made_is_a_persons_to_mend(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match=r"cannot write .*/file/state\.db\.lock: File exists; set `state`"):
        SqlDatabase.sqlite(tmp_path / "file" / "state.db").open()


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:hunter2@h/d",
        "postgresql://u:hunter2@h",
        "hunter2",
        "",
        "postgresql://u:hunter2@h:port/d",
        "sqlite:///x",
    ],
)
def test_another_url_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(BadInput) as caught:
        SqlDatabase.postgresql(Secret(url))
    assert "hunter2" not in str(caught.value)
    assert str(caught.value).startswith("`database` wants a URL such as postgresql://")


def test_a_server_that_is_down_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    database = SqlDatabase.postgresql(Secret(f"postgresql://imagebot:hunter2@127.0.0.1:{port}/imagebot"))
    with pytest.raises(Unavailable) as caught:
        database.open()
    shown = str(caught.value)
    assert shown.startswith(f"the database postgresql://imagebot@127.0.0.1:{port}/imagebot cannot be reached: ")
    assert "hunter2" not in shown
    assert "\n" not in shown


def test_a_wrong_password_is_not_shown(server: Server) -> None:
    url = server.url("postgres").replace("imagebot:", "imagebot:hunter2")
    with pytest.raises(Unavailable, match="password authentication failed") as caught:
        SqlDatabase.postgresql(Secret(url)).open()
    assert "hunter2" not in str(caught.value)
    assert PASSWORD not in str(caught.value)


def test_a_session_that_the_server_ended_is_opened_again(server: Server, postgresql_url: str) -> None:
    """A fail-over between two passes is nobody's business."""
    database = SqlDatabase.postgresql(Secret(postgresql_url))
    open_store = database_store(database)
    open_store()
    server.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'imagebot'")
    assert open_store().holds() == ()
    database.close()


def test_a_user_without_rights_is_a_persons_to_mend(server: Server, postgresql_url: str) -> None:
    server.run(f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'")
    database = SqlDatabase.postgresql(Secret(postgresql_url.replace("imagebot:", "reader:")))
    with pytest.raises(BadInput, match=r"refuses: permission denied for schema public"):
        database.open()
    database.close()
    server.run("DROP ROLE reader")


def test_nothing_half_written_is_kept(tmp_path: Path) -> None:
    database = SqlDatabase.sqlite(tmp_path / "state.db")
    database.open()

    def half() -> None:
        with database.writing() as connection:
            connection.execute(text("INSERT INTO imagebot_clock (id, latest) VALUES (1, 1)"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM imagebot_clock")).scalar() == 0


def test_tables_that_are_gone_are_not_said_to_be_unwritable(tmp_path: Path) -> None:
    database = SqlDatabase.sqlite(tmp_path / "state.db")
    open_store = database_store(database)
    open_store()
    with database.writing() as connection:
        connection.execute(text("DROP TABLE imagebot_hold"))

    with pytest.raises(BadInput) as caught:
        open_store().holds()

    assert str(caught.value) == (
        f"the database {tmp_path / 'state.db'} lacks tables that it had (no such table: imagebot_hold); restore it, or"
        " move it away: then a new one is made, soak clocks start again, and holds made by hand are gone"
    )


def test_what_that_advice_says_helps(tmp_path: Path) -> None:
    test_tables_that_are_gone_are_not_said_to_be_unwritable(tmp_path)
    for file in tmp_path.glob("state.db*"):
        file.rename(file.with_name(f"old-{file.name}"))
    assert database_store(SqlDatabase.sqlite(tmp_path / "state.db"))().holds() == ()


def test_tables_that_are_gone_from_a_server(postgresql_url: str) -> None:
    database = SqlDatabase.postgresql(Secret(postgresql_url))
    open_store = database_store(database)
    open_store()
    with database.writing() as connection:
        connection.execute(text("DROP TABLE imagebot_hold"))

    with pytest.raises(
        BadInput, match=r"lacks tables that it had .*; drop the table imagebot_revision, too: then a new"
    ):
        open_store().holds()

    with database.writing() as connection:
        connection.execute(text("DROP TABLE imagebot_revision, imagebot_first_seen, imagebot_clock"))
    assert open_store().holds() == ()
    database.close()


def test_a_folder_where_the_file_should_be(tmp_path: Path) -> None:
    (tmp_path / "state.db").mkdir()
    with pytest.raises(BadInput, match=r"cannot write .*state\.db: Is a directory; move it away"):
        SqlDatabase.sqlite(tmp_path / "state.db").open()


def test_a_server_that_takes_no_writes(server: Server, postgresql_url: str) -> None:
    database = SqlDatabase.postgresql(Secret(postgresql_url))
    database_store(database)()
    name = postgresql_url.rpartition("/")[2]
    server.run(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with pytest.raises(BadInput, match=r"refuses: .*read-only transaction; it takes no writes, as a standby does"):
        database_store(database)().recall("about", {"x": "y"})
    database.close()


def test_a_database_that_is_not_there_is_to_be_created(server: Server) -> None:
    with pytest.raises(Unavailable, match="does not exist"):
        SqlDatabase.postgresql(Secret(server.url("nowhere"))).open()
