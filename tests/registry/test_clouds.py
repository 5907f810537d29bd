"""Registries of clouds as companies reach them: by a proxy that alone knows hosts, without a password of the bot's."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from imagebot.errors import Refused
from imagebot.images.reference import ImageName
from imagebot.proxies import Certificates, Proxies, Proxy
from imagebot.registry.client import Registries
from imagebot.settings.clouds import CloudName
from imagebot.settings.resolve import (
    CloudCredentials,
    CredentialSources,
    RegistryLogin,
    RegistrySettings,
    read_settings,
)
from tests.support import tls
from tests.support.clouds import ACR, DOORS, ECR, GAR, HOSTS, PUBLIC, Cloud, jwt, known_to_all
from tests.support.fake_registry import challenge
from tests.support.forward_proxy import ForwardProxy, forward_proxy
from tests.support.pages import sections
from tests.support.web_function import Served


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


@pytest.fixture
def proxy(tmp_path: Path, cloud: Cloud, request: pytest.FixtureRequest) -> Iterator[ForwardProxy]:
    """The only one who knows where the hosts of clouds are; it wants a password, and speaks TLS if it is asked to."""
    with ExitStack() as stack:
        context, _ = tls.loopback(tmp_path, *HOSTS)
        served = stack.enter_context(Served(cloud, tls=context))
        routes = {f"{host}:443": ("127.0.0.1", served.port) for host in HOSTS}
        known = ForwardProxy(routes=routes, users={"bot": "p/w@of:proxy"})
        yield stack.enter_context(forward_proxy(known, context if getattr(request, "param", "") == "https" else None))


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a pod is given whose service account all three clouds know; returns what Google's libraries are told."""
    variables, federation = known_to_all(tmp_path)
    nobody = dict.fromkeys(("HTTPS_PROXY", "https_proxy"), "http://127.0.0.1:9")
    for name, value in {**variables, **nobody}.items():
        monkeypatch.setenv(name, value)
    return federation


def listed(proxy: ForwardProxy, folder: Path, *credentials: RegistryLogin) -> RegistrySettings:
    known = Proxy.parse(proxy.url.replace("://", "://bot:p%2Fw%40of%3Aproxy@"))
    by = replace(known, certificates=Certificates(folder / "authority.pem"))
    return RegistrySettings(credentials=credentials, proxy=Proxies(by, by), ca_file=folder / "authority.pem")


@pytest.mark.parametrize(
    ("proxy", "registry", "cloud_name", "shown"),
    [
        ("http", ECR, "aws", "AWS:password 1"),
        ("https", PUBLIC, "aws", "AWS:password 1"),
        ("https", GAR, "gcp", "oauth2accesstoken:ya29.token-1"),
        ("http", ACR, "azure", jwt(number=0)),
        ("https", ACR, "azure", jwt(number=0)),
    ],
    indirect=["proxy"],
)
def test_a_clouds_registry_is_asked_by_the_proxy_alone(
    proxy: ForwardProxy, cloud: Cloud, file: Path, registry: str, cloud_name: CloudName, shown: str
) -> None:
    settings = {registry: listed(proxy, file.parent, CloudCredentials(cloud_name))}
    registries = Registries(settings, CredentialSources(google_file=file))
    try:
        assert registries.tags(ImageName(registry, "acme/api")).tags == ("1.0.0",)
    finally:
        registries.close()
    assert cloud.shown == [shown]
    assert proxy.hosts == {f"{host}:443" for host in (registry, *DOORS[registry])}


@pytest.mark.parametrize(
    ("heading", "registry", "shown"),
    [
        ("A cloud's identity, without a password", ECR, "AWS:password 1"),
        ("A cloud's identity, without a password", GAR, "oauth2accesstoken:ya29.token-1"),
        ("Amazon ECR, and ECR Public", ECR, "AWS:password 1"),
        ("Amazon ECR, and ECR Public", PUBLIC, "AWS:password 1"),
        ("Google Artifact Registry, and `gcr.io`", GAR, "oauth2accesstoken:ya29.token-1"),
        ("Azure Container Registry", ACR, jwt(number=0)),
    ],
)
def test_each_cloud_is_asked_as_its_section_says(
    proxy: ForwardProxy, cloud: Cloud, file: Path, heading: str, registry: str, shown: str
) -> None:
    (snippet,) = sections("registries.md")[heading]
    word = file.parent / "word"
    word.write_text("p/w@of:proxy")
    way = f"proxy: {{url: {proxy.url}, username: bot, passwordFile: {word}}}\ncaFile: {file.parent / 'authority.pem'}\n"
    text = f"policies: [p]\nrepositories: {{r: {{url: /r}}}}\n{snippet}{way}"
    found = read_settings("imagebot.yaml", text.encode(), file.parent, {"GOOGLE_APPLICATION_CREDENTIALS": str(file)})
    registries = Registries(found.registries, found.credential_sources, way=found.way)
    try:
        assert registries.tags(ImageName(registry, "acme/api")).tags == ("1.0.0",)
    finally:
        registries.close()
    assert cloud.shown == [shown]


