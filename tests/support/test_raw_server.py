"""Bytes go out as they are, by method, by path, or for everything."""

from __future__ import annotations

import socket

from tests.support.raw_server import RawServer, Request, http


def exchange(server: RawServer, request: bytes) -> bytes:
    host, _, port = server.host.partition(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_what_stands_in_the_script_goes_out_as_it_is() -> None:
    with RawServer({"/a": b"\x00no HTTP", "HEAD /a": [b"one", b" two"]}) as server:
        assert exchange(server, b"GET /a?q=1 HTTP/1.1\r\n\r\n") == b"\x00no HTTP"
        assert exchange(server, b"HEAD /a HTTP/1.1\r\n\r\n") == b"one two"
        assert exchange(server, b"GET /b HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 404")
        server.script["*"] = lambda request: request.body
        assert exchange(server, b"POST /b HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody") == b"body"
    assert [request.target for request in server.asked] == ["/a?q=1", "/a", "/b", "/b"]


def test_a_connection_is_kept_where_that_is_wanted() -> None:
    def reply(request: Request) -> bytes:
        return http(200, request.path.encode())

    with RawServer({"*": reply}, keep=True) as server:
        host, _, port = server.host.partition(":")
        with socket.create_connection((host, int(port))) as connection:
            for path in (b"/a", b"/b"):
                connection.sendall(b"GET " + path + b" HTTP/1.1\r\n\r\n")
                answer = b""
                while not answer.endswith(path):
                    answer += connection.recv(65536)
