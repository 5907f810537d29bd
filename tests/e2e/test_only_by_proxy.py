"""A forward proxy is the only way out: registry, token server, blobs, forge and git over https are all beyond it.

No resolver knows their names, and there is no route to anybody but the proxy.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import github_server, oci_folder, tls
from tests.support.alone import Alone, free_port, run_alone
from tests.support.canary import PASSWORD, USERNAME, carriers, spellings
from tests.support.fake_registry import bearer, challenge
from tests.support.forward_proxy import ForwardProxy
from tests.support.git_http import git_http_server
from tests.support.git_repos import BareRepository, a_repository
from tests.support.github_server import GitHubServer
from tests.support.web_function import Answer, Asked, Served

REGISTRY, TOKENS, BLOBS, FORGE, GIT = (f"{name}.corp.test" for name in ("registry", "tokens", "blobs", "forge", "git"))
POLICY = f"""\
app: shop
repository: environments
environments: {{production: {{}}}}
images:
  - image: {REGISTRY}/acme/shop
    semver: ^1
"""
SETTINGS = f"""\
policies: [policies/]
state: state
caFile: authority.pem
repositories:
  environments:
    url: https://{GIT}/acme/environments.git
    forge: github
    apiUrl: https://{FORGE}
    credentials: {{tokenFile: token}}
registries:
  {REGISTRY}:
    authHosts: [{TOKENS}]
    blobHosts: [{BLOBS}]
    credentials: {{username: {USERNAME}, passwordEnv: REGISTRY_PASSWORD}}
log: {{format: json}}
"""


@dataclass
class Beyond:
    """What there is beyond the proxy."""

    folder: Path
    proxy: ForwardProxy
    port: int
    github: GitHubServer
    servers: dict[str, Served]
    repository: BareRepository

    def once(self, settings: str = "", **environment: str) -> Alone:
        (self.folder / "imagebot.yaml").write_text(SETTINGS + settings.replace("PORT", str(self.port)))
        given = {"REGISTRY_PASSWORD": PASSWORD, **environment}
        return run_alone(self.proxy, self.port, self.folder, ["once", "--json"], given)


@pytest.fixture
def beyond(tmp_path: Path) -> Iterator[Beyond]:
    context, _ = tls.loopback(tmp_path, REGISTRY, TOKENS, BLOBS, FORGE, GIT)
    images = tmp_path / "images"
    for tag in ("1.9.0", "1.10.0"):
        oci_folder.publish(images, "acme/shop", tag)

    def registry(asked: Asked) -> Answer:
        if asked.headers["Authorization"] != "Bearer a-token":
            return challenge(bearer(f"https://{TOKENS}/token"))
        if "/blobs/" in asked.path:
            return Answer(307, (("Location", f"https://{BLOBS}{asked.path}"),))
        return oci_folder.answer(images, asked)

    with ExitStack() as stack:
        functions = {
            REGISTRY: registry,
            TOKENS: lambda _: Answer(200, (), b'{"token": "a-token"}'),
            BLOBS: lambda asked: oci_folder.answer(images, asked),
        }
        servers = {host: stack.enter_context(Served(function, tls=context)) for host, function in functions.items()}
        github = stack.enter_context(github_server.running())
        (tmp_path / "git" / "acme").mkdir(parents=True)
        files = {"app.yaml": f"image: {REGISTRY}/acme/shop:1.9.0\n"}
        repository = a_repository(tmp_path / "git" / "acme" / "environments.git", files)
        git = stack.enter_context(git_http_server(tmp_path / "git", context))
        git.users = {"x-access-token": github.token}
        ports = {host: server.port for host, server in servers.items()}
        ports |= {GIT: git.port, FORGE: stack.enter_context(tls.front(context, int(github.host.partition(":")[2])))}
        proxy = ForwardProxy({f"{host}:443": ("127.0.0.1", port) for host, port in ports.items()})
        (tmp_path / "token").write_text(github.token)
        (tmp_path / "policies").mkdir()
        (tmp_path / "policies" / "shop.yaml").write_text(POLICY)
        yield Beyond(tmp_path, proxy, free_port(), github, servers, repository)


def assert_opened(beyond: Beyond, said: Alone) -> None:
    assert said.code == 0, said.out + said.err
    assert [each["action"] for each in json.loads(said.out)["pullRequests"]] == ["opened"]
    (pull,) = beyond.github.pulls.values()
    assert pull.title == "deps(production): shop 1.9.0 → 1.10.0"
    tip = beyond.repository.branches()["imagebot/production/shop"]
    assert beyond.repository.file(tip, "app.yaml").decode() == f"image: {REGISTRY}/acme/shop:1.10.0\n"
    assert beyond.proxy.hosts == set(beyond.proxy.routes)
    assert said.strays == 0
    assert [host for host, server in beyond.servers.items() if carriers(server.asked)] == [TOKENS]


def told(said: Alone) -> list[str]:
    events = [json.loads(line) for line in said.err.splitlines()]
    return [f"{one['towards']}: {one['by']}" for one in events if one["event"] == "proxy.used"]


def test_a_pass_by_the_proxy_that_the_environment_names(beyond: Beyond) -> None:
    said = beyond.once(HTTPS_PROXY=f"http://127.0.0.1:{beyond.port}", NO_PROXY="localhost,.svc")

    assert_opened(beyond, said)
    assert told(said) == [
        f"all hosts: http by none, https by http://127.0.0.1:{beyond.port}, without it localhost, .svc"
    ]


def test_a_pass_by_a_proxy_that_wants_a_password(beyond: Beyond) -> None:
    canary = f"{PASSWORD}-of-the-proxy"
    (beyond.folder / "proxy-password").write_text(canary)
    beyond.proxy.users = {"bot": canary}

    said = beyond.once("proxy: {url: 'http://127.0.0.1:PORT', username: bot, passwordFile: proxy-password}\n")

    assert_opened(beyond, said)
    assert told(said) == [f"all hosts: http://127.0.0.1:{beyond.port}"]
    assert not any(spelling in said.out + said.err for spelling in spellings(canary))
