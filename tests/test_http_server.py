"""Whoever asks, and however: one answer a connection, bounded in bytes, time and number."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from http import HTTPStatus

import pytest

from imagebot.errors import BadInput
from imagebot.http_server import MOST_BYTES, MOST_CONNECTIONS, MOST_HELD, HttpServer, HttpService, WebPage, WebRequest

LARGE = b"x" * (8 << 20)


def answer(request: WebRequest) -> WebPage:
    said = f"{request.path} {request.headers.get('accept', '')}".encode()
    return WebPage(HTTPStatus.OK, LARGE if request.path == "/large" else said)


def echo(request: WebRequest) -> WebPage:
    return WebPage(HTTPStatus.OK, f"{len(request.body)} {request.body[:20]!r}".encode())


PAGES = HttpService("metrics", "metrics", answer)
HOOKS = HttpService("webhooks", "webhooks", echo, method="POST", most_body=100_000)


@pytest.fixture(scope="module")
def server() -> Iterator[HttpServer]:
    served = HttpServer("127.0.0.1:0", PAGES)
    yield served
    served.close()


def connected(server: HttpServer) -> socket.socket:
    host, _, port = server.address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=60)


def reply(server: HttpServer, request: bytes) -> bytes:
    """All that comes until the server closes."""
    with connected(server) as connection:
        connection.sendall(request)
        return read(connection)


def read(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        pytest.param(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n", 200, id="get"),
        pytest.param(b"GET /a HTTP/1.0\n\n", 200, id="bare line ends"),
        pytest.param(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", 405, id="post"),
        pytest.param(b"HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n", 405, id="head"),
        pytest.param(b"DELETE /a HTTP/1.1\r\nHost: x\r\n\r\n", 405, id="delete"),
        pytest.param(b"GET http://other/a HTTP/1.1\r\nHost: x\r\n\r\n", 400, id="a proxy's request"),
        pytest.param(b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400, id="a space in the path"),
        pytest.param(b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n", 400, id="a control character"),
        pytest.param(b"GET /a HTTP/2.0\r\n\r\n", 400, id="another protocol"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400, id="TLS"),
        pytest.param(b"GET /a HTTP/1.1\r\nHost: x\r\nX: " + b"x" * MOST_BYTES, 431, id="a header without end"),
        pytest.param(b"GET /" + b"a" * MOST_BYTES + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431, id="a path without end"),
        pytest.param(
            b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * (MOST_BYTES // 6) + b"\r\n", 431, id="many headers"
        ),
    ],
)
def test_each_request_has_one_answer(server: HttpServer, request_: bytes, status: int) -> None:
    said = reply(server, request_)

    assert said.startswith(f"HTTP/1.1 {status} ".encode())
    assert said.count(b"HTTP/1.1 ") == 1
    assert b"\r\nConnection: close\r\n" in said
    assert (b"\r\nAllow: GET\r\n" in said) == (status == 405)


def test_the_path_has_no_query_and_accept_is_handed_on(server: HttpServer) -> None:
    said = reply(server, b"GET /a?b=c HTTP/1.1\r\nHost: x\r\naccept: text/plain\r\n\r\nAccept: other")

    assert said.endswith(b"\r\n\r\n/a text/plain")


def test_a_request_may_come_in_pieces(server: HttpServer) -> None:
    with connected(server) as connection:
        for piece in (b"GE", b"T /a HT", b"TP/1.1\r\nHost: x\r\n", b"\r", b"\n"):
            connection.sendall(piece)
        assert read(connection).startswith(b"HTTP/1.1 200 ")


def test_those_who_never_end_a_request_or_read_an_answer_keep_nobody_waiting(server: HttpServer) -> None:
    """More of them than there is room for: the oldest goes, and whoever asks now is answered."""
    with ExitStack() as held:
        for number in range(MOST_CONNECTIONS + 10):
            connection = held.enter_context(connected(server))
            connection.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n" + (b"\r\n" if number % 2 else b""))
        assert reply(server, b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 200 ")


def test_a_large_answer_comes_whole_to_who_reads_it(server: HttpServer) -> None:
    assert reply(server, b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n").endswith(LARGE)


def test_it_ends_whoever_is_connected() -> None:
    served = HttpServer("127.0.0.1:0", PAGES)
    with connected(served) as half, connected(served) as slow:
        half.sendall(b"GET")
        slow.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        slow.recv(1)

        served.close()

        with pytest.raises(OSError, match="refused"):
            socket.create_connection(slow.getpeername(), timeout=60).close()


def test_all_addresses_are_served_where_none_is_named() -> None:
    served = HttpServer(":0", PAGES)
    port = int(served.address.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
        assert read(connection).startswith(b"HTTP/1.1 200 ")
    served.close()


@pytest.fixture(scope="module")
def hooks() -> Iterator[HttpServer]:
    served = HttpServer("127.0.0.1:0", HOOKS)
    yield served
    served.close()


POST = b"POST /a HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize(
    ("request_", "status", "said"),
    [
        pytest.param(POST + b"Content-Length: 5\r\n\r\nhello", 200, b"5 b'hello'", id="a length"),
        pytest.param(
            POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
            200,
            b"5 b'hello'",
            id="chunks",
        ),
        pytest.param(POST + b"\r\n", 200, b"0 b''", id="no body"),
        pytest.param(POST + b"Content-Length: 100001\r\n\r\n", 413, b"", id="too long, and it says so"),
        pytest.param(
            POST + b"Transfer-Encoding: chunked\r\n\r\n186a1\r\n" + b"x" * 100_001, 413, b"", id="too long in chunks"
        ),
        pytest.param(POST + b"Content-Length: five\r\n\r\nhello", 400, b"", id="no number"),
        pytest.param(POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nhello", 400, b"", id="two lengths"),
        pytest.param(POST + b"Transfer-Encoding: gzip\r\n\r\nhello", 501, b"", id="an encoding that nobody speaks"),
        pytest.param(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n", 405, b"", id="get"),
        pytest.param(POST + b"Content-Length: 99999\r\n\r\n" + b"y" * 99_999, 200, b"99999 b'yyyy", id="long"),
    ],
)
def test_what_comes_with_a_request_is_read_to_its_end(
    hooks: HttpServer, request_: bytes, status: int, said: bytes
) -> None:
    heard = reply(hooks, request_)

    assert heard.startswith(f"HTTP/1.1 {status} ".encode())
    assert said in heard.partition(b"\r\n\r\n")[2]


TINY = b"1\r\nx\r\n"


def test_chunks_of_one_byte_are_refused_before_they_cost_what_they_would(hooks: HttpServer) -> None:
    said = reply(hooks, POST + b"Transfer-Encoding: chunked\r\n\r\n" + TINY * 5_000)
    assert said.startswith(b"HTTP/1.1 413 ")


def test_who_is_refused_by_the_headers_has_the_answer_before_the_body() -> None:
    told: list[HTTPStatus] = []
    nobody = WebPage(HTTPStatus.NOT_FOUND, b"nobody")
    served = HttpServer("127.0.0.1:0", replace(HOOKS, refuses=lambda _: nobody, tell=told.append))
    with connected(served) as connection:
        connection.sendall(POST + b"Content-Length: 50000\r\n\r\n")
        assert read(connection).endswith(b"nobody")
    assert reply(served, b"nonsense\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    served.close()
    assert told == [HTTPStatus.BAD_REQUEST]


def test_headers_of_one_name_are_one_value() -> None:
    """Else a good signature in front would let any other behind it pass."""
    seen: list[WebRequest] = []

    def keep(request: WebRequest) -> WebPage:
        seen.append(request)
        return echo(request)

    served = HttpServer("127.0.0.1:0", replace(HOOKS, answer=keep))
    reply(served, POST + b"X-Signature: good\r\nx-signature: bad\r\nContent-Length: 0\r\n\r\n")
    served.close()
    assert seen[0].headers["x-signature"] == "good, bad"


def test_bodies_that_never_end_hold_no_more_than_is_set() -> None:
    """The largest goes; whoever comes then is answered."""
    served = HttpServer("127.0.0.1:0", replace(HOOKS, most_body=MOST_HELD))
    with ExitStack() as held:
        half = POST + b"Content-Length: %d\r\n\r\n" % MOST_HELD + b"z" * (MOST_HELD // 2 + 1)
        first, second = (held.enter_context(connected(served)) for _ in range(2))
        for connection in (first, second):
            with suppress(OSError):
                connection.sendall(half)
        assert reply(served, POST + b"Content-Length: 5\r\n\r\nhello").startswith(b"HTTP/1.1 200 ")
        gone = select.select([first, second], [], [], 60)[0]
        assert len(gone) == 1
    served.close()


def test_who_asks_first_whether_a_body_may_come_is_told_so(hooks: HttpServer) -> None:
    with connected(hooks) as connection:
        connection.sendall(POST + b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"hello")
        assert read(connection).startswith(b"HTTP/1.1 200 ")


def test_an_address_that_somebody_has_is_told(server: HttpServer) -> None:
    with pytest.raises(
        BadInput, match=r"metrics cannot be served at 127\.0\.0\.1:\d+: Address already in use; write an"
    ):
        HttpServer(server.address, PAGES)
