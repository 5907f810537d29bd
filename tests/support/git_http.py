"""Git over http: git's own `http-backend` behind a small server that can ask for a user name and a password."""

from __future__ import annotations

import gzip
import os
import ssl
import subprocess
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.git_repos import run_git


@dataclass
class GitHttpServer:
    """Serves the bare repositories of `folder` by name. `users` may do all; no users: nobody is asked who they are.

    `answers` maps a piece of a request's line to a status (with a `Location`, if any) that it gets instead.
    """

    folder: Path
    users: dict[str, str] = field(default_factory=dict)
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)
    authorizations: list[str] = field(default_factory=list)
    port: int = 0
    scheme: str = "http"

    def url(self, name: str) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/{name}"

    def lets_in(self, header: str | None) -> bool:
        if not self.users:
            return True
        kind, _, pair = (header or "").partition(" ")
        if kind != "Basic":
            return False
        user, _, password = b64decode(pair).decode().partition(":")
        return self.users.get(user) == password


@contextmanager
def git_http_server(folder: Path, tls: ssl.SSLContext | None = None) -> Iterator[GitHttpServer]:
    """A server for the length of a test, on a port that was free."""
    server = GitHttpServer(folder, scheme="https" if tls else "http")
    httpd = _Httpd(server)
    if tls is not None:
        # The handshake belongs to the thread of its connection: one that fails must not end the server.
        httpd.socket = tls.wrap_socket(httpd.socket, server_side=True, do_handshake_on_connect=False)
    server.port = httpd.server_port
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()


@cache
def _backend() -> Path:
    return Path(run_git(["--exec-path"]).decode().strip()) / "git-http-backend"


class _Httpd(ThreadingHTTPServer):
    def __init__(self, front: GitHttpServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.front = front


class _Handler(BaseHTTPRequestHandler):
    server: _Httpd
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        data = self._body()
        self._serve(gzip.decompress(data) if self.headers.get("Content-Encoding") == "gzip" else data)

    def handle(self) -> None:
        with suppress(OSError):  # the client hung up, or does not trust us
            super().handle()

    def log_message(self, *args: object) -> None:
        pass

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        data = b""
        while size := int(self.rfile.readline(), 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data

    def _serve(self, body: bytes) -> None:
        front = self.server.front
        header = self.headers.get("Authorization")
        if header:
            front.authorizations.append(header)
        for piece, (status, location) in front.answers.items():
            if piece in self.requestline:
                return self._answer(status, [("Location", location)] if location else [])
        if not front.lets_in(header):
            return self._answer(401, [("WWW-Authenticate", 'Basic realm="git"')])
        return self._run_backend(body)

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _run_backend(self, body: bytes) -> None:
        path = urlsplit(self.path)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_PROJECT_ROOT": str(self.server.front.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path.path,
            "QUERY_STRING": path.query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "REMOTE_USER": "somebody",
        }
        done = subprocess.run(
            [_backend()], input=body, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
        )
        head, _, answer = done.stdout.partition(b"\r\n\r\n")
        headers = [line.split(": ", 1) for line in head.decode().split("\r\n")]
        status = int(dict(headers).get("Status", "200 OK").split()[0])
        self._answer(status, [(name, value) for name, value in headers if name != "Status"], answer)
