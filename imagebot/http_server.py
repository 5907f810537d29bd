"""Answers for machines over plain http: one a connection, and nobody costs more than is set here.

One thread serves all connections and waits for none: who is slow holds a socket and what it sent until it is late.
Where there are too many, the oldest goes. Between two rounds it rests, so that a flood takes no more than its share of
the interpreter from the passes. What comes in is read by h11.
"""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus

import h11

from imagebot.errors import BadInput, ImagebotError

MOST_CONNECTIONS = 256
"""At once. Prometheus, its twin and the kubelet need three; a registry that calls, one for each image."""
MOST_BYTES = 16 << 10
"""Of a request line and its headers."""
MOST_HELD = 16 << 20
"""Bytes of all bodies that have not come to their end."""
MOST_CHUNKS = 256
"""In what is read at once: chunks of one byte cost a hundred times what they carry."""
PATIENCE_S = 10.0
"""Seconds from the first byte to the last: Prometheus gives up after ten, and so does GitHub."""
_LINGER_S = 2.0
"""Seconds that what still comes is thrown away after an answer, so that it is not lost in a reset."""
_REST_S = 0.01
_ACCEPTED_AT_ONCE = 64
_BACKLOG = 1024
_PIECE = 4 << 10
_GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"


@dataclass(frozen=True, slots=True)
class WebRequest:
    """What is asked: a path without its query, and headers by their names in lower case, several of a name joined."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class WebPage:
    """What is answered."""

    status: HTTPStatus
    body: bytes
    content_type: str = "text/plain; charset=utf-8"


_BROKEN = WebPage(HTTPStatus.INTERNAL_SERVER_ERROR, b"a bug; the log has it\n")
Answer = Callable[[WebRequest], WebPage]
AskForPage = Callable[[str, Callable[[], WebPage]], WebPage | ImagebotError]
"""From a task and a question to its answer, or why there is none; a bug is told, and raises nothing."""


def in_bulkhead(task: str, answer: Answer, ask: AskForPage) -> Answer:
    """A page that breaks is answered as such, and the others go on."""

    def asked(request: WebRequest) -> WebPage:
        page = ask(task, partial(answer, request))
        return _BROKEN if isinstance(page, ImagebotError) else page

    return asked


@dataclass(frozen=True, slots=True)
class HttpService:
    """What is served, in words and by a function; `key` is the one of imagebot.yaml that says where.

    `method` is the only one there is; `most_body` how many bytes may come with it. `refuses` sees a request without its
    body, and has the answer of one whose body is not worth reading. `tell` hears of what is not answered by these.
    """

    what: str
    key: str
    answer: Answer
    method: str = "GET"
    most_body: int = 0
    refuses: Callable[[WebRequest], WebPage | None] = lambda _: None
    tell: Callable[[HTTPStatus], None] = lambda _: None


@dataclass(eq=False, slots=True)
class _Connection:
    socket: socket.socket
    late_at: float
    http: h11.Connection = field(
        # h11 asks after each piece whether what has come is too much already.
        default_factory=lambda: h11.Connection(h11.SERVER, max_incomplete_event_size=MOST_BYTES - _PIECE)
    )
    request: h11.Request | None = None
    body: bytearray = field(default_factory=bytearray)
    to_send: memoryview | None = None


class HttpServer:
    """Listens from the beginning; raises `BadInput` where it cannot. `close` ends it, answers on their way included."""

    def __init__(self, address: str, served: HttpService) -> None:
        self._served = served
        self._selector = selectors.DefaultSelector()
        self._open: dict[_Connection, None] = {}
        self._listening = _listening(address, served)
        self._wake, self._woken = socket.socketpair()
        self._stopping = threading.Event()
        self._listening.setblocking(False)
        self._selector.register(self._listening, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._serve, name=served.what, daemon=True)
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
                    self._end(self._least_welcome())
                connection = _Connection(accepted, time.monotonic() + PATIENCE_S)
                self._open[connection] = None
                self._selector.register(accepted, selectors.EVENT_READ, connection)

    def _least_welcome(self) -> _Connection:
        """The oldest of those that have not even said what they want; else the oldest."""
        silent = (one for one in self._open if one.request is None and one.to_send is None)
        return next(silent, next(iter(self._open)))

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
        elif not connection.socket.recv(_PIECE):
            self._end(connection)

    def _read(self, connection: _Connection) -> None:
        piece = connection.socket.recv(_PIECE if connection.request is None else 16 * _PIECE)
        if not piece:
            self._end(connection)
            return
        page = _page(connection, piece, self._served)
        if page is None:
            if sum(len(one.body) for one in self._open) > MOST_HELD:
                self._end(max(self._open, key=lambda one: len(one.body)))
            return
        connection.to_send = memoryview(_response(page, self._served.method))
        connection.body = bytearray()
        self._selector.modify(connection.socket, selectors.EVENT_WRITE, connection)
        self._write(connection)

    def _write(self, connection: _Connection) -> None:
        assert connection.to_send is not None, "it was read"
        connection.to_send = connection.to_send[connection.socket.send(connection.to_send) :]
        if not connection.to_send:
            connection.socket.shutdown(socket.SHUT_WR)
            connection.late_at = min(connection.late_at, time.monotonic() + _LINGER_S)
            self._selector.modify(connection.socket, selectors.EVENT_READ, connection)


def _page(connection: _Connection, piece: bytes, served: HttpService) -> WebPage | None:
    """The answer, once the request is whole or shall not become so; None as long as there is more to come."""
    chunks = 0
    try:
        connection.http.receive_data(piece)
        while True:
            match connection.http.next_event():
                case h11.NEED_DATA:
                    if connection.http.they_are_waiting_for_100_continue:
                        connection.http.send(h11.InformationalResponse(status_code=100, headers=[]))
                        connection.socket.send(_GO_ON)
                    return None
                case h11.Request() as request:
                    if (wrong := _refused(request, served)) is not None:
                        return _told(served, wrong)
                    if (page := served.refuses(_request(request, b""))) is not None:
                        return page
                    connection.request = request
                case h11.Data() as data:
                    connection.body += data.data
                    chunks += 1
                    if len(connection.body) > served.most_body or chunks > MOST_CHUNKS:
                        return _told(served, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
                case _:
                    assert connection.request is not None, "no end without a beginning"
                    return served.answer(_request(connection.request, bytes(connection.body)))
    except h11.RemoteProtocolError as error:
        return _told(served, HTTPStatus(error.error_status_hint))


def _refused(request: h11.Request, served: HttpService) -> HTTPStatus | None:
    """Why a request is not even read to its end."""
    if not request.target.startswith(b"/") or not request.http_version.startswith(b"1."):
        return HTTPStatus.BAD_REQUEST
    if request.method != served.method.encode():
        return HTTPStatus.METHOD_NOT_ALLOWED
    # h11 has seen to it that this is a number.
    told = next((int(value) for name, value in request.headers if name == b"content-length"), 0)
    return HTTPStatus.REQUEST_ENTITY_TOO_LARGE if served.method != "GET" and told > served.most_body else None


def _request(request: h11.Request, body: bytes) -> WebRequest:
    headers: dict[str, str] = {}
    for name, value in ((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers):
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    path = request.target.decode("latin-1").partition("?")[0]
    return WebRequest(request.method.decode("latin-1"), path, headers, body)


def _response(page: WebPage, method: str) -> bytes:
    allow = f"Allow: {method}\r\n" if page.status is HTTPStatus.METHOD_NOT_ALLOWED else ""
    head = (
        f"HTTP/1.1 {page.status} {page.status.phrase}\r\nContent-Type: {page.content_type}\r\n"
        f"Content-Length: {len(page.body)}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
        f"{allow}Connection: close\r\n\r\n"
    )
    return head.encode() + page.body


def _told(served: HttpService, status: HTTPStatus) -> WebPage:
    served.tell(status)
    return _plain(status)


def _plain(status: HTTPStatus) -> WebPage:
    return WebPage(status, f"{status.phrase}\n".encode())


def _listening(address: str, served: HttpService) -> socket.socket:
    """A socket that listens at `HOST:PORT`; without a host, at all addresses of both families. Raises `BadInput`."""
    host, _, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    both = not host and socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if both or ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, int(port)), family=family, backlog=_BACKLOG, dualstack_ipv6=both)
    except OSError as error:
        because = (error.strerror or str(error)).partition(" (")[0]  # Python adds the address in its own spelling
        words = f"{served.what} cannot be served at {address}: {because}"
        raise BadInput(f"{words}; write another address under `{served.key}: {{listen: …}}`") from None
