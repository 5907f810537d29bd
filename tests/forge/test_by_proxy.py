"""A forge by a proxy that alone knows where it is, and what is said if that does not let us through."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from imagebot.errors import BadInput, Refused, Unavailable, WorldError
from imagebot.forge.refusals import failures
from imagebot.forge.transport import Transport
from imagebot.proxies import Certificates, ClientCertificate, Proxies, Proxy, WayOut
from imagebot.secret import Secret, SecretFile
from tests.support import tls
from tests.support.forward_proxy import ForwardProxy, dripping_handshake, forward_proxy
from tests.support.web_function import Answer, Served

HOST = "forge.corp.test"
URL = f"https://{HOST}/api/v4"


@dataclass
class Place:
    forge: Served
    proxy: ForwardProxy
    certificates: Certificates

    def transport(self, proxy: Proxy | None = None, timeout_s: float = 10.0) -> Transport:
        known = proxy or Proxy.parse(self.proxy.url)
        return Transport(WayOut(Proxies(known, known), self.certificates), timeout_s)

    def named(self, password: Secret | SecretFile) -> Proxy:
        return replace(Proxy.parse(self.proxy.url), username="bot", password=password)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A forge that lets in only who shows a certificate."""
    context, authority, client = tls.asking(tmp_path, HOST)
    with ExitStack() as stack:
        forge = stack.enter_context(Served(lambda _: Answer(body=b"[]"), tls=context))
        proxy = stack.enter_context(forward_proxy(ForwardProxy({f"{HOST}:443": ("127.0.0.1", forge.port)})))
        yield Place(forge, proxy, Certificates(authority, ClientCertificate(client, client)))


def test_a_forge_that_only_the_proxy_can_reach_is_asked_by_it_and_is_shown_our_certificate(place: Place) -> None:
    transport = place.transport()
    token = {"Authorization": "Bearer tweet-tweet"}
    assert [transport.send("GET", URL, token).body for _ in range(2)] == [b"[]", b"[]"]
    assert place.proxy.asked == [f"CONNECT {HOST}:443"]
    assert b"tweet" not in place.proxy.heads[0]

    stranger = Transport(replace(WayOut(), certificates=Certificates(place.certificates.ca_file)), 10.0)
    with pytest.raises(Unavailable), failures(HOST, "list"):
        stranger.send("GET", place.forge.url, {})


def test_a_proxy_that_speaks_tls_itself(place: Place, tmp_path: Path) -> None:
    (tmp_path / "proxy").mkdir()
    context, authority = tls.loopback(tmp_path / "proxy")
    with forward_proxy(place.proxy, context):
        proxy = replace(Proxy.parse(place.proxy.url), certificates=Certificates(authority))
        assert place.transport(proxy).send("GET", URL, {}).body == b"[]"


def test_the_password_is_read_again_when_it_changes(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "password"
    transport = place.transport(place.named(SecretFile(file)))
    for password in ("first-password", "second-password"):
        file.write_text(password)
        place.proxy.users = {"bot": password}
        assert transport.send("GET", URL, {}).status == 200
    assert not any("Proxy-Authorization" in asked.headers for asked in place.forge.asked)


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        ([b"HTTP/1.1 407 No\r\n\r\n"], Refused, r"the proxy \S+ wants a user name and a password to ask forge"),
        ([b"HTTP/1.1 403 No\r\n\r\n"], Refused, r"does not let us ask forge\.corp\.test \(403\)"),
        ([b"HTTP/1.1 504 No\r\n\r\n"], Unavailable, r"cannot reach forge\.corp\.test \(504\)"),
        ([b"SSH-2.0-OpenSSH\r\n"], WorldError, HOST),
        ([], WorldError, HOST),
    ],
)
def test_a_proxy_that_makes_no_tunnel_is_told_by_what_it_said(
    place: Place, answer: list[bytes], kind: type[WorldError], says: str
) -> None:
    place.proxy.answers = {f"{HOST}:443": answer}
    with pytest.raises(kind, match=says), failures(HOST, "list"):
        place.transport().send("GET", URL, {})
    assert place.forge.asked == []


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://nobody.invalid:3128", "cannot be reached"),
        ("http://127.0.0.1:9", "cannot be reached"),
        ("https://127.0.0.1:PORT", "cannot be trusted"),
    ],
)
def test_a_proxy_that_is_not_there_is_told_apart_from_the_forge(
    place: Place, tmp_path: Path, url: str, says: str
) -> None:
    with forward_proxy(ForwardProxy(), tls.loopback(tmp_path)[0]) as stranger:
        proxy = Proxy.parse(url.replace("PORT", str(stranger.port)))
        with (
            pytest.raises(Unavailable, match=f"^the proxy {proxy} on the way to {HOST} {says}"),
            failures(HOST, "list"),
        ):
            place.transport(proxy).send("GET", URL, {})


def test_a_proxy_that_drips_its_answer_holds_nobody(place: Place) -> None:
    def drip() -> Iterator[bytes]:
        clock = threading.Event()
        while not clock.wait(0.005):
            yield b"x"

    place.proxy.answers = {f"{HOST}:443": drip()}
    with pytest.raises(Unavailable, match="no answer in time"), failures(HOST, "list"):
        place.transport(timeout_s=0.05).send("GET", URL, {})


def test_what_drips_through_a_proxy_that_speaks_tls_holds_nobody(place: Place, tmp_path: Path) -> None:
    (tmp_path / "proxy").mkdir()
    context, authority = tls.loopback(tmp_path / "proxy")
    place.proxy.answers = {f"{HOST}:443": dripping_handshake(hung_up := threading.Event())}
    with forward_proxy(place.proxy, context):
        proxy = replace(Proxy.parse(place.proxy.url), certificates=Certificates(authority))
        with pytest.raises(Unavailable, match="no answer in time"), failures(HOST, "list"):
            place.transport(proxy, timeout_s=0.2).send("GET", URL, {})
    assert not hung_up.is_set()


@pytest.mark.parametrize(
    ("written", "says"),
    [
        (b"no certificate", "they are no certificate and key"),
        (None, "No such file"),
    ],
)
def test_a_certificate_of_ours_that_does_not_serve_is_bad_input(
    place: Place, tmp_path: Path, written: bytes | None, says: str
) -> None:
    file = tmp_path / "ours.pem"
    if written is not None:
        file.write_bytes(written)
    with pytest.raises(BadInput, match=says):
        Transport(WayOut(certificates=Certificates(client=ClientCertificate(file, file))), 1.0)


def test_a_key_with_a_passphrase_is_refused_and_nobody_is_asked_for_it(tmp_path: Path) -> None:
    tls.asking(tmp_path, passphrase="hunter2")
    client = ClientCertificate(tmp_path / "client.pem", tmp_path / "client.pem")
    with pytest.raises(BadInput, match="the key has a passphrase; give one without"):
        Transport(WayOut(certificates=Certificates(client=client)), 1.0)
