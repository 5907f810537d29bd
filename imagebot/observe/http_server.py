"""Pages for machines over plain http: GET alone, one answer a connection, and nobody costs more than is set here.

One thread serves all connections and waits for none: who is slow holds a socket and a few kilobytes until it is late.
Where there are too many, the oldest goes. Between two rounds it rests, so that a flood takes no more than its share of
the interpreter from the passes.
"""

from __future__ import annotations

import re
import selectors
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus

from imagebot.errors import BadInput

MOST_CONNECTIONS = 64
"""At once. Prometheus, its twin and the kubelet need three."""
MOST_BYTES = 8192
"""Of a request line and its headers."""
PATIENCE_S = 10.0
"""Seconds from the first byte to the last: Prometheus gives up after ten."""
_LINGER_S = 2.0
"""Seconds that what still comes is thrown away after an answer, so that it is not lost in a reset."""
_REST_S = 0.01
_ACCEPTED_AT_ONCE = 8
_REQUEST = re.compile(rb"([A-Z]{1,20}) (/[!-~]*) HTTP/1\.[01]\r?\n")
_ACCEPT = re.compile(rb"\r?\naccept:([ -~]*)", re.IGNORECASE)
_END = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class WebPage:
    """What is answered."""

    status: HTTPStatus
    body: bytes
    content_type: str = "text/plain; charset=utf-8"


Answer = Callable[[str, str], WebPage]
"""From a path without its query, and what `Accept` says, to the page."""


@dataclass(eq=False, slots=True)
class _Connection:
    socket: socket.socket
    late_at: float
    received: bytearray = field(default_factory=bytearray)
    to_send: memoryview | None = None


class HttpServer:
    """Listens from the beginning; raises `BadInput` where it cannot. `close` ends it, answers on their way included."""

    def __init__(self, address: str, answer: Answer) -> None:
        self._answer = answer
        self._selector = selectors.DefaultSelector()
        self._open: dict[_Connection, None] = {}
        self._listening = _listening(address)
        self._wake, self._woken = socket.socketpair()
        self._stopping = threading.Event()
        self._listening.setblocking(False)
        self._selector.register(self._listening, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._serve, name="metrics", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Where it listens, with the port that it got."""
        host, port = self._listening.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def close(self) -> None:
        """No more connections; it has ended when this returns."""
        self._stopping.set()
        with suppress(OSError):
            self._wake.send(b".")
        self._thread.join()

    def _serve(self) -> None:
        try:
            while not self._stopping.is_set():
                ready = self._selector.select(self._seconds_left())
                for key, _ in ready:
                    self._serve_one(key.data)
                self._end_late()
                if ready:
                    self._stopping.wait(_REST_S)
        finally:
            for connection in list(self._open):
                self._end(connection)
            self._selector.close()
            for one in (self._listening, self._wake, self._woken):
                one.close()

    def _seconds_left(self) -> float | None:
        if not self._open:
            return None
        return max(min(one.late_at for one in self._open) - time.monotonic(), 0.0)

    def _end_late(self) -> None:
        now = time.monotonic()
        for connection in [one for one in self._open if one.late_at <= now]:
            self._end(connection)

    def _serve_one(self, connection: _Connection | None) -> None:
        if connection is None:
            self._accept()
        elif connection in self._open:  # it may have been the oldest
            try:
                self._go_on(connection)
            except BlockingIOError:
                pass
            except OSError:
                self._end(connection)

    def _accept(self) -> None:
        # Whatever hinders it (no more files, a client that went) is over some time: it rests between two rounds.
        with suppress(OSError):
            for _ in range(_ACCEPTED_AT_ONCE):
                accepted, _ = self._listening.accept()
                accepted.setblocking(False)
                if len(self._open) >= MOST_CONNECTIONS:
                    self._end(next(iter(self._open)))
                connection = _Connection(accepted, time.monotonic() + PATIENCE_S)
                self._open[connection] = None
                self._selector.register(accepted, selectors.EVENT_READ, connection)

    def _end(self, connection: _Connection) -> None:
        del self._open[connection]
        self._selector.unregister(connection.socket)
        connection.socket.close()

    def _go_on(self, connection: _Connection) -> None:
        """One step: read some of the request, write some of the answer, or throw away what comes after it."""
        if connection.to_send is None:
            self._read(connection)
        elif connection.to_send:
            self._write(connection)
        elif not connection.socket.recv(4096):
            self._end(connection)

    def _read(self, connection: _Connection) -> None:
        piece = connection.socket.recv(4096)
        connection.received += piece
        if not piece:
            self._end(connection)
        elif _END.search(connection.received) or len(connection.received) > MOST_BYTES:
            connection.to_send = memoryview(_response(bytes(connection.received), self._answer))
            self._selector.modify(connection.socket, selectors.EVENT_WRITE, connection)
            self._write(connection)

    def _write(self, connection: _Connection) -> None:
        assert connection.to_send is not None, "it was read"
        connection.to_send = connection.to_send[connection.socket.send(connection.to_send) :]
        if not connection.to_send:
            connection.socket.shutdown(socket.SHUT_WR)
            connection.late_at = min(connection.late_at, time.monotonic() + _LINGER_S)
            self._selector.modify(connection.socket, selectors.EVENT_READ, connection)


def _response(received: bytes, answer: Answer) -> bytes:
    page, more = _page(received, answer)
    head = (
        f"HTTP/1.1 {page.status} {page.status.phrase}\r\nContent-Type: {page.content_type}\r\n"
        f"Content-Length: {len(page.body)}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
        f"{more}Connection: close\r\n\r\n"
    )
    return head.encode() + page.body


def _page(received: bytes, answer: Answer) -> tuple[WebPage, str]:
    """The page, and headers beside it."""
    request, end = _REQUEST.match(received), _END.search(received)
    if end is None or end.end() > MOST_BYTES:
        return _plain(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE), ""
    if request is None:
        return _plain(HTTPStatus.BAD_REQUEST), ""
    method, target = request.groups()
    if method != b"GET":
        return _plain(HTTPStatus.METHOD_NOT_ALLOWED), "Allow: GET\r\n"
    accept = _ACCEPT.search(received, 0, end.start() + 1)
    return answer(target.decode("ascii").partition("?")[0], "" if accept is None else accept[1].decode("ascii")), ""


def _plain(status: HTTPStatus) -> WebPage:
    return WebPage(status, f"{status.phrase}\n".encode())


def _listening(address: str) -> socket.socket:
    """A socket that listens at `HOST:PORT`; without a host, at all addresses of both families. Raises `BadInput`."""
    host, _, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    both = not host and socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if both or ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, int(port)), family=family, backlog=128, dualstack_ipv6=both)
    except OSError as error:
        because = (error.strerror or str(error)).partition(" (")[0]  # Python adds the address in its own spelling
        words = f"metrics cannot be served at {address}: {because}"
        raise BadInput(f"{words}; write another address under `metrics: {{listen: …}}`") from None
