"""One request to a forge, one whole answer: nothing follows, is unpacked, remembered, or read without end.

`requests.Session` follows redirects, heeds netrc, cookies and the environment's proxies; here requests go to its
adapter as they are. A time-out of `requests` is for each read, so a byte now and then holds it for ever; and Python's
HTTP reads a hundred header lines of 64 KiB. Both are cured where the connection reads.
"""

from __future__ import annotations

import io
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from imagebot import __version__, tls
from imagebot.errors import BadResponse, Unavailable, causes
from imagebot.proxies import Proxy, WayOut, no_tunnel, refusal
from imagebot.regular import hand_on

USER_AGENT = f"imagebot/{__version__}"
MOST_BYTES = 3 * 1024 * 1024
"""Of one answer; a page of fifty pull requests of GitHub's has half of it. `Wire.get_all` asks for fewer where they are
longer. As text, with one character from beyond the Basic Multilingual Plane, it takes four times that in memory.
"""
MOST_HEADER_BYTES = 64 * 1024
"""Of all header lines together; GitHub sends 2 KiB."""
_AS_LONG_AS = 4
"""So many times the time for one read may a whole answer take: a minute, as it is."""
_PIECE = 64 * 1024
_LENGTH = re.compile(r"[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer, whatever its status. `headers` are found in any letter case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class TooLarge(BadResponse):
    """The answer is larger than any may be: one about fewer things may not be."""


class Transport:
    """The connections to one forge; threads may share them."""

    def __init__(self, way: WayOut, timeout_s: float) -> None:
        """Raises `BadInput` for certificates that do not serve."""
        ca_file, client = way.certificates.ca_file, way.certificates.client
        self._verify = True if ca_file is None else hand_on(ca_file, "caFile")
        self._cert = None if client is None else tls.checked(client, "the forge")
        self._proxies = way.proxies
        self._timeout_s = timeout_s
        self._adapters: dict[tuple[Proxy | None, str], _Adapter] = {}
        self._lock = threading.Lock()

    def send(self, verb: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        """Raises what `requests`, urllib3 and `http.client` raise, `BadResponse`, and `TooLarge`.

        Of a proxy that does not let it through, every `WorldError`, and `BadInput` if it cannot be asked.
        """
        parts = urlsplit(url)
        proxy = self._proxies.towards(parts.scheme, parts.hostname or "", parts.port)
        ours = {"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "identity"}
        prepared = requests.Request(verb, url, headers={**ours, **headers}, data=body).prepare()
        with (
            _until(time.monotonic() + _AS_LONG_AS * self._timeout_s, self._timeout_s),
            self._response(prepared, proxy, parts.netloc) as response,
        ):
            return Reply(response.status_code, response.headers, _whole(response))

    def _response(self, prepared: requests.PreparedRequest, proxy: Proxy | None, host: str) -> requests.Response:
        ways = None if proxy is None else {"http": str(proxy), "https": str(proxy)}
        try:
            response = self._adapter(proxy).send(
                prepared, stream=True, timeout=self._timeout_s, verify=self._verify, cert=self._cert, proxies=ways
            )
        except (requests.RequestException, OSError) as error:
            if proxy is None:
                raise
            raise no_tunnel(proxy, host, error) or _not_there(proxy, host, error) or error from None
        if proxy is not None and response.status_code == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            response.close()
            raise refusal(proxy, host, response.status_code)
        return response

    def _adapter(self, proxy: Proxy | None) -> _Adapter:
        """That keeps the connections by this proxy, with its password of this moment."""
        key = (proxy, "" if proxy is None else proxy.authorization())
        with self._lock:
            if key not in self._adapters:
                self._adapters[key] = _Adapter(*key)
            return self._adapters[key]


def _not_there(proxy: Proxy, host: str, error: Exception) -> Unavailable | None:
    """None where the proxy itself could be talked to."""
    inside = tuple(causes(error))
    if any(
        isinstance(cause, urllib3.exceptions.ProxyError | urllib3.exceptions.NewConnectionError) for cause in inside
    ):
        trusted = any(isinstance(cause, ssl.SSLError) for cause in inside)
        return Unavailable(f"the proxy {proxy} on the way to {host} cannot be {'trusted' if trusted else 'reached'}")
    return None


def _whole(response: requests.Response) -> bytes:
    if response.headers.get("Content-Encoding", "identity").strip().lower() not in ("identity", ""):
        raise BadResponse("the forge sent a compressed answer, which was not asked for")
    if not _LENGTH.fullmatch(response.headers.get("Content-Length", "0")):
        raise BadResponse("the forge sent an answer of a length that is no number")
    body = bytearray()
    while piece := response.raw.read1(_PIECE, decode_content=False):
        body += piece
        if len(body) > MOST_BYTES:
            raise TooLarge(f"the forge sent more than the {MOST_BYTES >> 20} MiB that an answer may have")
    return bytes(body)


@dataclass(frozen=True, slots=True)
class _Patience:
    until: float
    each_s: float

    def left(self) -> float:
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer takes too long")
        return min(left, self.each_s)


_patience: ContextVar[_Patience] = ContextVar("patience")


@contextmanager
def _until(moment: float, each_s: float) -> Iterator[None]:
    token = _patience.set(_Patience(moment, each_s))
    try:
        yield
    finally:
        _patience.reset(token)


class _Reader(io.RawIOBase):
    """A socket's reader that waits no longer than the request has left, and counts what it reads.

    Of the lines between the chunks of a body urllib3 reads each to its end, wherever that is.
    """

    def __init__(self, connection: socket.socket, reader: io.RawIOBase) -> None:
        self._connection = connection
        self._reader = reader
        self.in_headers = True
        self._count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._connection.settimeout(_patience.get().left())
        count = self._reader.readinto(buffer)
        self._count += count or 0
        if self.in_headers and self._count > MOST_HEADER_BYTES:
            raise BadResponse(f"the forge sent more than {MOST_HEADER_BYTES >> 10} KiB of headers")
        if self._count > 2 * MOST_BYTES:
            raise TooLarge(f"the forge sent more than the {MOST_BYTES >> 20} MiB that an answer may have")
        return count

    def close(self) -> None:
        if not self.closed:
            self._reader.close()
        super().close()


class _Response(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        assert isinstance(self.fp, io.BufferedReader)
        self._reader = _Reader(sock, self.fp.detach())
        self.fp = io.BufferedReader(self._reader)

    def begin(self) -> None:
        super().begin()
        self._reader.in_headers = False


class _HttpConnection(HTTPConnection):
    response_class = _Response


class _HttpsConnection(HTTPSConnection):
    response_class = _Response


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


class _Adapter(HTTPAdapter):
    """Retries nothing: a write that failed may have had its effect. Behind a proxy, one for each of its passwords."""

    def __init__(self, proxy: Proxy | None, authorization: str) -> None:
        self._authorization = authorization
        self._context = None if proxy is None else tls.for_proxy(proxy, lambda: _patience.get().left())
        super().__init__(pool_maxsize=8)

    def proxy_headers(self, proxy: str) -> dict[str, str]:
        del proxy
        return {"Proxy-Authorization": self._authorization} if self._authorization else {}

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, proxy_ssl_context=self._context, **kwargs)
        manager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
        return manager

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
