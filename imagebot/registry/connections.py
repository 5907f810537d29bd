"""Connections that look at whom they reach before they say a word, and that bound every read in time and size.

`urllib3` has a time limit per read only, so a byte every few seconds holds it for ever; `http.client` reads a hundred
headers of 64 KiB before anybody may look at one, interim answers and trailers without end, and chunks of a negative
size; and a name in a policy file may lead into the cluster or to a cloud's metadata service. All of it is cured where
the socket is made.
"""

from __future__ import annotations

import io
import ipaddress
import math
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from http.client import HTTPException, HTTPResponse
from socket import gaierror
from typing import Any

from urllib3 import BaseHTTPResponse, PoolManager, ProxyManager, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from imagebot import tls
from imagebot.errors import Refused
from imagebot.proxies import Certificates, Proxy
from imagebot.registry.limits import ADDRESSES, FRAME_BYTES, HEAD_BYTES, Deadline
from imagebot.registry.urls import Url

_NEVER = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "169.254.0.0/16",
        "100.100.100.200/32",  # metadata of Alibaba Cloud
        "192.0.0.192/32",  # metadata of Oracle Cloud
        "224.0.0.0/4",
        "255.255.255.255/32",
        "::/128",
        "fe80::/10",
        "fd00:ec2::254/128",  # metadata of AWS
        "ff00::/8",
    )
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_INTERIM = frozenset({102, 103})
_LENGTH = re.compile(r"[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Leash:
    """What the connections of one exchange must keep to.

    `private`: the host may lie in a private network; `listing` says how settings would name it if it may not. `silence`
    is how many seconds one read may take, if that is less than the deadline allows. `proxy` is on the way, if any.
    `metadata`: it may be the metadata service of the machine.
    """

    deadline: Deadline
    private: bool
    listing: str
    silence: float = math.inf
    proxy: Proxy | None = None
    metadata: bool = False

    def for_read(self) -> float:
        """Seconds that the next read may take. Raises `TimeoutError` when none is left."""
        return min(self.deadline.for_read(), self.silence)


_leash: ContextVar[Leash] = ContextVar("leash")


@contextmanager
def held_by(leash: Leash) -> Iterator[None]:
    """Everything that this thread connects to and reads inside the block keeps to `leash`."""
    token = _leash.set(leash)
    try:
        yield
    finally:
        _leash.reset(token)


class Connections:
    """Kept connections of one registry and those it names; each use needs `held_by`. Nothing is retried or followed."""

    def __init__(self, certificates: Certificates) -> None:
        self._certificates = certificates
        self._lock = threading.Lock()
        self._managers: dict[tuple[Proxy | None, str, bool], PoolManager] = {}

    def urlopen(
        self,
        method: str,
        url: Url,
        leash: Leash,
        *,
        headers: Mapping[str, str],
        body: Any = None,
        trusted: bool = False,
    ) -> BaseHTTPResponse:
        """The answer, of which the body is not read yet. A client certificate is for `trusted` hosts alone.

        Raises `BadInput` for a proxy whose password or certificates do not serve, and what the HTTP stack raises.
        """
        return self._towards(url, leash.proxy, trusted=trusted).urlopen(
            method,
            # A proxy is told the whole URL, but for what runs through a tunnel.
            str(url) if leash.proxy is not None and url.scheme == "http" else url.rest or "/",
            body=body,
            headers=headers,
            retries=False,
            redirect=False,
            assert_same_host=False,
            preload_content=False,
            timeout=Timeout(connect=leash.deadline.for_connect(), read=leash.for_read()),
        )

    def _towards(self, url: Url, proxy: Proxy | None, *, trusted: bool) -> HTTPConnectionPool:
        authorization = "" if proxy is None else proxy.authorization()
        certificates = self._certificates if trusted else replace(self._certificates, client=None)
        with self._lock:
            manager = self._managers.get(key := (proxy, authorization, trusted))
            if manager is None:
                manager = self._managers[key] = _manager(certificates, proxy, authorization)
        return manager.connection_from_host(url.host, url.port, url.scheme)

    def clear(self) -> None:
        """Let go of all of them."""
        with self._lock:
            for manager in self._managers.values():
                manager.clear()
            self._managers.clear()


def _manager(certificates: Certificates, proxy: Proxy | None, authorization: str) -> PoolManager:
    pools: dict[str, Any] = {"num_pools": 8, "maxsize": 32, "retries": False, "cert_reqs": "CERT_REQUIRED"}
    pools |= tls.files_of(certificates)
    if proxy is None:
        manager = PoolManager(**pools)
    else:
        headers = {"Proxy-Authorization": authorization} if authorization else {}
        context = tls.for_proxy(proxy, lambda: _leash.get().for_read())
        manager = ProxyManager(str(proxy), proxy_headers=headers, proxy_ssl_context=context, **pools)
    manager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
    return manager


def check_peer(address: str, host: str, leash: Leash) -> None:
    """Whether `host`, which turned out to be at `address`, may be talked to. Raises `Refused`."""
    if leash.metadata:
        return
    peer = _plain(ipaddress.ip_address(address))
    if any(peer.version == network.version and peer in network for network in _NEVER):
        raise Refused(f"{host} is at {peer}, an address that no registry has: not asked")
    if not peer.is_global and not leash.private:
        raise Refused(f"{host} is at {peer}, a private address: if that is meant, {leash.listing}")


def _plain(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return address.ipv4_mapped or address.sixtofour or address
    return address


class _PacedReader(io.RawIOBase):
    """A socket's reader whose every read waits no longer than the question has left."""

    def __init__(self, connection: socket.socket, reader: io.RawIOBase) -> None:
        self._connection = connection
        self._reader = reader

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._connection.settimeout(_leash.get().for_read())
        return self._reader.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            self._reader.close()
        super().close()


class _BoundedReader(io.BufferedReader):
    """Gives out no more than `lines` bytes by the line, which is how all but the body itself is read."""

    lines = HEAD_BYTES

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        self.lines -= len(line)
        if self.lines < 0:
            raise HTTPException("more headers, or smaller chunks, than any server has")
        return line

    def read(self, size: int | None = -1, /) -> bytes:
        """`http.client` takes a chunk of -5 bytes for one, and -1 for all that will ever come."""
        if size is None or size < 0:
            raise HTTPException("a chunk of less than nothing")
        return super().read(size)


class _StrictResponse(HTTPResponse):
    """Bounds what is read before anything is parsed, and refuses what two readers could differ about."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        assert isinstance(self.fp, io.BufferedReader)
        self._lines = _BoundedReader(_PacedReader(sock, self.fp.detach()))
        self.fp = self._lines

    def begin(self) -> None:
        super().begin()
        while self.status in _INTERIM:  # `http.client` passes over 100 alone
            self.headers = self.msg = None  # type: ignore[assignment]
            super().begin()
        if self.msg.defects or self.msg.get_payload():
            raise HTTPException("a line among the headers that is none")
        lengths = set(self.msg.get_all("Content-Length", ()))
        if len(lengths) > 1 or not all(_LENGTH.fullmatch(each) for each in lengths):
            raise HTTPException("a length that is none")
        self._lines.lines = FRAME_BYTES


class _HttpConnection(HTTPConnection):
    response_class = _StrictResponse

    def _new_conn(self) -> socket.socket:
        return _connected(self)


class _HttpsConnection(HTTPSConnection):
    response_class = _StrictResponse

    def _new_conn(self) -> socket.socket:
        return _connected(self)


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


def _connected(connection: HTTPConnection) -> socket.socket:
    """A socket to the first of a few addresses that takes it; only addresses that may be asked are tried.

    A proxy may be anywhere: settings name it.

    The look-up itself has no limit of time but the resolver's own: whoever waits for the question has to give up then.
    """
    host, leash = connection.host.strip("[]"), _leash.get()
    try:
        found = socket.getaddrinfo(host, connection.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NameResolutionError(host, connection, gaierror(str(error))) from None
    reasons: list[Exception] = []
    for family, kind, protocol, _, address in found[:ADDRESSES]:
        tried = socket.socket(family, kind, protocol)
        try:
            if connection.proxy is None:
                check_peer(str(address[0]), host, leash)
            tried.settimeout(leash.deadline.for_connect())
            for option in connection.socket_options or ():
                tried.setsockopt(*option)
            tried.connect(address)
        except (OSError, Refused) as error:
            tried.close()
            reasons.append(error)
        else:
            return tried
    raise _not_connected(connection, reasons)


def _not_connected(connection: HTTPConnection, reasons: list[Exception]) -> Exception:
    """Why, by the first address: the others are seldom meant."""
    first = reasons[0] if reasons else OSError("it has no address")
    if isinstance(first, Refused):
        return first
    if isinstance(first, TimeoutError):
        return ConnectTimeoutError(connection, "timed out")
    error = NewConnectionError(connection, str(first))
    error.__cause__ = first
    return error
