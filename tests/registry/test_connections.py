"""Whom a connection may reach, and how long it may drip."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from itertools import chain

import pytest

from imagebot.errors import Refused, Unavailable, WorldError
from imagebot.images.reference import ImageName
from imagebot.registry.client import Registries
from imagebot.registry.connections import Leash, check_peer
from imagebot.registry.limits import Deadline, Timeouts
from imagebot.settings.resolve import RegistrySettings
from tests.support.fake_registry import JSON, tag_list
from tests.support.web_function import Answer, Asked, Raw, serving


@pytest.mark.parametrize(
    ("address", "unlisted", "listed"),
    [
        ("140.82.121.34", True, True),
        ("2606:50c0::1", True, True),
        ("10.0.0.1", False, True),
        ("172.16.3.4", False, True),
        ("192.168.1.1", False, True),
        ("100.64.0.1", False, True),
        ("127.0.0.1", False, True),
        ("::1", False, True),
        ("fd12::1", False, True),
        ("::ffff:10.0.0.1", False, True),
        ("64:ff9b::a00:1", False, True),
        ("2002:a00:1::", False, True),
        ("169.254.169.254", False, False),
        ("169.254.170.2", False, False),
        ("::ffff:169.254.169.254", False, False),
        ("64:ff9b::a9fe:a9fe", False, False),
        ("fe80::1", False, False),
        ("fe80::1%eth0", False, False),
        ("fd00:ec2::254", False, False),
        ("100.100.100.200", False, False),
        ("192.0.0.192", False, False),
        ("0.0.0.0", False, False),
        ("::", False, False),
        ("224.0.0.1", False, False),
        ("255.255.255.255", False, False),
    ],
)
@pytest.mark.parametrize("kind", ["unlisted", "listed"])
def test_private_addresses_are_for_listed_hosts_and_some_for_none(
    address: str, unlisted: bool, listed: bool, kind: str
) -> None:
    leash = Leash(Deadline(Timeouts()), kind == "listed", "list it")
    if listed if kind == "listed" else unlisted:
        check_peer(address, "r.test", leash)
    else:
        with pytest.raises(Refused, match=r"r\.test is at"):
            check_peer(address, "r.test", leash)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_policy_cannot_make_us_knock_at_a_private_door(host: str) -> None:
    with serving(lambda _: Answer()) as inside, pytest.raises(Refused, match="a private address") as refused:
        Registries({}).tags(ImageName(f"{host}:{inside.port}", "acme/api"))
    assert str(refused.value).endswith(f": if that is meant, list {host}:{inside.port} under registries")
    assert inside.asked == []


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2", "::1"])
def test_a_listed_registry_may_be_next_door(address: str) -> None:
    with serving(lambda _: tag_list("1.0.0"), address) as served:
        registries = Registries({served.host: RegistrySettings(plain_http=True)})
        assert registries.tags(ImageName(served.host, "acme/api")).tags == ("1.0.0",)


def dripping(piece: bytes) -> Iterator[bytes]:
    """The same bytes every few milliseconds, for ever."""
    clock = threading.Event()
    while not clock.wait(0.005):
        yield piece


@pytest.mark.parametrize(
    "drip",
    [
        pytest.param(lambda: Answer(200, (JSON,), dripping(b" ")), id="body"),
        pytest.param(lambda: Answer(404, (JSON,), dripping(b" ")), id="body of an error"),
        pytest.param(lambda: Answer(200, (JSON, ("Content-Length", "1000000")), dripping(b" ")), id="announced body"),
        pytest.param(
            lambda: Answer(200, (JSON, ("Transfer-Encoding", "chunked")), dripping(b"1\r\n \r\n")), id="chunks"
        ),
        pytest.param(lambda: Raw(dripping(b"H")), id="status line"),
        pytest.param(lambda: Raw(chain([b"HTTP/1.1 200 OK\r\n"], dripping(b"x"))), id="headers"),
        pytest.param(lambda: Raw(dripping(b"HTTP/1.1 100 Continue\r\n\r\n")), id="continue"),
    ],
)
def test_a_drip_is_cut_off_when_the_time_is_over(drip: Callable[[], Answer | Raw]) -> None:
    patience = Timeouts(connect=5, read=5, total=0.1)
    with serving(lambda _: drip()) as served:
        registries = Registries({served.host: RegistrySettings(plain_http=True)}, timeouts=patience)
        with pytest.raises(Unavailable, match=r"took too long: 0\.1 s in all were not enough"):
            registries.tags(ImageName(served.host, "acme/api"))


def test_silence_is_cut_off_and_not_tried_again() -> None:
    over = threading.Event()

    def silence() -> Iterator[bytes]:
        over.wait(10)
        yield b""

    with serving(lambda _: Raw(silence())) as served:
        registries = Registries({served.host: RegistrySettings(plain_http=True)}, timeouts=Timeouts(read=0.05))
        with pytest.raises(Unavailable, match=r"went silent for 0\.05 s"):
            registries.tags(ImageName(served.host, "acme/api"))
        with pytest.raises(Unavailable, match="not asked again"):
            registries.tags(ImageName(served.host, "acme/web"))
        over.set()
        assert len(served.asked) == 1


def test_a_handshake_that_drips_is_cut_off_when_the_time_is_over() -> None:
    """Bytes of a TLS record that never ends."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        over = threading.Event()

        def drip() -> None:
            connection, _ = listening.accept()
            with connection, contextlib.suppress(OSError):
                connection.sendall(b"\x16\x03\x03\x40\x00")
                while not over.wait(0.005):
                    connection.sendall(b"\x00")

        thread = threading.Thread(target=drip)
        thread.start()
        host = f"127.0.0.1:{listening.getsockname()[1]}"
        registries = Registries({host: RegistrySettings()}, timeouts=Timeouts(connect=5, read=5, total=0.2))
        with pytest.raises(Unavailable, match=rf"{host} (took too long|did not take the connection)"):
            registries.tags(ImageName(host, "acme/api"))
        over.set()
        thread.join()


def test_redirects_have_no_time_of_their_own() -> None:
    """Each hop answers in time, and all of them together do not."""
    clock = threading.Event()

    def hop(asked: Asked) -> Answer:
        clock.wait(0.05)
        return Answer(307, (("Location", f"{asked.path}x"),))

    with serving(hop) as served:
        registries = Registries({served.host: RegistrySettings(plain_http=True)}, timeouts=Timeouts(total=0.12))
        with pytest.raises(Unavailable, match="took too long"):
            registries.verify(ImageName(served.host, "acme/api"), f"sha256:{'a' * 64}")


def test_a_host_with_several_addresses_is_asked_at_the_first_that_takes_it() -> None:
    """`localhost` may be ::1 first, where nobody listens."""
    with serving(lambda _: tag_list("1.0.0")) as served:
        host = f"localhost:{served.port}"
        registries = Registries({host: RegistrySettings(plain_http=True)})
        assert registries.tags(ImageName(host, "acme/api")).tags == ("1.0.0",)


@pytest.mark.parametrize("host", ["a..b", "x" * 64, "-a.test", "xn--.test", "1.2.3.4.5.6", "[::ffff:1.2.3.999]"])
def test_a_host_that_cannot_be_is_told_in_words(host: str) -> None:
    location = f"http://{host}/"
    with serving(lambda _: Answer(307, (("Location", location),))) as served:
        registries = Registries({served.host: RegistrySettings(plain_http=True)})
        with pytest.raises(WorldError):
            registries.tags(ImageName(served.host, "acme/api"))
