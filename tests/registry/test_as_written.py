"""docs/registries.md as it is written: each registry by its section, each login and mirror, against what stands for it.

A proxy alone knows the hosts that the page names, so every name, key and path is the page's own.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from imagebot.images.reference import ImageName
from imagebot.registry.client import Registries
from imagebot.settings.resolve import read_settings
from tests.support import tls
from tests.support.fake_registry import tag_list
from tests.support.forward_proxy import ForwardProxy, forward_proxy
from tests.support.pages import elsewhere, sections
from tests.support.registry_profiles import REGISTRIES, ProfiledRegistry, digest_of
from tests.support.web_function import Answer, Asked, Function, Served

PAGE = sections("registries.md")
TAGS = [f"1.0.{number}" for number in range(250)]
WORD = "pass+word/="


def basic(username: str, word: str = WORD) -> str:
    return "Basic " + b64encode(f"{username}:{word}".encode()).decode()


@dataclass
class Page:
    """A machine whose folders are below `folder`, and hosts that its proxy alone knows."""

    folder: Path
    stack: ExitStack
    hosts: dict[str, Function] = field(default_factory=dict)
    asked: list[tuple[str, Asked]] = field(default_factory=list)

    def answer(self, asked: Asked) -> Answer:
        self.asked.append((asked.headers["Host"], asked))
        found = self.hosts[asked.headers["Host"]](asked)
        assert isinstance(found, Answer)
        return found

    def write(self, path: str, text: str, mode: int = 0o600) -> None:
        file = self.folder / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)

    def client(self, snippet: str) -> Registries:
        """What asks by this of imagebot.yaml."""
        names = [host.partition(":")[0] for host in self.hosts]
        context, authority = tls.loopback(self.folder, *names)
        served = self.stack.enter_context(Served(self.answer, tls=context))
        routes = {host if ":" in host else f"{host}:443": ("127.0.0.1", served.port) for host in self.hosts}
        proxy = self.stack.enter_context(forward_proxy(ForwardProxy(routes=routes)))
        around = "policies: [p]\nrepositories: {r: {url: /r}}\n"
        text = f"{around}{elsewhere(snippet, self.folder)}proxy: {{url: {proxy.url}}}\ncaFile: {authority}\n"
        found = read_settings("imagebot.yaml", text.encode(), self.folder, {"HOME": "/nowhere"})
        client = Registries(found.registries, found.credential_sources, way=found.way)
        self.stack.callback(client.close)
        return client

    def shown(self, name: str) -> list[str | None]:
        """What was shown where the tags of an image were asked for."""
        return [
            one.headers.get("Authorization")
            for host, one in self.asked
            if f"{host}{one.path}" == name.replace("/", "/v2/", 1) + "/tags/list"
        ]


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    with ExitStack() as stack:
        yield Page(tmp_path, stack)


@dataclass(frozen=True, slots=True)
class Tried:
    """One registry of a section: the profile that stands for it, its login, and the hosts that it is on the wire.

    The token server is `tokens`, or at the registry itself; blobs are sent to `blobs`.
    """

    heading: str
    profile: str
    registry: str
    username: str
    file: str
    api: str = ""
    tokens: str = ""
    blobs: str = ""


TRIED = (
    Tried(
        *("Docker Hub", "docker hub", "docker.io", "acme", "docker-hub/token"),
        *("registry-1.docker.io", "auth.docker.io", "production.cloudflare.docker.com"),
    ),
    Tried(
        *("GitHub: `ghcr.io`", "ghcr", "ghcr.io", "acme-bot", "ghcr/token"),
        blobs="pkg-containers.githubusercontent.com",
    ),
    Tried("Quay, `quay.io` and one's own", "quay", "quay.io", "acme+imagebot", "quay/token", blobs="cdn03.quay.io"),
    Tried("Harbor", "harbor", "harbor.corp", "robot$acme+imagebot", "harbor/secret"),
    Tried(
        *("GitLab", "gitlab", "registry.gitlab.com", "imagebot", "gitlab/token"),
        tokens="gitlab.com",
        blobs="cdn.registry.gitlab-static.net",
    ),
    Tried("GitLab", "harbor", "registry.gitlab.corp", "imagebot", "own/token", tokens="gitlab.corp"),
    Tried("JFrog Artifactory", "jfrog", "acme.jfrog.io", "imagebot", "jfrog/token"),
    Tried("Sonatype Nexus", "nexus", "nexus.corp:5000", "imagebot", "nexus/password"),
    Tried(
        *("Chainguard: `cgr.dev`", "chainguard", "cgr.dev", "a-pull-token", "chainguard/token"),
        blobs="x.r2.cloudflarestorage.com",
    ),
    Tried("Codeberg, Forgejo and Gitea", "codeberg", "codeberg.org", "acme-bot", "codeberg/token"),
    Tried(
        *("`distribution`: Docker's own, versions 2 and 3", "distribution 2", "registry.corp:5000", "bot"),
        "registry/password",
    ),
    Tried("zot", "distribution 2", "zot.corp", "bot", "zot/key"),
)


@pytest.mark.parametrize("tried", TRIED, ids=lambda tried: tried.registry)
def test_each_registry_is_asked_as_its_section_says(page: Page, tried: Tried) -> None:
    profile, api = REGISTRIES[tried.profile], tried.api or tried.registry
    tokens_at, blobs_at = f"https://{tried.tokens or api}", f"https://{tried.blobs}"
    registry = ProfiledRegistry(profile, TAGS, tokens_at, blobs_at, basic(tried.username))
    page.hosts = {api: registry.answer}
    if tried.tokens:
        page.hosts[tried.tokens] = registry.tokens
    if tried.blobs:
        page.hosts[tried.blobs] = registry.blobs
    page.write("/run/secrets/chainguard/name", "a-pull-token\n")
    page.write(f"/run/secrets/{tried.file}", f"{WORD}\n")
    client = page.client(*PAGE[tried.heading])
    name = ImageName(tried.registry, "acme/api")
    assert sorted(client.tags(name).tags) == sorted(TAGS)
    digest = client.digest(name, "1.0.7")
    assert digest == digest_of(registry.manifest)
    assert client.about(name, digest).created is not None


CLOUDS = {"Amazon ECR, and ECR Public", "Google Artifact Registry, and `gcr.io`", "Azure Container Registry"}


def test_no_section_is_left_out() -> None:
    headings = list(PAGE)
    first, last = headings.index("Registries, one by one"), headings.index("Any other")
    assert set(headings[first + 1 : last]) == {tried.heading for tried in TRIED} | CLOUDS
    first, last = headings.index("Ways to log in"), headings.index("Ways to get there")
    assert set(headings[first + 1 : last]) == LOGINS.keys() | {"A cloud's identity, without a password", "Nobody"}


@dataclass(frozen=True, slots=True)
class Login:
    """One way to log in: the files that it takes, and what is shown for which image."""

    files: Mapping[str, str]
    shown: Mapping[str, str]


_HELPER = """#!/bin/sh
read -r host
printf '{"ServerURL": "%s", "Username": "of-the-helper", "Secret": "a-word"}' "$host"
"""


def _pull_secret(host: str) -> str:
    return json.dumps({"auths": {host: {"auth": b64encode(f"bot-of-{host}:a-word".encode()).decode()}}})


LOGINS = {
    "User name and password": Login({"/run/secrets/registry/password": WORD}, {"registry.corp/acme/api": basic("bot")}),
    "A token": Login({"/run/secrets/registry/token": "a-token"}, {"registry.corp/acme/api": "Bearer a-token"}),
    "Several logins for one registry": Login(
        {f"/run/secrets/{name}/password": name for name in ("team-a", "acme", "rest")},
        {
            "ghcr.io/acme/team-a/api": basic("team-a-bot", "team-a"),
            "ghcr.io/acme/team-ab": basic("acme-bot", "acme"),
            "ghcr.io/others/api": basic("public-bot", "rest"),
        },
    ),
    "Docker's `config.json`, and Kubernetes' pull secrets": Login(
        {
            "/run/secrets/pull/team-a/.dockerconfigjson": _pull_secret("ghcr.io"),
            "/run/secrets/pull/team-b/.dockerconfigjson": _pull_secret("quay.io"),
        },
        {f"{host}/acme/api": basic(f"bot-of-{host}", "a-word") for host in ("ghcr.io", "quay.io")},
    ),
    "Credential helpers": Login(
        {"/usr/local/bin/docker-credential-ecr-login": _HELPER, "/root/.docker/config.json": "{}"},
        {"registry.corp/acme/api": basic("of-the-helper", "a-word")},
    ),
}


def let_in(asked: Asked) -> Answer:
    if asked.headers.get("Authorization") is None:
        return Answer(401, (("WWW-Authenticate", 'Basic realm="x"'),))
    return tag_list("1.0.0")


@pytest.mark.parametrize("heading", LOGINS)
def test_each_way_to_log_in_shows_what_it_says(page: Page, heading: str) -> None:
    login = LOGINS[heading]
    for path, text in login.files.items():
        page.write(path, text, 0o700)
    page.hosts = {name.partition("/")[0]: let_in for name in login.shown}
    client = page.client(PAGE[heading][0])
    for name, shown in login.shown.items():
        assert client.tags(ImageName.parse(name)).tags == ("1.0.0",)
        assert page.shown(name)[-1] == shown


@pytest.mark.parametrize(
    ("heading", "image", "asked"),
    [
        ("By a mirror", "docker.io/library/redis", "harbor.corp/hub/library/redis"),
        ("By a mirror", "ghcr.io/acme/api", "harbor.corp/ghcr/acme/api"),
        ("Through a pull-through cache", "harbor.corp/hub/library/redis", "registry-1.docker.io/library/redis"),
        ("Through a pull-through cache", "mirror.gcr.io/library/redis", "registry-1.docker.io/library/redis"),
    ],
)
def test_each_mirror_is_asked_as_it_says(page: Page, heading: str, image: str, asked: str) -> None:
    page.hosts = {asked.partition("/")[0]: lambda _: tag_list("1.0.0")}
    page.write("/run/secrets/harbor", WORD)
    client = page.client(PAGE[heading][0].replace(", caFile: corp.pem", ""))
    name = ImageName.parse(image)
    assert client.tags(client.upstream(name) or name).tags == ("1.0.0",)
    assert page.shown(asked)
