"""A forward proxy as companies have them: tunnels by CONNECT, whole URLs for http, perhaps a password, perhaps TLS.

It alone knows where hosts are: `routes` leads names that no resolver knows to servers of the tests.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from socketserver import StreamRequestHandler, ThreadingTCPServer
from urllib.parse import urlsplit

from tests.support.relay import relay

Route = tuple[str, int]


@dataclass
class ForwardProxy:
    """`asked` has each request's first line; `users` are let in, nobody else if there are any.

    `answers` maps `HOST:PORT` to the pieces that are said to a CONNECT instead of a tunnel.
    """

    routes: Mapping[str, Route] = field(default_factory=dict)
    users: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, Iterable[bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list, repr=False)
    port: int = 0
    scheme: str = "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def hosts(self) -> set[str]:
        """Those that it was asked for, each as `HOST:PORT`."""
        targets = [line.split(" ")[1] for line in self.asked]
        return {_netloc(urlsplit(each).netloc, 80) if "://" in each else each for each in targets}

    def lets_in(self, head: bytes) -> bool:
        pairs = [b64encode(f"{user}:{password}".encode()) for user, password in self.users.items()]
        lines = [line.partition(b":") for line in head.split(b"\r\n")]
        sent = [value.strip() for name, _, value in lines if name.lower() == b"proxy-authorization"]
        return not pairs or any(value == b"Basic " + pair for value in sent for pair in pairs)


@contextlib.contextmanager
def forward_proxy(
    proxy: ForwardProxy, tls: ssl.SSLContext | None = None, listener: socket.socket | None = None
) -> Iterator[ForwardProxy]:
    """Serve for the length of a test; at `listener`, which may be another network's, if there is one."""
    server = _Server(proxy, tls, listener)
    proxy.port, proxy.scheme = server.server_address[1], "https" if tls else "http"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def dripping_handshake(hung_up: threading.Event) -> Iterator[bytes]:
    """A tunnel to somebody who begins a TLS record of 16 KiB, drips a few thousand bytes of it, and hangs up."""
    yield b"HTTP/1.1 200 Connection established\r\n\r\n"
    yield b"\x16\x03\x03\x40\x00"
    clock = threading.Event()
    for _ in range(4000):
        clock.wait(0.005)
        yield b"x"
    hung_up.set()


class _Server(ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, proxy: ForwardProxy, tls: ssl.SSLContext | None, listener: socket.socket | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler, bind_and_activate=listener is None)
        if listener is not None:
            self.socket.close()
            self.socket = listener
            self.server_address = listener.getsockname()
        self.proxy, self.tls = proxy, tls


class _Handler(StreamRequestHandler):
    server: _Server

    def setup(self) -> None:
        if self.server.tls is not None:
            self.request = self.server.tls.wrap_socket(self.request, server_side=True, do_handshake_on_connect=False)
        super().setup()

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            super().finish()
        self.connection.close()

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # the client hung up, or does not trust us
            self._serve()

    def _serve(self) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self.rfile.readline()
            if not line:
                return
            head += line
        head = head.removesuffix(b"\r\n")
        proxy = self.server.proxy
        method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
        proxy.asked.append(f"{method} {target}")
        proxy.heads.append(head)
        if not proxy.lets_in(head):
            self._say(b'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="proxy"\r\n')
        elif method == "CONNECT":
            self._tunnel(target)
        else:
            self._forward(target, head)

    def _say(self, head: bytes) -> None:
        self.wfile.write(head + b"Content-Length: 0\r\nConnection: close\r\n\r\n")

    def _tunnel(self, target: str) -> None:
        if target in self.server.proxy.answers:
            self.wfile.writelines(self.server.proxy.answers[target])
            return
        route = self.server.proxy.routes.get(target)
        if route is None:
            self._say(b"HTTP/1.1 502 Bad Gateway\r\n")
            return
        with socket.create_connection(route) as there:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            relay(self.connection, there)

    def _forward(self, target: str, head: bytes) -> None:
        """One request, without what is the proxy's own."""
        parts = urlsplit(target)
        route = self.server.proxy.routes.get(_netloc(parts.netloc, 80))
        if route is None:
            self._say(b"HTTP/1.1 502 Bad Gateway\r\n")
            return
        first, *lines = head.split(b"\r\n")
        path = target.partition(parts.netloc)[2] or "/"
        kept = [line for line in lines if not line.lower().startswith((b"proxy-", b"connection:"))]
        words = [first.split(b" ")[0], path.encode(), b"HTTP/1.1"]
        with socket.create_connection(route) as there:
            there.sendall(b"\r\n".join([b" ".join(words), *kept[:-1], b"Connection: close", b"", b""]))
            relay(self.connection, there)


def _netloc(netloc: str, port: int) -> str:
    return netloc if ":" in netloc else f"{netloc}:{port}"
