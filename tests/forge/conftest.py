"""A GitHub in this process, and clients that talk to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from imagebot.forge.github import GitHub, connect
from imagebot.forge.github_wire import Manners
from imagebot.secret import Secret
from imagebot.settings import RepositorySettings, TokenCredentials
from tests.support import github_server as fake

FAST = Manners(timeout_s=1, between_writes_s=0.0)


@pytest.fixture
def github_server() -> Iterator[fake.GitHubServer]:
    with fake.running() as server:
        yield server


def client(server: fake.GitHubServer, manners: Manners = FAST) -> GitHub:
    """What `imagebot.yaml` makes of a repository on this server."""
    return connect(settings(server), manners)


def settings(server: fake.GitHubServer) -> RepositorySettings:
    return RepositorySettings(
        name="environments",
        url="https://github.test/acme/environments.git",
        forge="github",
        api_url=server.url,
        credentials=TokenCredentials(Secret(server.token)),
    )
