"""What comes over the wire is small, plain and asked for; what goes out is ours alone."""

from __future__ import annotations

import tracemalloc
import zlib
from collections.abc import Callable
from itertools import repeat
from pathlib import Path

import pytest

from imagebot.errors import BadResponse, Unavailable, WorldError
from imagebot.images.reference import ImageName
from imagebot.registry.client import Registries
from imagebot.registry.limits import MANIFEST_BYTES, MIB, TAGS_PAGE_BYTES
from imagebot.settings.resolve import RegistrySettings
from tests.support import tls
from tests.support.fake_registry import DIGEST, JSON, MANIFEST_TYPE, tag_list
from tests.support.web_function import Answer, Asked, Function, HangUp, Raw, Served, serving


def tags(served: Served) -> tuple[str, ...]:
    registries = Registries({served.host: RegistrySettings(plain_http=True)})
    try:
        return tuple(registries.tags(ImageName(served.host, "acme/api")).tags)
    finally:
        registries.close()


def bomb(size: int) -> bytes:
    """`size` zeros in gzip."""
    packer = zlib.compressobj(1, wbits=31)
    return b"".join(packer.compress(bytes(MIB)) for _ in range(size // MIB)) + packer.flush()


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "GZIP", "identity, gzip"])
def test_a_compressed_answer_is_refused_before_it_can_grow(encoding: str) -> None:
    body = bomb(64 * MIB)
    tracemalloc.start()
    try:
        with serving(lambda _: Answer(200, (JSON, ("Content-Encoding", encoding)), body)) as served:
            with pytest.raises(BadResponse, match="compressed"):
                tags(served)
            assert served.asked[0].headers["Accept-Encoding"] == "identity"
        assert tracemalloc.get_traced_memory()[1] < 8 * MIB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("status", [301, 307, 401, 404, 503])
def test_no_answer_is_unpacked_whatever_its_status(status: int) -> None:
    """What requests does: it reads and unpacks the whole body of a redirect even where it shall not follow it."""
    body = bomb(64 * MIB)
    headers = (("Content-Encoding", "gzip"), ("Location", "/again"))
    tracemalloc.start()
    try:
        with serving(lambda _: Answer(status, headers, body)) as served, pytest.raises(WorldError):
            tags(served)
        assert tracemalloc.get_traced_memory()[1] < 8 * MIB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("status", [200, 307, 404, 500])
def test_an_endless_answer_is_cut_off(status: int) -> None:
    with serving(lambda _: Answer(status, (JSON,), repeat(b" " * 65536))) as served, pytest.raises(WorldError):
        tags(served)


@pytest.mark.parametrize(
    ("size", "fits"),
    [pytest.param(TAGS_PAGE_BYTES, True, id="cap"), pytest.param(TAGS_PAGE_BYTES + 1, False, id="more")],
)
def test_a_page_may_be_as_large_as_the_cap(size: int, fits: bool) -> None:
    body = b'{"tags": ["1.0.0"]}'.ljust(size)
    with serving(lambda _: Answer(200, (JSON,), body)) as served:
        if fits:
            assert tags(served) == ("1.0.0",)
        else:
            with pytest.raises(BadResponse, match="more than the 16384 KiB"):
                tags(served)


def test_a_manifest_may_not_be_larger_than_manifests_are() -> None:
    body = b"{}".ljust(MANIFEST_BYTES + 1)
    with serving(lambda _: Answer(200, (("Content-Type", MANIFEST_TYPE),), body)) as served:
        registries = Registries({served.host: RegistrySettings(plain_http=True)})
        with pytest.raises(BadResponse, match="more than the 4096 KiB"):
            registries.verify(ImageName(served.host, "acme/api"), DIGEST)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 200 OK\r\nLink: <" + b"a" * 1_000_000 + b">\r\n\r\n", id="header of a megabyte"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 1000 + b"\r\n", id="thousand headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}", id="shorter than announced"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", id="bad chunk"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<htm>", id="no JSON"),
    ],
)
def test_what_is_no_proper_answer_is_a_bad_response(raw: bytes) -> None:
    with serving(lambda _: Raw([raw])) as served, pytest.raises(BadResponse):
        tags(served)


def failing(times: int) -> Function:
    """A registry that cuts the connection so many times before it answers."""
    left = iter(range(times))

    def function(_: Asked) -> Answer:
        if next(left, None) is not None:
            raise HangUp
        return tag_list("1.0.0")

    return function


def test_a_connection_that_is_cut_is_tried_once_more() -> None:
    with serving(failing(1)) as served:
        assert tags(served) == ("1.0.0",)
    with serving(failing(2)) as served:
        with pytest.raises(Unavailable, match="cut the connection, twice"):
            tags(served)
        assert len(served.asked) == 2


def test_netrc_proxies_and_bundles_of_the_environment_are_not_heeded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login canary password canary\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
    with serving(lambda _: tag_list("1.0.0")) as served:
        assert tags(served) == ("1.0.0",)
    assert served.asked[0].headers["Authorization"] is None


def test_cookies_are_not_kept_and_the_bot_says_who_it_is() -> None:
    with serving(lambda _: tag_list("1.0.0", headers=[("Set-Cookie", "a=b")])) as served:
        registries = Registries({served.host: RegistrySettings(plain_http=True)})
        for _ in range(2):
            registries.tags(ImageName(served.host, "acme/api"))
    assert [request.headers["Cookie"] for request in served.asked] == [None, None]
    assert served.asked[0].headers["User-Agent"].startswith("imagebot/")


Settings = Callable[[Path], RegistrySettings]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        pytest.param(lambda _: RegistrySettings(), "self-signed certificate", id="unknown authority"),
        pytest.param(lambda _: RegistrySettings(plain_http=True), "cut the connection|proper HTTP", id="http"),
        pytest.param(lambda folder: RegistrySettings(ca_file=folder / "none.pem"), "No such file", id="no file"),
        pytest.param(lambda folder: RegistrySettings(ca_file=folder / "key.pem"), "no certificate", id="no authority"),
    ],
)
def test_a_registry_whose_certificate_is_not_known_is_not_talked_to(
    tmp_path: Path, settings: Settings, message: str
) -> None:
    context, authority = tls.loopback(tmp_path)
    with Served(lambda _: tag_list("1.0.0"), tls=context) as served:
        name = ImageName(served.host, "acme/api")
        with pytest.raises(WorldError, match=message):
            Registries({served.host: settings(tmp_path)}).tags(name)
        assert Registries({served.host: RegistrySettings(ca_file=authority)}).tags(name).tags == ("1.0.0",)


def test_one_connection_carries_many_questions() -> None:
    with serving(lambda _: tag_list("1.0.0")) as served:
        registries = Registries({served.host: RegistrySettings(plain_http=True)})
        for _ in range(5):
            registries.tags(ImageName(served.host, "acme/api"))
        assert served.connections == 1
        assert registries.requests == 5
