"""The forges' doors: what each forge says to each task, told by fakes that their descriptions check."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from urllib.parse import urlsplit

from imagebot.forge import azure, bitbucket, gitea, github, gitlab
from imagebot.forge.manners import Manners
from imagebot.forge.protocol import Blob, Forge, PullRequest, Signs
from imagebot.secret import Secret
from imagebot.settings.resolve import RepositorySettings, TokenCredentials
from tests.fuzz.answers.door import Question
from tests.fuzz.answers.http_slips import Http
from tests.support import (
    api_descriptions,
    azure_server,
    bitbucket_cloud_server,
    bitbucket_dc_server,
    gitea_server,
    github_server,
    gitlab_server,
)
from tests.support.forge_server import GRAPHQL, ForgeServer
from tests.support.openapi import Call, Description
from tests.support.proposals import BRANCH, FULL, body, wish
from tests.support.raw_server import Request
from tests.support.sound import proved

_SINCE = datetime(2025, 12, 1, tzinfo=UTC)
OURS = PullRequest(1, "http://HOST/acme/environments/pull/1", BRANCH, "main", "podinfo (f1)", body("f1"), "open")


@dataclass(frozen=True)
class Make:
    """One kind of forge: its fake and our client of it."""

    name: str
    description: Description
    server: Callable[[Description], ForgeServer]
    connect: Callable[[RepositorySettings, Manners], Forge]
    url: str = "https://forge.test/acme/environments.git"


def more() -> tuple[Make, ...]:
    """Those that are asked only through their doors: on the stage of whole passes there are the others."""
    cloud, center = bitbucket_cloud_server.described(), bitbucket_dc_server.described()
    own = "https://forge.test/acme/platform/_git/environments"
    return (
        Make("azure", azure_server.described(), azure_server.AzureServer, azure.connect, own),
        Make("bitbucket", cloud, bitbucket_cloud_server.BitbucketCloudServer, bitbucket.connect),
        Make("bitbucket", center, bitbucket_dc_server.BitbucketDataCenterServer, bitbucket.connect),
    )


def makes() -> tuple[Make, ...]:
    """All of them; skips where a description is not there. Making them takes a second or two."""
    forgejo = gitea_server.described(api_descriptions.FORGEJO)
    return (
        Make("github", github_server.described(), github_server.GitHubServer, github.connect),
        Make("gitlab", gitlab_server.described(), gitlab_server.GitLabServer, gitlab.connect),
        Make("gitea", forgejo, gitea_server.GiteaServer, gitea.connect),
    )


Deed = Callable[[Forge], object]


def _signed(forge: Forge) -> object:
    if not isinstance(forge, Signs):
        return forge.open_pulls("imagebot/")
    return forge.sign("1" * 40, {"a.yaml": Blob("100644", proved(b"a: 1\n"))}, "a message"), forge.identity()


_DEEDS: Mapping[str, Deed] = {
    "open pulls": lambda forge: forge.open_pulls("imagebot/"),
    "closed pulls": lambda forge: forge.closed_pulls("imagebot/staging/refused"),
    "merged pulls": lambda forge: forge.merged_pulls("imagebot/", _SINCE),
    "create": lambda forge: forge.create(replace(FULL, branch="imagebot/staging/new")),
    "create again": lambda forge: forge.create(FULL),
    "rewrite": lambda forge: forge.rewrite(OURS, replace(FULL, title="podinfo (f2)")),
    "rewrite to a draft": lambda forge: forge.rewrite(OURS, wish("f2", draft=True)),
    "auto-merge": lambda forge: forge.rewrite(OURS, wish("f2", auto_merge=True)),
    "stop auto-merge": lambda forge: forge.stop_auto_merge(OURS),
    "say": lambda forge: forge.say(OURS, "a comment", f"{OURS.body} more"),
    "remove labels": lambda forge: forge.remove_labels(replace(OURS, labels=("gone",)), ("gone",)),
    "close": lambda forge: forge.close(OURS, "a comment", OURS.body),
    "sign": _signed,
}


def question(dice: Random, known: tuple[Make, ...]) -> Question:
    """A task at one of the forges, of a repository with some life in it."""
    make = dice.choice(known)
    name, task = dice.choice(sorted(_DEEDS.items()))
    server = make.server(make.description)
    populate(server)

    def ask(host: str) -> object:
        settings = RepositorySettings(
            name="environments",
            url=make.url,
            forge=make.name,
            api_url=f"http://{host}{server.prefix}",
            credentials=TokenCredentials(Secret(server.token)),
        )
        return task(make.connect(settings, Manners(timeout_s=10, between_writes_s=0.0)))

    return Question(f"{make.name}: {name}", honest(server), ask)


def populate(server: ForgeServer) -> None:
    """Pull requests of every kind, the bot's and other people's."""
    server.add(BRANCH, title="podinfo (f1)", body=body("f1"), labels=["gone"], comments=["hello"])
    server.add("feature/x", title="by a person", body=None, reviewers=["bob"], teams=["platform"], assignees=["alice"])
    server.add("imagebot/staging/fork", title="from a fork", head_repo="mallory/environments")
    server.add("imagebot/staging/lost", title="from a fork that is gone", head_repo=None)
    closed = {"state": "closed", "closed_at": "2026-01-01T12:00:00Z", "closed_by": "alice", "body": body("f0")}
    server.add("imagebot/staging/refused", title="refused", **closed)
    server.add("imagebot/staging/merged", title="merged", merged_at="2026-01-01T12:00:00Z", approvers=["bob"], **closed)


def honest(server: ForgeServer) -> Callable[[Request], Http]:
    """What the fake says. What a misled client sends may be beyond it: then there is no such thing."""

    def answer(request: Request) -> Http:
        parts = urlsplit(request.target)
        call = Call(request.method, parts.path.removeprefix(server.prefix), parts.query, request.body)
        authorization = _authorization(request.head)
        try:
            given = server.graph(call, authorization) if call.path == GRAPHQL else server.decide(call, authorization)
            headers = {"Content-Type": "application/json", **server.headers(call)}
        except Exception:  # noqa: BLE001  the fake's own, not what is tried here
            given, headers = (404, {"message": "Not Found"}), {}
        status, data = given
        said = b"" if data is None else json.dumps(data).encode()
        return Http(status, tuple((name.encode(), value.encode()) for name, value in headers.items()), said)

    return answer


def _authorization(head: bytes) -> str:
    lines = (line.partition(b":") for line in head.splitlines())
    return next((value.strip().decode("latin-1") for name, _, value in lines if name.lower() == b"authorization"), "")
