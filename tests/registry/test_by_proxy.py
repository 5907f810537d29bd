"""Registries by a proxy that alone knows where they are; what it says, and how long it may take to say it."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from imagebot.errors import Refused, Unavailable, WorldError
from imagebot.images.reference import ImageName
from imagebot.proxies import Certificates, ClientCertificate, NoProxy, Proxies, Proxy
from imagebot.registry.client import Registries
from imagebot.registry.limits import PATIENCE, Timeouts
from imagebot.secret import Secret, SecretFile
from imagebot.settings.resolve import BasicCredentials, RegistrySettings
from tests.support import tls
from tests.support.canary import PASSWORD, USERNAME, carriers
from tests.support.fake_registry import JSON, bearer, challenge, manifest, tag_list
from tests.support.forward_proxy import ForwardProxy, dripping_handshake, forward_proxy
from tests.support.web_function import Answer, Asked, Served

NAME = "registry.corp.test"
IMAGE = ImageName(NAME, "acme/api")
ASKED = f"CONNECT {NAME}:443"
TOKEN = Answer(200, (JSON,), b'{"token": "a-token"}')
IMPATIENT = Timeouts(connect=5.0, read=5.0, total=0.3)


@dataclass
class Place:
    """An https registry that no resolver knows, a proxy that does, and the file of who signed for both."""

    registry: Served
    proxy: ForwardProxy
    authority: Path
    stack: ExitStack

    def settings(self, **more: object) -> RegistrySettings:
        known = Proxy.parse(self.proxy.url)
        known = replace(known, certificates=Certificates(self.authority))
        given = {"proxy": Proxies(known, known), "ca_file": self.authority, **more}
        return RegistrySettings.model_construct(**{**dict(RegistrySettings()), **given})

    def with_password(self, username: str, password: Secret | SecretFile) -> RegistrySettings:
        proxy = replace(Proxy.parse(self.proxy.url), username=username, password=password)
        return self.settings(proxy=Proxies(proxy, proxy))

    def tags(self, settings: RegistrySettings, timeouts: Timeouts = PATIENCE) -> tuple[str, ...]:
        return tuple(Registries({NAME: settings}, timeouts=timeouts).tags(IMAGE).tags)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    context, authority = tls.loopback(tmp_path, NAME, "auth.corp.test", "blobs.corp.test")
    with ExitStack() as stack:
        registry = stack.enter_context(Served(lambda _: tag_list("1.0.0"), tls=context))
        known = ForwardProxy({f"{NAME}:443": ("127.0.0.1", registry.port)})
        yield Place(registry, stack.enter_context(forward_proxy(known)), authority, stack)


def test_a_registry_that_only_the_proxy_can_reach_is_asked_by_it(place: Place) -> None:
    assert place.tags(place.settings()) == ("1.0.0",)
    assert place.proxy.asked == [ASKED]
    assert not any(b"authorization" in head.lower() for head in place.proxy.heads)


def test_one_tunnel_carries_many_questions(place: Place) -> None:
    registries = Registries({NAME: place.settings()})
    assert {registries.tags(ImageName(NAME, name)).tags for name in ("a", "b", "c")} == {("1.0.0",)}
    assert (place.proxy.asked, place.registry.connections) == ([ASKED], 1)


def test_a_proxy_that_speaks_tls_itself_is_believed_by_its_own_authority(place: Place, tmp_path: Path) -> None:
    (tmp_path / "of the proxy").mkdir()
    context, authority, client = tls.asking(tmp_path / "of the proxy")
    place.stack.enter_context(forward_proxy(place.proxy, context))
    shown = Certificates(authority, ClientCertificate(client, client))
    proxy = replace(Proxy.parse(place.proxy.url), certificates=shown)

    assert place.proxy.scheme == "https"
    assert place.tags(place.settings(proxy=Proxies(proxy, proxy))) == ("1.0.0",)
    with pytest.raises(Unavailable, match=r"the proxy https://127\S+ on the way to \S+ cannot be trusted: self-signed"):
        place.tags(place.settings())


def test_plain_http_is_asked_of_the_proxy_by_the_whole_url(place: Place) -> None:
    plain = place.stack.enter_context(Served(manifest))
    place.proxy.routes = {f"{NAME}:5000": ("127.0.0.1", plain.port)}
    name = ImageName(f"{NAME}:5000", "acme/api")
    registries = Registries({name.registry: place.settings(plain_http=True)})

    registries.digest(name, "1.0.0")

    assert place.proxy.asked == [f"HEAD http://{NAME}:5000/v2/acme/api/manifests/1.0.0"]
    assert plain.asked[0].headers["Host"] == f"{NAME}:5000"


def test_the_password_is_for_the_proxy_and_read_again_when_it_changes(place: Place, tmp_path: Path) -> None:
    place.proxy.users = {"bot": "first-password"}
    (tmp_path / "password").write_text("first-password\n")
    registries = Registries({NAME: place.with_password("bot", SecretFile(tmp_path / "password"))})
    assert registries.tags(IMAGE).tags == ("1.0.0",)

    place.proxy.users = {"bot": "second-password"}
    (tmp_path / "password").write_text("second-password\n")
    assert registries.tags(ImageName(NAME, "other")).tags == ("1.0.0",)

    assert not any("Proxy-Authorization" in asked.headers for asked in place.registry.asked)


@pytest.mark.parametrize(
    ("password", "says"),
    [
        (None, r"the proxy http://127.0.0.1:\d+ wants a user name and a password to ask registry\.corp\.test \(407\)"),
        (
            Secret("wr0ng-passw0rd"),
            r"wants another user name and password to ask \S+ \(407\): see .*, or HTTPS_PROXY",
        ),
        (SecretFile(Path("/nowhere/password")), r"was not asked: cannot read the secret file /nowhere/password"),
        (Secret("two\nlines"), r"was not asked: the credentials for the proxy \S+ hold"),
    ],
)
def test_a_proxy_that_wants_another_password_says_so(place: Place, password: Secret | None, says: str) -> None:
    place.proxy.users = {"bot": "right-password"}
    settings = place.settings() if password is None else place.with_password("bot", password)
    with pytest.raises(Refused, match=says) as refused:
        place.tags(settings)
    assert "wr0ng-passw0rd" not in str(refused.value)
    assert place.registry.asked == []


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", Refused, "does not let us ask registry.corp.test .403."),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", Unavailable, "cannot reach registry.corp.test .503."),
        (b"HTTP/1.1 301 Moved\r\nLocation: http://evil.test/\r\n\r\n", Refused, "does not let us ask .* .301."),
        (b"SSH-2.0-OpenSSH\r\n", WorldError, "asked by the proxy .* does not answer in proper HTTP"),
        (b"", Unavailable, "asked by the proxy .* cut the connection"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000, WorldError, "does not answer in proper HTTP"),
    ],
)
def test_a_proxy_that_makes_no_tunnel_is_told_by_what_it_said(
    place: Place, answer: bytes, kind: type[WorldError], says: str
) -> None:
    place.proxy.answers = {f"{NAME}:443": [answer]}
    with pytest.raises(kind, match=says):
        place.tags(place.settings())
    assert place.registry.asked == []


def test_a_proxy_that_drips_its_answer_holds_nobody(place: Place) -> None:
    def drip() -> Iterator[bytes]:
        clock = threading.Event()
        while not clock.wait(0.005):
            yield b"x"

    place.proxy.answers = {f"{NAME}:443": drip()}
    with pytest.raises(Unavailable, match=r"asked by the proxy \S+ took too long"):
        place.tags(place.settings(), IMPATIENT)


def test_what_drips_through_a_proxy_that_speaks_tls_holds_nobody(place: Place, tmp_path: Path) -> None:
    (tmp_path / "of the proxy").mkdir()
    context, place.authority = tls.loopback(tmp_path / "of the proxy")
    place.stack.enter_context(forward_proxy(place.proxy, context))
    place.proxy.answers = {f"{NAME}:443": dripping_handshake(hung_up := threading.Event())}
    with pytest.raises(Unavailable, match=r"asked by the proxy \S+ took too long"):
        place.tags(place.settings(), IMPATIENT)
    assert not hung_up.is_set()


def test_a_proxy_that_is_not_there_is_told_apart_from_the_registry(place: Place) -> None:
    nobody = Proxy.parse("http://nobody.invalid:3128")
    with pytest.raises(Unavailable, match=rf"^the proxy {nobody} on the way to {NAME} cannot be found"):
        place.tags(place.settings(proxy=Proxies(nobody, nobody)))


def test_who_needs_no_proxy_is_asked_without(place: Place) -> None:
    known = Proxy.parse(place.proxy.url)
    direct = Proxies(known, known, NoProxy.parse([".corp.test"]))
    with pytest.raises(Unavailable, match=f"^{NAME} cannot be found"):
        place.tags(place.settings(proxy=direct))
    assert place.proxy.asked == []


def test_behind_a_proxy_a_policy_cannot_name_hosts_that_no_setting_names(place: Place) -> None:
    """The proxy would look them up, and nobody here would see that they are private."""
    way = place.settings().way
    with pytest.raises(Refused, match=rf"{NAME} was not asked by the proxy .* list {NAME} under registries"):
        Registries({}, way=way).tags(IMAGE)
    assert place.proxy.asked == []


@pytest.mark.parametrize("target", ["https://inside.corp.test/blob", "https://169.254.169.254/latest/meta-data"])
def test_behind_a_proxy_a_registry_cannot_send_us_to_hosts_that_no_setting_names(
    place: Place, tmp_path: Path, target: str
) -> None:
    context, _ = tls.loopback(tmp_path, NAME)
    away = place.stack.enter_context(Served(lambda _: Answer(307, (("Location", target),)), tls=context))
    place.proxy.routes = {f"{NAME}:443": ("127.0.0.1", away.port)}
    settings = place.settings(ca_file=tmp_path / "authority.pem")
    with pytest.raises(Refused, match=rf"list \S+ in the blobHosts of {NAME} under registries"):
        place.tags(settings)
    assert place.proxy.asked == [ASKED]


def test_tokens_and_blobs_go_by_the_proxy_too_and_the_password_to_the_token_server_alone(
    place: Place, tmp_path: Path
) -> None:
    context, authority = tls.loopback(tmp_path, NAME, "auth.corp.test", "blobs.corp.test")

    def registry(asked: Asked) -> Answer:
        if asked.headers["Authorization"] != "Bearer a-token":
            return challenge(bearer("https://auth.corp.test/token"))
        return Answer(307, (("Location", "https://blobs.corp.test/list"),))

    servers = {
        NAME: place.stack.enter_context(Served(registry, tls=context)),
        "auth.corp.test": place.stack.enter_context(Served(lambda _: TOKEN, tls=context)),
        "blobs.corp.test": place.stack.enter_context(Served(lambda _: tag_list("1.0.0"), tls=context)),
    }
    place.proxy.routes = {f"{host}:443": ("127.0.0.1", server.port) for host, server in servers.items()}
    settings = place.settings(
        ca_file=authority,
        auth_hosts=("auth.corp.test",),
        blob_hosts=("blobs.corp.test",),
        credentials=(BasicCredentials(USERNAME, Secret(PASSWORD)),),
    )

    assert place.tags(settings) == ("1.0.0",)
    assert place.proxy.hosts == set(place.proxy.routes)
    assert [host for host, server in servers.items() if carriers(server.asked)] == ["auth.corp.test"]


@pytest.mark.parametrize("blobs_want_one", [False, True])
def test_a_certificate_of_ours_is_for_the_registry_and_for_no_host_of_blobs(
    place: Place, tmp_path: Path, blobs_want_one: bool
) -> None:
    context, authority, client = tls.asking(tmp_path, NAME, "blobs.corp.test")
    blobs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    blobs.load_cert_chain(client)
    blobs.load_verify_locations(authority)
    blobs.verify_mode = ssl.CERT_REQUIRED if blobs_want_one else ssl.CERT_NONE
    away = Answer(307, (("Location", "https://blobs.corp.test/list"),))
    servers = {
        NAME: place.stack.enter_context(Served(lambda _: away, tls=context)),
        "blobs.corp.test": place.stack.enter_context(Served(lambda _: tag_list("1.0.0"), tls=blobs)),
    }
    place.proxy.routes = {f"{host}:443": ("127.0.0.1", server.port) for host, server in servers.items()}
    shown = {"client_cert_file": client, "ca_file": authority, "blob_hosts": ("blobs.corp.test",)}

    if blobs_want_one:
        with pytest.raises(Unavailable):
            place.tags(place.settings(**shown))
    else:
        assert place.tags(place.settings(**shown)) == ("1.0.0",)
    assert len(servers[NAME].asked) == 1
