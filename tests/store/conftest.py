"""The homes of a store: each test of the contract runs in all of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from imagebot.gitrepo.remote import Remote
from imagebot.gitrepo.state_branch import Leaf
from imagebot.secret import Secret
from imagebot.settings.resolve import Author
from imagebot.store.branch import branch_store
from imagebot.store.database import SqlDatabase
from imagebot.store.protocol import Store
from imagebot.store.sql import database_store
from tests.support.git_repos import BareRepository, a_repository
from tests.support.postgresql import Server, postgresql

Open = Callable[[], Store]

_numbers = itertools.count()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with postgresql() as running:
        yield running


@pytest.fixture
def postgresql_url(server: Server) -> Iterator[str]:
    """A new database."""
    name = f"test_{next(_numbers)}"
    server.run(f"CREATE DATABASE {name}")
    yield server.url(name)
    server.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def repository(tmp_path: Path) -> BareRepository:
    return a_repository(tmp_path / "environments.git", {"README.md": "hello\n"})


@pytest.fixture
def state_branch(repository: BareRepository, tmp_path: Path) -> Leaf:
    remote = Remote(str(repository.folder), "imagebot/+state")
    return Leaf(remote, "state.json", Author(), tmp_path / "work")


@pytest.fixture(params=["sqlite", "postgresql", "branch"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens the same store again and again, as passes do."""
    match request.param:
        case "sqlite":
            yield database_store(SqlDatabase.sqlite(tmp_path / "state" / "state.db"))
        case "postgresql":
            database = SqlDatabase.postgresql(Secret(request.getfixturevalue("postgresql_url")))
            yield database_store(database)
            database.close()
        case _:
            leaf: Leaf = request.getfixturevalue("state_branch")
            yield branch_store(lambda: leaf)