def test_two_days_of_hourly_questions_never_show_a_password_that_ended(
    proxy: ForwardProxy, cloud: Cloud, file: Path
) -> None:
    """ECR's passwords are good for twelve hours: four or five of them in two days, and each while it lives."""
    now = [0.0]
    settings = {ECR: listed(proxy, file.parent)}
    sources = CredentialSources(identities=frozenset({"aws"}))
    registries = Registries(settings, sources, clock=lambda: now[0])
    born: dict[str, int] = {}
    try:
        for hour in range(48):
            now[0] = hour * 3600.0
            registries.new_pass()
            assert registries.tags(ImageName(ECR, "acme/api")).tags == ("1.0.0",)
            assert hour - born.setdefault(cloud.shown[-1], hour) < 12
    finally:
        registries.close()
    assert len(cloud.aws.keys) in (4, 5)


def test_an_identity_is_nothing_to_a_registry_of_another_cloud_or_of_nobodys(file: Path) -> None:
    """Whatever `identities` has: ghcr.io, and hosts that only begin or end as a cloud's do, are asked by nobody."""
    with Served(lambda asked: challenge("Basic realm=x")) as served:
        settings = {served.host: RegistrySettings(plain_http=True)}
        sources = CredentialSources(identities=frozenset({"aws", "gcp", "azure"}), google_file=file)
        registries = Registries(settings, sources)
        with pytest.raises(Refused, match="give credentials under registries"):
            registries.tags(ImageName(served.host, "acme/api"))
        assert [asked.headers.get("Authorization") for asked in served.asked] == [None]


SILENT = """
import logging, sys
from pathlib import Path
from imagebot.images.reference import ImageName
from imagebot.registry.client import Registries
from imagebot.settings.resolve import load
logging.basicConfig(level=logging.DEBUG, stream=sys.stdout)
settings = load(Path(sys.argv[1]))
registries = Registries(settings.registries, settings.credential_sources, way=settings.way)
for host in settings.registries:
    assert registries.tags(ImageName(host, "acme/api")).tags == ("1.0.0",)
print("done")
"""


def test_clouds_libraries_log_no_secret_whatever_is_logged(
    proxy: ForwardProxy, cloud: Cloud, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a process of its own, as a person writes the settings, with all that any library has to say."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    monkeypatch.setenv("PROXY_PASSWORD", "p/w@of:proxy")
    hosts = "".join(f"  {host}: {{}}\n" for host in (ECR, GAR, ACR))
    (file.parent / "imagebot.yaml").write_text(
        "policies: [policies]\nrepositories: {r: {url: /r}}\nidentities: [aws, gcp, azure]\n"
        f"proxy: {{url: '{proxy.url}', username: bot, passwordEnv: PROXY_PASSWORD}}\ncaFile: authority.pem\n"
        f"registries:\n{hosts}"
    )
    command = [sys.executable, "-c", SILENT, str(file.parent / "imagebot.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout.splitlines()[-1:], done.stderr) == (["done"], "")
    secrets = (
        "password 1",
        "ya29",
        "eyJ",
        "secret-of-the-web",
        "session-of-the-web",
        "p/w@of",
        "a-token-of-the-registry",
    )
    assert [line for line in done.stdout.splitlines() if any(secret in line for secret in secrets)] == []


MISSING = """
import sys
sys.modules.update(dict.fromkeys(("botocore", "google", "azure")))
from imagebot.errors import Refused
from imagebot.images.reference import ImageName
from imagebot.registry.client import Registries
from imagebot.settings.resolve import CredentialSources
registries = Registries({}, CredentialSources(identities=frozenset({"aws", "gcp", "azure"})))
for host in sys.argv[1:]:
    try:
        registries.tags(ImageName(host, "a/b"))
    except Refused as error:
        print(error)
"""


def test_a_library_that_is_not_installed_is_named_with_what_brings_it() -> None:
    done = subprocess.run([sys.executable, "-c", MISSING, ECR, GAR, ACR], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        f"{host} was not asked to list a/b: identity: {extra} needs the library {library}, which is not installed: "
        f"install imagebot[{extra}]"
        for host, extra, library in ((ECR, "aws", "botocore"), (GAR, "gcp", "google"), (ACR, "azure", "azure"))
    ]
