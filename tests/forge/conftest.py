"""Forges in this process, and clients that talk to them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from imagebot.bans import Bans
from imagebot.forge import gitea, gitlab, markdown
from imagebot.forge.forges import FORGES
from imagebot.forge.github import GitHub, connect
from imagebot.forge.manners import Manners
from imagebot.forge.protocol import Forge, Proposal, PullRequest
from imagebot.knownforges import FACTS, ForgeFacts
from imagebot.secret import Secret
from imagebot.settings.resolve import GitHubApp, RepositorySettings, TokenCredentials
from tests.support import api_descriptions, azure_server, bitbucket_cloud_server, bitbucket_dc_server
from tests.support import gitea_server as fake_gitea
from tests.support import github_server as fake
from tests.support import gitlab_server as fake_gitlab
from tests.support.azure_server import AzureServer
from tests.support.bitbucket_cloud_server import BitbucketCloudServer
from tests.support.bitbucket_dc_server import BitbucketDataCenterServer
from tests.support.forge_server import ForgeServer
from tests.support.gitea_server import GiteaServer
from tests.support.gitlab_server import GitLabServer

FAST = Manners(timeout_s=30, between_writes_s=0.0)
GITEAS = {"gitea 1.20": api_descriptions.GITEA, "forgejo 14": api_descriptions.FORGEJO}


REST: dict[str, Callable[[], AbstractContextManager[ForgeServer]]] = {
    "gitlab": fake_gitlab.running,
    **{name: partial(fake_gitea.running, source) for name, source in GITEAS.items()},
    "azure": azure_server.running,
    "bitbucket cloud": bitbucket_cloud_server.running,
    "bitbucket data center": bitbucket_dc_server.running,
}


SERVERS: dict[str, Callable[[], AbstractContextManager[ForgeServer]]] = {"github": fake.running, **REST}


def _one_of(*names: str) -> Any:
    """A server of each of these, one after another."""

    @pytest.fixture(params=names)
    def server(request: pytest.FixtureRequest) -> Iterator[ForgeServer]:
        with SERVERS[request.param]() as running:
            yield running

    return server


github_server = _one_of("github")
gitlab_server = _one_of("gitlab")
# Held against the description of either.
gitea_server = _one_of(*GITEAS)
# Asked through `imagebot.forge.wire` and nothing else.
rest_server = _one_of(*REST)
any_server = _one_of(*SERVERS)
# One of each kind, for what costs much and differs little.
some_server = _one_of("github", "gitlab", "forgejo 14", "bitbucket data center")
# Whose answers are read in a way of their own: both of Bitbucket's are read alike.
read_server = _one_of(*(name for name in SERVERS if name != "bitbucket cloud"))
# That can be told to merge by itself.
merging_server = _one_of(*(name for name in SERVERS if name != "bitbucket cloud"))
# That has labels.
labelling_server = _one_of(*(name for name in SERVERS if not name.startswith("bitbucket")))


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
    github_server.token = "n0ne given 0ut yet"

    def with_key(text: str) -> GitHub:
        file = tmp_path / "app.pem"
        file.write_text(text or private.decode())
        return connect(
            settings(github_server).model_copy(
                update={"credentials": GitHubApp(id="12345", installation=678, key_file=file)}
            ),
            FAST,
        )

    return with_key


def any_client(server: ForgeServer) -> Forge:
    """The client that goes with the server: another pass, another process, another bot."""
    return client(server) if isinstance(server, fake.GitHubServer) else rest_client(server)


def client(server: fake.GitHubServer, manners: Manners = FAST) -> GitHub:
    """What `imagebot.yaml` makes of a repository on this server."""
    return connect(settings(server), patient(server, manners))


def gitlab_client(server: GitLabServer, manners: Manners = FAST) -> gitlab.GitLab:
    return gitlab.connect(rest_settings(server), patient(server, manners))


def gitea_client(server: GiteaServer, manners: Manners = FAST) -> gitea.Gitea:
    return gitea.connect(rest_settings(server), patient(server, manners))


def rest_client(server: ForgeServer, manners: Manners = FAST, changed: RepositorySettings | None = None) -> Forge:
    """The client that goes with the server."""
    told = changed or rest_settings(server)
    return FORGES[told.forge](told, patient(server, manners))


def only(server: ForgeServer) -> PullRequest:
    """The one open pull request of ours, as another pass sees it."""
    (pull,) = any_client(server).open_pulls("imagebot/")
    return pull


def patient(server: ForgeServer, manners: Manners) -> Manners:
    """Where no answer will come, none is waited for; a busy machine has time to answer otherwise.

    Each client is another process, which remembers nothing of bans, unless it is given manners of its own.
    """
    own = replace(manners, bans=Bans()) if manners is FAST else manners
    return replace(own, timeout_s=1) if any(fault.answer == "hang" for fault in server.faults) else own


def change(server: ForgeServer) -> str:
    """The verb that changes a pull request there."""
    return "PATCH" if isinstance(server, GiteaServer | AzureServer) else "PUT"


def rest_settings(server: ForgeServer) -> RepositorySettings:
    update = {"forge": server.kind, "url": f"https://forge.test/{server.git_path}"}
    return settings(server).model_copy(update=update)


BITBUCKETS = (BitbucketCloudServer, BitbucketDataCenterServer)


def kept(server: ForgeServer, text: str | None) -> str:
    """What such a server keeps of a text of ours, as we read it: marks as they are everywhere."""
    whole = server.whole(server.pulls[1]) if isinstance(server, AzureServer) else text or ""
    return markdown.read(whole, facts(server)).strip()


def facts(server: ForgeServer) -> ForgeFacts:
    return FACTS[server.kind]


def possible(server: ForgeServer, wanted: Proposal) -> Proposal:
    """What of a proposal can be had there."""
    known = facts(server)
    labels, assignees = wanted.labels if known.labels else (), wanted.assignees if known.assignees else ()
    return replace(wanted, labels=labels, assignees=assignees)


def within(server: ForgeServer, items: Sequence[object]) -> object:
    """A list, and what stands around it in such a server's answer."""
    match server:
        case AzureServer():
            return {"value": items, "count": len(items)}
        case BitbucketCloudServer() | BitbucketDataCenterServer():
            return {"values": items}
    return items


def listed(server: ForgeServer, *items: object) -> bytes:
    """A list of these, as such a server answers it."""
    return json.dumps(within(server, items)).encode()


def opening(server: ForgeServer) -> str:
    """How the path ends that pull requests are opened at."""
    endings: dict[type[ForgeServer], str] = {
        GitLabServer: "/merge_requests",
        AzureServer: "/pullrequests",
        BitbucketCloudServer: "/pullrequests",
        BitbucketDataCenterServer: "/pull-requests",
    }
    return endings.get(type(server), "/pulls")


def settings(server: ForgeServer) -> RepositorySettings:
    return RepositorySettings(
        name="environments",
        url="https://github.test/acme/environments.git",
        forge="github",
        api_url=server.url,
        credentials=TokenCredentials(Secret(server.token)),
    )
