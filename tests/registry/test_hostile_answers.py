"""One answer of one registry costs the question that it answers, however it is made, and little memory.

Each is asked about by a process of its own, whose peak is looked at.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from itertools import chain, count, repeat

import pytest

from tests.support.fake_registry import MANIFEST_TYPE
from tests.support.question import Came, asked
from tests.support.raw_server import RawServer, Reply, Request, Script, http

GROWTH = 32.0  # MiB that one answer may cost
KIB = 1024
MIB = 1024 * KIB
CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
TAGS = b'{"tags": ["1.0.0"]}'
JSON = "Content-Type: application/json"
DIGEST = f"sha256:{'a' * 64}"


def ask(script: Script, method: str = "tags", *words: str) -> Came:
    with RawServer(script) as server:
        return asked(server.host, method, *words)


def page(body: bytes) -> Script:
    return {"/v2/acme/api/tags/list": http(200, body, JSON)}


def chunk(content: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(content), content)


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(CHUNKED + b"-5\r\nabc", id="chunk of -5 bytes"),
        pytest.param(CHUNKED + b"-0\r\n\r\n", id="chunk of -0 bytes"),
        pytest.param(CHUNKED + b"f" * 5_000 + b"\r\nabc", id="chunk size of thousands of digits"),
        pytest.param(CHUNKED + b"7fffffffffffffff\r\nabc", id="chunk of all there is"),
        pytest.param(CHUNKED + b"fffffffffffffffff\r\nabc", id="chunk of more than there is"),
        pytest.param(CHUNKED + b"\r\nabc", id="chunk of no size"),
        pytest.param(CHUNKED + b"\x00\r\nabc", id="chunk of NUL"),
        pytest.param(CHUNKED + "\u0661\r\nabc".encode(), id="chunk in Arabic digits"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n" + TAGS, id="length of -1"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 1e3\r\n\r\n" + TAGS, id="length of 1e3"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5_000 + b"\r\n\r\n", id="absurd length"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 5, 7\r\n\r\n" + TAGS, id="two lengths in one"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 19\r\nContent-Length: 7\r\n\r\n" + TAGS, id="two lengths"),
        pytest.param(b"HTTP/1.1 200 OK\r\nno header\r\nContent-Length: 19\r\n\r\n" + TAGS, id="line without a colon"),
        pytest.param(b"HTTP/1.1 200 OK\r\n: nothing\r\n\r\n", id="header without a name"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\x00\xff: \x00\xff\r\n\r\n", id="bytes for a header"),
        pytest.param(b"HTTP/1.1 \xb2\xb9\xb3 OK\r\n\r\n", id="status in superscript"),
        pytest.param(b"HTTP/1.1 99999999999999999999 OK\r\n\r\n", id="status of twenty digits"),
        pytest.param(b"HTTP/9.9 200 OK\r\n\r\n", id="version to come"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00", id="TLS"),
        pytest.param(b"\x00" * 100_000, id="NULs"),
        pytest.param(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n\x00\x00", id="another protocol"),
    ],
)
def test_one_answer_that_is_no_http_stops_nobody(reply: bytes) -> None:
    came = ask({"*": reply})
    assert came.error in ("BadResponse", "BadContent"), came


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + http(200, TAGS), id="early hints"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + http(200, TAGS), id="two"),
    ],
)
def test_an_interim_answer_is_passed_over(reply: bytes) -> None:
    assert "1.0.0" in ask({"*": reply}).text


def endless(piece: bytes, *before: bytes) -> Callable[[Request], Iterator[bytes]]:
    """Pieces of 64 KiB for as long as somebody reads them."""
    return lambda _: chain(before, repeat(piece * (64 * KIB // len(piece))))


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(http(401, b"", *["WWW-Authenticate: " + "a," * (32 * KIB - 20)] * 90), id="challenges, 90 lines"),
        pytest.param(http(200, TAGS, *["Link: " + ",<" * (32 * KIB - 8)] * 90), id="links, 90 lines"),
        pytest.param(http(200, TAGS, *[f"X-{n}: {'a' * 1000}" for n in range(90)]), id="a little too much of it"),
        pytest.param(endless(b"Link: a\r\n", b"HTTP/1.1 200 OK\r\n"), id="headers without end"),
        pytest.param(endless(b" folded\r\n", b"HTTP/1.1 200 OK\r\nLink: a\r\n"), id="a folded header without end"),
        pytest.param(endless(b"a", b"HTTP/1.1 200 OK\r\nLink: "), id="one header without end"),
        pytest.param(endless(b"a", b"HTTP/1.1 200 "), id="a reason without end"),
        pytest.param(endless(b"HTTP/1.1 100 Continue\r\n\r\n"), id="100 without end"),
        pytest.param(endless(b"HTTP/1.1 103 Early Hints\r\n\r\n"), id="103 without end"),
        pytest.param(endless(b"X-More: a\r\n", CHUNKED + chunk(TAGS) + b"0\r\n"), id="trailers without end"),
        pytest.param(endless(b"1;x=y\r\n \r\n", CHUNKED), id="small chunks without end"),
        pytest.param(endless(b"a", CHUNKED + b"1;"), id="an extension of a chunk without end"),
        pytest.param(endless(b"a", CHUNKED + b"-1\r\n"), id="chunk of -1 bytes, all that ever comes"),
    ],
)
def test_headers_are_bounded_before_they_are_read(reply: Reply | Callable[[Request], Reply]) -> None:
    """Those of 90 lines took 870 MB and a minute."""
    came = ask({"*": reply})
    assert came.error in ("BadResponse", "BadContent"), came
    assert "proper HTTP" in came.text
    assert came.growth < GROWTH / 4


DEEP = 16 * MIB - 100


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            lambda: b'{"tags": ["1.0.0"], "x": [' + b"[]," * (DEEP // 3) + b"[]]}", id="lists beside the tags"
        ),
        pytest.param(lambda: b'{"tags": ["1.0.0"], "x": ' + b"[" * DEEP, id="deep beside the tags"),
        pytest.param(lambda: b'{"tags": ["1.0.0"], "x": ' + b'{"a":' * (DEEP // 5), id="deep in objects"),
        pytest.param(lambda: b'{"tags": ["1.0.0"], "x": "' + b"a" * DEEP + b'"}', id="one long text"),
        pytest.param(lambda: b'{"tags": ["1.0.0"], "x": ' + b"1" * DEEP + b"}", id="one long number"),
        pytest.param(lambda: b'{"tags": ["1.0.0"], "' + b"a" * DEEP + b'": 1}', id="one long key"),
        pytest.param(lambda: b'{"tags": ["' + b"a" * DEEP + b'"]}', id="one long tag"),
        pytest.param(lambda: b'{"tags": [' + b"[]," * (DEEP // 3) + b"[]]}", id="lists for tags"),
        pytest.param(lambda: b'{"tags": [' + b'"a",' * (DEEP // 4) + b'"a"]}', id="one tag four million times"),
        pytest.param(
            lambda: b'{"tags": [' + b",".join(b'"%d"' % n for n in range(1_500_000)) + b"]}",
            id="more tags than there are",
        ),
        pytest.param(
            lambda: (
                b'{"tags": [], "manifest": {'
                + b",".join(
                    b'"%d": {"tag": ["%d"], "timeUploadedMs": "1767268800123"}' % (n, n) for n in range(200_000)
                )
                + b"}}"
            ),
            id="more uploads than there are",
        ),
        pytest.param(
            lambda: b'{"tags": [], "manifest": {"a": {"tag": [' + b'"a",' * (DEEP // 4) + b'"a"]}}}',
            id="one upload's tags",
        ),
    ],
)
def test_a_page_of_tags_costs_little_whatever_is_in_it(body: Callable[[], bytes]) -> None:
    """The first took 553 MB and 22 s."""
    came = ask(page(body()))
    assert came.error in ("BadResponse", "BadContent"), came
    assert came.growth < GROWTH


def test_tags_that_are_too_long_are_counted_and_dropped_as_they_come() -> None:
    """15 pages of 9 MB of them took 414 MB."""
    long = b'"' + b"a" * 200 + b'"'
    body = b'{"tags": ["1.0.0",' + b",".join(repeat(long, 4 * MIB // 203)) + b"]}"
    numbers = count(1)

    def reply(_: Request) -> bytes:
        number = next(numbers)
        more = f"Link: </v2/acme/api/tags/list?last={number}>; rel=next"
        return http(200, body.replace(b"1.0.0", b"1.0.%d" % number), JSON, *([more] if number < 10 else []))

    came = ask({"/v2/acme/api/tags/list": reply})
    assert came.error == "", came
    assert f"dropped={10 * (4 * MIB // 203)}" in came.text
    assert came.growth < GROWTH


def described(manifest: bytes, config: bytes | None = None) -> tuple[Script, str]:
    """An image of this manifest, and its digest; the config is there under any digest."""
    digest = f"sha256:{hashlib.sha256(manifest).hexdigest()}"
    script: Script = {f"/v2/acme/api/manifests/{digest}": http(200, manifest, f"Content-Type: {MANIFEST_TYPE}")}
    if config is not None:
        script["*"] = http(200, config)
    return script, digest


def with_config(config: bytes) -> tuple[Script, str]:
    named = {
        "mediaType": "application/vnd.oci.image.config.v1+json",
        "digest": f"sha256:{hashlib.sha256(config).hexdigest()}",
    }
    return described(json.dumps({"schemaVersion": 2, "config": named}).encode(), config)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(lambda: b'{"x": [' + b"[[[[],[]]]]," * 349_000 + b"[]]}", id="lists"),
        pytest.param(lambda: b'{"manifests": [' + b"{}," * 1_000_000 + b"{}]}", id="a million children"),
        pytest.param(lambda: b'{"layers": [' + b'{"a":{}},' * 400_000 + b"{}]}", id="layers"),
        pytest.param(lambda: b'{"annotations": {' + b'"a":"b",' * 500_000 + b'"a":1}}', id="annotations"),
        pytest.param(lambda: b'{"config": ' + b"[" * 4_000_000, id="deep"),
    ],
)
def test_a_manifest_costs_little_whatever_is_in_it(body: Callable[[], bytes]) -> None:
    script, digest = described(body())
    came = ask(script, "about", digest)
    assert came.error in ("BadResponse", "BadContent"), came
    assert came.growth < GROWTH


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(lambda: b'{"x": [' + b"[]," * 2_700_000 + b"[]]}", id="lists"),
        pytest.param(lambda: b'{"config": {"Env": [' + b'"a=b",' * 1_300_000 + b'"a=b"]}}', id="variables"),
        pytest.param(lambda: b'{"config": {"Labels": {' + b'"a":"b",' * 1_000_000 + b'"a":"b"}}}', id="labels"),
        pytest.param(lambda: b'{"config": ' + b"[" * 8_000_000, id="deep"),
    ],
)
def test_a_config_costs_little_whatever_is_in_it(body: Callable[[], bytes]) -> None:
    script, digest = with_config(body())
    came = ask(script, "about", digest)
    assert came.error in ("BadResponse", "BadContent"), came
    assert came.growth < GROWTH


def test_a_config_of_megabytes_that_makes_sense_is_read() -> None:
    labels = {f"label-{number}": "x" * 900_000 for number in range(8)}
    script, digest = with_config(json.dumps({"os": "linux", "architecture": "arm64", "config": labels}).encode())
    came = ask(script, "platforms", digest)
    assert "linux/arm64" in came.text
    assert came.growth < GROWTH
