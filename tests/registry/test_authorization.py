"""Nobody but the registry and its token server ever sees the credential."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from imagebot.errors import BadResponse, Refused, WorldError
from imagebot.images.reference import ImageName
from imagebot.proxies import DIRECT
from imagebot.registry.authorization import Authorization
from imagebot.registry.challenge import Challenge
from imagebot.registry.client import Registries
from imagebot.registry.hosts import Hosts
from imagebot.registry.urls import Url
from imagebot.registry.waits import Waits
from imagebot.registry.wire import Count, Exchanges
from imagebot.secret import Secret
from imagebot.settings.resolve import BasicCredentials, BearerCredentials, RegistrySettings
from tests.support import tls
from tests.support.canary import PASSWORD, USERNAME, carriers
from tests.support.fake_registry import JSON, bearer, challenge, tag_list
from tests.support.web_function import Answer, Asked, Function, Served

CANARY = BasicCredentials(USERNAME, Secret(PASSWORD))
TOKEN = Answer(200, (JSON,), b'{"token": "a-token"}')


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def evil(stack: ExitStack) -> Served:
    """A server on another host that would take any credential."""
    return stack.enter_context(Served(lambda _: TOKEN, "127.0.0.2"))


def tags(host: str, settings: RegistrySettings, repository: str = "acme/api") -> tuple[str, ...]:
    registries = Registries({host: settings})
    try:
        return tuple(registries.tags(ImageName(host, repository)).tags)
    finally:
        registries.close()


def asking_for(challenges: Callable[[], list[str]], accepted: str = "Bearer a-token") -> Function:
    """A registry with one tag for whoever is authorized, and these challenges for anybody else."""

    def function(asked: Asked) -> Answer:
        if asked.headers.get("Authorization") == accepted:
            return tag_list("1.0.0")
        return challenge(*challenges())

    return function


@pytest.mark.parametrize(
    "realm",
    [
        "http://127.0.0.2:{evil}/token",
        "https://127.0.0.2:{evil}/token",
        "http://localhost:{evil}/token",
        "https://127.1:{evil}/",
        "https://[::ffff:127.0.0.1]:{evil}/",
        "https://2130706433:{evil}/",
        "https://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:{own}@127.0.0.2:{evil}/",
        "http://127.0.0.1:{own}\\@127.0.0.2:{evil}/",
        "http://127.0.0.1:{own}#@127.0.0.2:{evil}/x y",
        "http://127.0.0.1.evil.example:{own}/",
        "//127.0.0.2:{evil}/token",
        "http:127.0.0.2:{evil}/token",
        "http://127.0.0.2:{evil}",
        "HTTP://127.0.0.2:{evil}/",
        "http://127.0.0.1:99999/",
        "file:///etc/passwd",
        "a realm that is no URL",
        "",
    ],
)
def test_no_foreign_token_server_is_asked(stack: ExitStack, evil: Served, realm: str) -> None:
    named: list[str] = []
    registry = stack.enter_context(Served(asking_for(lambda: named)))
    named.append(bearer(realm.format(evil=evil.port, own=registry.port)))
    with pytest.raises(Refused, match="token server"):
        tags(registry.host, RegistrySettings(plain_http=True, credentials=CANARY))
    assert evil.asked == []
    assert carriers(registry.asked) == []


def test_a_registry_over_https_is_not_believed_a_token_server_over_http(tmp_path: Path, stack: ExitStack) -> None:
    context, authority = tls.loopback(tmp_path)
    plain = stack.enter_context(Served(lambda _: TOKEN))
    registry = stack.enter_context(Served(asking_for(lambda: [bearer(plain.url)]), tls=context))
    with pytest.raises(Refused, match="https only"):
        tags(registry.host, RegistrySettings(credentials=CANARY, ca_file=authority))
    assert plain.asked == []


def test_a_token_server_on_the_same_host_over_https_is_asked(tmp_path: Path, stack: ExitStack) -> None:
    context, authority = tls.loopback(tmp_path)
    server = stack.enter_context(Served(lambda _: TOKEN, tls=context))
    registry = stack.enter_context(Served(asking_for(lambda: [bearer(server.url)]), tls=context))
    assert tags(registry.host, RegistrySettings(credentials=CANARY, ca_file=authority)) == ("1.0.0",)
    assert len(carriers(server.asked)) == 1
    assert carriers(registry.asked) == []


def test_a_token_server_that_sends_us_on_is_not_followed(stack: ExitStack, evil: Served) -> None:
    moved = Answer(307, (("Location", f"{evil.url}/token"),))
    server = stack.enter_context(Served(lambda _: moved))
    registry = stack.enter_context(Served(asking_for(lambda: [bearer(server.url)])))
    with pytest.raises(BadResponse, match="307"):
        tags(registry.host, RegistrySettings(plain_http=True, credentials=CANARY))
    assert evil.asked == []


@pytest.mark.parametrize(
    "challenges",
    [
        pytest.param(["Basic"], id="bare"),
        pytest.param(['Basic realm="127.0.0.2:EVIL"'], id="realm that looks like a host"),
        pytest.param(['Basic realm="Artifactory Realm"'], id="realm with a space"),
        pytest.param(["Negotiate", 'Basic realm="x"'], id="several headers"),
        pytest.param([f"{bearer('http://127.0.0.2:EVIL/')},Basic realm=x"], id="foreign bearer first"),
    ],
)
def test_a_password_goes_to_the_registry_itself(stack: ExitStack, evil: Served, challenges: list[str]) -> None:
    named = [each.replace("EVIL", str(evil.port)) for each in challenges]
    accepted = "Basic Y2FuYXJ5OnR3ZWV0XiUvKz0mdHdlZXQ="
    registry = stack.enter_context(Served(asking_for(lambda: named, accepted)))
    settings = RegistrySettings(plain_http=True, credentials=CANARY)
    assert tags(registry.host, settings) == ("1.0.0",)
    assert [bool(request.headers["Authorization"]) for request in registry.asked] == [False, True]
    assert evil.asked == []


def test_one_registrys_credential_is_nothing_to_another(stack: ExitStack) -> None:
    closed = stack.enter_context(Served(lambda _: challenge("Basic")))
    other = stack.enter_context(Served(lambda _: challenge("Basic")))
    registries = Registries(
        {
            closed.host: RegistrySettings(plain_http=True, credentials=CANARY),
            other.host: RegistrySettings(plain_http=True),
        }
    )
    for host in (closed.host, other.host):
        with pytest.raises(Refused):
            registries.tags(ImageName(host, "acme/api"))
    assert len(carriers(closed.asked)) == 1
    assert carriers(other.asked) == []


@pytest.mark.parametrize(
    "challenges",
    [
        pytest.param([], id="none"),
        pytest.param(["Negotiate"], id="unknown"),
        pytest.param(["Digest realm=x"], id="digest"),
        pytest.param([", ,=\x01\"'"], id="noise"),
    ],
)
def test_a_refusal_without_a_way_in_is_final(stack: ExitStack, challenges: list[str]) -> None:
    registry = stack.enter_context(Served(asking_for(lambda: challenges)))
    with pytest.raises(Refused, match=r"\(401 UNAUTHORIZED\)"):
        tags(registry.host, RegistrySettings(plain_http=True, credentials=CANARY))
    assert len(registry.asked) == 1


def test_bearer_is_taken_where_both_are_offered(stack: ExitStack) -> None:
    """Codeberg sends both in one header."""
    named: list[str] = []
    server = stack.enter_context(Served(lambda _: TOKEN))
    registry = stack.enter_context(Served(asking_for(lambda: named)))
    named.append(f"Basic realm=x, {bearer(server.url)}")
    assert tags(registry.host, RegistrySettings(plain_http=True, credentials=CANARY)) == ("1.0.0",)
    assert carriers(registry.asked) == []


def test_a_ready_made_token_goes_to_the_registry_and_no_token_server(stack: ExitStack, evil: Served) -> None:
    settings = RegistrySettings(plain_http=True, credentials=BearerCredentials(Secret("ready-m4de")))
    named = [bearer(evil.url)]
    registry = stack.enter_context(Served(asking_for(lambda: named, "Bearer ready-m4de")))
    assert tags(registry.host, settings) == ("1.0.0",)
    assert len(registry.asked) == 1
    closed = stack.enter_context(Served(asking_for(lambda: named, "Bearer another")))
    with pytest.raises(Refused):
        tags(closed.host, settings)
    assert evil.asked == []


def test_the_scope_is_ours_whatever_the_registry_says(stack: ExitStack) -> None:
    named: list[str] = []
    server = stack.enter_context(Served(lambda _: TOKEN))
    registry = stack.enter_context(Served(asking_for(lambda: named)))
    named.append(bearer(f"{server.url}/token?account=bot"))
    tags(registry.host, RegistrySettings(plain_http=True))
    assert server.asked[0].query == {"account": "bot", "service": "fake", "scope": "repository:acme/api:pull"}
    assert server.asked[0].headers["Authorization"] is None


def test_each_image_has_its_own_token(stack: ExitStack) -> None:
    """What oras does: it sends the first image's token for all others."""

    def tokens(asked: Asked) -> Answer:
        return Answer(200, (JSON,), json.dumps({"access_token": f"for-{asked.query['scope']}"}).encode())

    def function(asked: Asked) -> Answer:
        repository = asked.path.removeprefix("/v2/").removesuffix("/tags/list")
        if asked.headers["Authorization"] == f"Bearer for-repository:{repository}:pull":
            return tag_list("1.0.0")
        return challenge(bearer(server.url))

    server = stack.enter_context(Served(tokens))
    registry = stack.enter_context(Served(function))
    registries = Registries({registry.host: RegistrySettings(plain_http=True)})
    for repository in ("acme/api", "acme/web"):
        assert registries.tags(ImageName(registry.host, repository)).tags == ("1.0.0",)
    assert len(registry.asked) == 3, "only the first is refused"


