r"""A server of bytes: whatever a script holds for a path goes out as it is, status line and all. Made for fuzzing.

    with RawServer({"/v2/a/tags/list": b"HTTP/1.1 200 OK\r\n\r\nwhatever"}) as server:
        server.script["HEAD /v2/a/manifests/1"] = http(200, b"", "Docker-Content-Digest: sha256:abc")
        Registries({server.host: RegistrySettings(plain_http=True)}).tags(ImageName(server.host, "a"))

A script is looked up by method and path (`GET /v2/`), then by path alone, then by `*`; without any of them the
answer is a 404. It may be changed at any time. What it holds is bytes, pieces that are sent one by one, or a function
from the request to one of them. After each answer the connection is closed, unless `keep` is set and the answer says
how long it is. Nothing is parsed that need not be.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

_HEAD_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sent: `target` is the path with its query, `head` everything before the body."""

    method: str
    target: str
    head: bytes
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


Reply = bytes | Iterable[bytes]
Script = dict[str, Reply | Callable[[Request], Reply]]


def http(status: int, body: bytes, *headers: str) -> bytes:
    """A well-formed answer: a place to start from when something shall be broken."""
    lines = [f"HTTP/1.1 {status} Some Reason", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


class RawServer:
    """Runs for as long as its block lasts; `host` is what images are named after, `asked` every request so far."""

    def __init__(self, script: Mapping[str, Reply | Callable[[Request], Reply]], *, keep: bool = False) -> None:
        self.script: Script = dict(script)
        self.asked: list[Request] = []
        self._keep = keep
        self._open: set[socket.socket] = set()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.host = f"127.0.0.1:{self._listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            reader = connection.makefile("rb")
            while (request := _read(reader.readline, reader.read)) is not None:
                self.asked.append(request)
                reply = self._reply(request)
                for piece in (reply,) if isinstance(reply, bytes) else reply:
                    connection.sendall(piece)
                if not self._keep:
                    break
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_WR)
        self._open.discard(connection)

    def _reply(self, request: Request) -> Reply:
        keys = (f"{request.method} {request.path}", request.path, "*")
        found = next((self.script[key] for key in keys if key in self.script), None)
        if found is None:
            return http(404, b"")
        return found(request) if callable(found) else found


def _read(readline: Callable[[int], bytes], read: Callable[[int], bytes]) -> Request | None:
    head = bytearray()
    while (line := readline(_HEAD_BYTES)) not in (b"\r\n", b"\n", b""):
        head += line
    words = bytes(head).split(b" ", 2)
    if len(words) != 3:
        return None
    lengths = [line for line in bytes(head).splitlines() if line.lower().startswith(b"content-length:")]
    body = read(int(lengths[0].split(b":")[1])) if lengths else b""
    return Request(words[0].decode("latin-1"), words[1].decode("latin-1"), bytes(head), body)
