"""Eight registries that answer to hurt, each in its own way, for as many images as are asked about."""

from __future__ import annotations

import hashlib
import json
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache

from tests.support.fake_registry import MANIFEST_TYPE
from tests.support.raw_server import RawServer, Reply, Request, http

MIB = 1024 * 1024
JSON = "Content-Type: application/json"
CONFIG = "application/vnd.oci.image.config.v1+json"
_DROP_SECONDS = 0.2

Answering = Callable[[Request], Reply]


@cache
def _lists_beside_the_tags() -> bytes:
    return http(200, b'{"tags": ["1.1.0"], "x": [' + b"[]," * (5 * MIB) + b"[]]}", JSON)


@cache
def _challenges() -> bytes:
    return http(401, b"", *["WWW-Authenticate: " + "a," * 32_000] * 90)


def _long_tags(request: Request) -> bytes:
    number = request.target.rpartition("=")[2]
    following = int(number) + 1 if number.isdigit() and "last" in request.target else 1
    link = f"Link: </v2/a/tags/list?last={following}>; rel=next"
    return http(200, _page_of_long_tags(), JSON, *([link] if following < 15 else []))


@cache
def _page_of_long_tags() -> bytes:
    return b'{"tags": [' + (b'"' + b"a" * 200 + b'",') * (9 * MIB // 203) + b'"1.1.0"]}'


def _drip(_: Request) -> Iterator[bytes]:
    """A header at first, then a space five times a second, for ever."""
    clock = threading.Event()
    yield b"HTTP/1.1 200 OK\r\n"
    while not clock.wait(_DROP_SECONDS):
        yield b" "


@cache
def _bomb() -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    packed = b"".join(packer.compress(bytes(MIB)) for _ in range(512)) + packer.flush()
    return http(200, packed, JSON, "Content-Encoding: gzip")


@cache
def _deep() -> bytes:
    return http(200, b'{"tags": ["1.1.0"], "x": ' + b"[" * (15 * MIB), JSON)


@cache
def _many_tags() -> bytes:
    return http(200, json.dumps({"tags": [f"1.1.{number}" for number in range(90_000)]}).encode(), JSON)


def _image(manifest: bytes) -> Answering:
    """One tag, whose manifest this is; HEAD tells its digest."""
    digest = f"sha256:{hashlib.sha256(manifest).hexdigest()}"
    headers = (f"Content-Type: {MANIFEST_TYPE}", f"Docker-Content-Digest: {digest}")
    lists = http(200, b'{"tags": ["1.0.0", "1.1.0"]}', JSON)
    head, whole = http(200, b"", *headers), http(200, manifest, *headers)

    def answer(request: Request) -> bytes:
        if request.path.endswith("/list"):
            return lists
        return head if request.method == "HEAD" else whole

    return answer


KINDS: Mapping[str, Callable[[], Answering]] = {
    "lists beside the tags": lambda: lambda _: _lists_beside_the_tags(),
    "90 headers of 64 KiB": lambda: lambda _: _challenges(),
    "pages of tags that are too long": lambda: _long_tags,
    "a drip": lambda: _drip,
    "a gzip bomb": lambda: lambda _: _bomb(),
    "JSON of 15 million levels": lambda: lambda _: _deep(),
    "an index of a million children": lambda: _image(b'{"manifests": [' + b"{}," * 1_390_000 + b"{}]}"),
    "90 000 tags that fit": lambda: lambda _: _many_tags(),
}
"""By what they do; each is asked to begin once."""


@contextmanager
def hostile(*kinds: str) -> Iterator[dict[str, RawServer]]:
    """Those of these kinds, running, or all of them."""
    with ExitStack() as stack:
        yield {kind: stack.enter_context(RawServer({"*": KINDS[kind]()})) for kind in kinds or KINDS}