@pytest.mark.parametrize(
    ("registry", "base", "realm", "believed"),
    [
        ("docker.io", "https://registry-1.docker.io", "https://auth.docker.io/token", True),
        ("docker.io", "https://registry-1.docker.io", "http://auth.docker.io/token", False),
        ("docker.io", "https://registry-1.docker.io", "https://auth.docker.io:8443/token", False),
        ("docker.io", "https://registry-1.docker.io", "https://auth.docker.io.evil.example/token", False),
        ("docker.io", "https://registry-1.docker.io", "https://docker.io/token", False),
        ("ghcr.io", "https://ghcr.io", "https://ghcr.io/token", True),
        ("ghcr.io", "https://ghcr.io", "https://auth.docker.io/token", False),
        ("ghcr.io", "https://ghcr.io", "https://evil.ghcr.io/token", False),
        ("registry.gitlab.com", "https://registry.gitlab.com", "https://gitlab.com/jwt/auth", True),
        ("git.test:5050", "https://git.test:5050", "https://git.test/jwt/auth", True),
        ("git.test:5050", "https://git.test:5050", "http://git.test:5050/jwt/auth", False),
        ("r.test", "https://r.test", "https://auth.test/token", True),
        ("r.test", "https://r.test", "https://auth.test:8443/token", False),
        ("r.test", "https://r.test", "https://other.test:8443/token", True),
        ("r.test", "https://r.test", "http://auth.test/token", False),
        ("r.test", "http://r.test", "http://r.test/token", True),
        ("r.test", "http://r.test", "http://r.test:81/token", False),
        ("r.test", "http://r.test", "http://127.0.0.1/token", False),
        ("localhost:5000", "http://localhost:5000", "http://localhost:5001/token", True),
    ],
)
def test_whom_a_registry_may_name_as_its_token_server(registry: str, base: str, realm: str, believed: bool) -> None:
    listed = RegistrySettings(auth_hosts=("AUTH.test", "other.test:8443"), plain_http=base.startswith("http:"))
    hosts = Hosts.of(registry, listed)
    assert hosts.base == Url.parse(base)
    authorization = Authorization(hosts, Exchanges(hosts, DIRECT, Count(), Waits()))
    named = Challenge("bearer", {"realm": realm})
    if believed:
        assert authorization.checked(named).realm == Url.parse(realm)
    else:
        with pytest.raises(Refused, match="list it as authHosts"):
            authorization.checked(named)


