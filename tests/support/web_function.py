"""A web server that is one function: asked goes in, answer comes out. On a random port, a thread per connection."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit


class HangUp(Exception):
    """Raised by a function, or by the body it gives: the connection is reset there."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came: `target` is the path with its query."""

    method: str
    target: str
    headers: Message
    body: bytes = b""

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """The last value of each parameter."""
        return {key: values[-1] for key, values in parse_qs(urlsplit(self.target).query).items()}

    def __str__(self) -> str:
        return f"{self.method} {self.target}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back. Bytes get their length; pieces are sent as they come, until the connection closes."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | Iterable[bytes] = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes that go out as they are, status line and all; then the connection is closed."""

    pieces: Iterable[bytes]


Function = Callable[[Asked], Answer | Raw]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        asked = Asked(self.command, self.path, self.headers, body)
        self.server.asked.append(asked)
        try:
            self._send(self.server.function(asked))
        except HangUp:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

    def _send(self, answer: Answer | Raw) -> None:
        if isinstance(answer, Raw):
            self.close_connection = True
            self.wfile.writelines(answer.pieces)
            return
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        whole = isinstance(answer.body, bytes)
        if whole and not any(name.lower() == "content-length" for name, _ in answer.headers):
            self.send_header("Content-Length", str(len(answer.body)))  # type: ignore[arg-type]
        if not whole:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            for piece in (answer.body,) if isinstance(answer.body, bytes) else answer.body:
                self.wfile.write(piece)

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # the client hung up, which is its good right
            super().handle()

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            super().finish()

    def log_message(self, format: str, *args: object) -> None:
        pass


class _Server(ThreadingMixIn, TCPServer):
    allow_reuse_address = True
    request_queue_size = 128
    daemon_threads = True

    def __init__(self, address: tuple[str, int], function: Function, tls: ssl.SSLContext | None) -> None:
        self.function = function
        self.tls = tls
        self.asked: list[Asked] = []
        self.open: set[socket.socket] = set()
        self.accepted = 0
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _Handler)

    def get_request(self) -> tuple[socket.socket, object]:
        connection, address = self.socket.accept()
        if self.tls is not None:
            connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        self.open.add(connection)
        self.accepted += 1
        return connection, address

    def shutdown_request(self, request: object) -> None:
        assert isinstance(request, socket.socket)
        self.open.discard(request)
        request.close()


class Served:
    """A running server; a context manager that stops it and cuts its connections."""

    def __init__(
        self, function: Function, address: str = "127.0.0.1", tls: ssl.SSLContext | None = None, port: int = 0
    ) -> None:
        self._server = _Server((address, port), function, tls)
        self.port: int = self._server.server_address[1]
        self.host = f"[{address}]:{self.port}" if ":" in address else f"{address}:{self.port}"
        self.url = f"{'https' if tls else 'http'}://{self.host}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    @property
    def asked(self) -> list[Asked]:
        """Every request so far, in the order of arrival."""
        return list(self._server.asked)

    def forget(self) -> None:
        """What was asked so far."""
        self._server.asked.clear()

    @property
    def connections(self) -> int:
        """How many were made so far."""
        return self._server.accepted

    def wait(self) -> None:
        """Serve until somebody closes it or the process is interrupted."""
        self._thread.join()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        for connection in list(self._server.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@contextlib.contextmanager
def serving(function: Function, address: str = "127.0.0.1") -> Iterator[Served]:
    """A server for as long as the block lasts."""
    with Served(function, address) as served:
        yield served
