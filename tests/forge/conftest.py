"""Forges in this process, and clients that talk to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from imagebot.bans import Bans
from imagebot.forge import gitea, gitlab
from imagebot.forge.github import GitHub, connect
from imagebot.forge.manners import Manners
from imagebot.secret import Secret
from imagebot.settings.resolve import GitHubApp, RepositorySettings, TokenCredentials
from tests.support import api_descriptions
from tests.support import gitea_server as fake_gitea
from tests.support import github_server as fake
from tests.support import gitlab_server as fake_gitlab
from tests.support.forge_server import ForgeServer
from tests.support.gitea_server import GiteaServer
from tests.support.gitlab_server import GitLabServer

FAST = Manners(timeout_s=30, between_writes_s=0.0)
GITEAS = {"gitea 1.20": api_descriptions.GITEA, "forgejo 14": api_descriptions.FORGEJO}


@pytest.fixture
def github_server() -> Iterator[fake.GitHubServer]:
    with fake.running() as server:
        yield server


@pytest.fixture
def gitlab_server() -> Iterator[GitLabServer]:
    with fake_gitlab.running() as server:
        yield server


@pytest.fixture(params=GITEAS)
def gitea_server(request: pytest.FixtureRequest) -> Iterator[GiteaServer]:
    """Held against the description of either."""
    with fake_gitea.running(GITEAS[request.param]) as server:
        yield server


@pytest.fixture(params=["gitlab", *GITEAS])
def rest_server(request: pytest.FixtureRequest) -> Iterator[ForgeServer]:
    """A forge that is asked through `imagebot.forge.wire`."""
    if request.param == "gitlab":
        with fake_gitlab.running() as gitlab_:
            yield gitlab_
    else:
        with fake_gitea.running(GITEAS[request.param]) as gitea_:
            yield gitea_


@pytest.fixture(params=["github", "gitlab", *GITEAS])
def any_server(request: pytest.FixtureRequest) -> Iterator[ForgeServer]:
    """Any forge with a server."""
    match request.param:
        case "github":
            with fake.running() as github_:
                yield github_
        case "gitlab":
            with fake_gitlab.running() as gitlab_:
                yield gitlab_
        case kind:
            with fake_gitea.running(GITEAS[kind]) as gitea_:
                yield gitea_


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def with_app(github_server: fake.GitHubServer, key: rsa.RSAPrivateKey, tmp_path: Path) -> Callable[[str], GitHub]:
    """Connect as the App 12345, with a private key file of this text (empty: the right one)."""
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    github_server.app = ("12345", 678, public.decode())
    github_server.token = "none given out yet"

    def with_key(text: str) -> GitHub:
        file = tmp_path / "app.pem"
        file.write_text(text or private.decode())
        return connect(replace(settings(github_server), credentials=GitHubApp("12345", 678, file)), FAST)

    return with_key


def any_client(server: ForgeServer) -> GitHub | gitlab.GitLab | gitea.Gitea:
    """The client that goes with the server: another pass, another process, another bot."""
    return client(server) if isinstance(server, fake.GitHubServer) else rest_client(server)


def client(server: fake.GitHubServer, manners: Manners = FAST) -> GitHub:
    """What `imagebot.yaml` makes of a repository on this server."""
    return connect(settings(server), patient(server, manners))


def gitlab_client(server: GitLabServer, manners: Manners = FAST) -> gitlab.GitLab:
    return gitlab.connect(rest_settings(server), patient(server, manners))


def gitea_client(server: GiteaServer, manners: Manners = FAST) -> gitea.Gitea:
    return gitea.connect(rest_settings(server), patient(server, manners))


def rest_client(
    server: ForgeServer, manners: Manners = FAST, changed: RepositorySettings | None = None
) -> gitlab.GitLab | gitea.Gitea:
    """The client that goes with the server."""
    connect_ = gitlab.connect if isinstance(server, GitLabServer) else gitea.connect
    return connect_(changed or rest_settings(server), patient(server, manners))


def patient(server: ForgeServer, manners: Manners) -> Manners:
    """Where no answer will come, none is waited for; a busy machine has time to answer otherwise.

    Each client is another process, which remembers nothing of bans, unless it is given manners of its own.
    """
    own = replace(manners, bans=Bans()) if manners is FAST else manners
    return replace(own, timeout_s=1) if any(fault.answer == "hang" for fault in server.faults) else own


def change(server: ForgeServer) -> str:
    """The verb that changes a pull request there."""
    return "PUT" if isinstance(server, GitLabServer) else "PATCH"


def rest_settings(server: ForgeServer) -> RepositorySettings:
    kind = "gitlab" if isinstance(server, GitLabServer) else "gitea"
    url = f"https://forge.test/{server.repository}.git"
    return replace(settings(server), forge=kind, url=url)  # type: ignore[arg-type]


def settings(server: ForgeServer) -> RepositorySettings:
    return RepositorySettings(
        name="environments",
        url="https://github.test/acme/environments.git",
        forge="github",
        api_url=server.url,
        credentials=TokenCredentials(Secret(server.token)),
    )