def test_a_challenge_of_a_mile_is_refused(stack: ExitStack) -> None:
    registry = stack.enter_context(Served(lambda _: challenge(bearer("http://127.0.0.1/", "s" * 5000))))
    with pytest.raises(WorldError, match="too long"):
        tags(registry.host, RegistrySettings(plain_http=True))


def test_a_token_that_is_refused_once_is_dropped_and_asked_for_again(stack: ExitStack) -> None:
    """As by a registry behind a balancer, one half of which does not know the new key yet."""
    numbers = iter(range(10))
    refused = iter([True])

    def function(asked: Asked) -> Answer:
        if asked.headers["Authorization"] is None or next(refused, False):
            return challenge(bearer(server.url))
        return tag_list(str(asked.headers["Authorization"]).removeprefix("Bearer "))

    def give(_: Asked) -> Answer:
        return Answer(200, (JSON,), json.dumps({"token": f"token-{next(numbers)}"}).encode())

    server = stack.enter_context(Served(give))
    registry = stack.enter_context(Served(function))
    assert tags(registry.host, RegistrySettings(plain_http=True)) == ("token-1",)
    assert (len(registry.asked), len(server.asked)) == (3, 2)


def test_who_refuses_every_token_is_not_asked_for_ever(stack: ExitStack) -> None:
    server = stack.enter_context(Served(lambda _: TOKEN))
    registry = stack.enter_context(Served(lambda _: challenge(bearer(server.url))))
    with pytest.raises(Refused):
        tags(registry.host, RegistrySettings(plain_http=True))
    assert (len(registry.asked), len(server.asked)) == (3, 2)
