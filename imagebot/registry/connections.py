"""Connections that look at whom they reached before they say a word, and that keep to a deadline at every read.

`requests` has a time limit per read only, so a byte every few seconds holds it for ever; and a name in a policy file
may lead into the cluster or to a cloud's metadata service. Both are cured where the socket is made.
"""

from __future__ import annotations

import io
import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from imagebot.errors import Refused
from imagebot.registry.limits import Deadline

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


@dataclass(frozen=True, slots=True)
class Leash:
    """What the connections of one question must keep to; `private_hosts` may lie in a private network."""

    deadline: Deadline
    private_hosts: frozenset[str]


_leash: ContextVar[Leash] = ContextVar("leash")


@contextmanager
def held_by(leash: Leash) -> Iterator[None]:
    """Everything that this thread connects to and reads inside the block keeps to `leash`."""
    token = _leash.set(leash)
    try:
        yield
    finally:
        _leash.reset(token)


class GuardedAdapter(HTTPAdapter):
    """Gives a `requests.Session` the connections of this file; each use needs `held_by`."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}


def check_peer(address: str, host: str, private_hosts: frozenset[str]) -> None:
    """Whether `host`, which turned out to be at `address`, may be talked to. Raises `Refused`."""
    peer = _plain(ipaddress.ip_address(address))
    if any(peer.version == network.version and peer in network for network in _NEVER):
        raise Refused(f"{host} is at {peer}, an address that no registry has: not asked")
    if not peer.is_global and host not in private_hosts:
        raise Refused(f"{host} is at {peer}, a private address: if that is meant, list it under registries")


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
        self._connection.settimeout(_leash.get().deadline.for_read())
        return self._reader.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            self._reader.close()
        super().close()


class _PacedResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        assert isinstance(self.fp, io.BufferedReader)
        self.fp = io.BufferedReader(_PacedReader(sock, self.fp.detach()))


class _HttpConnection(HTTPConnection):
    response_class = _PacedResponse

    def _new_conn(self) -> socket.socket:
        return _checked(super()._new_conn(), self.host)


class _HttpsConnection(HTTPSConnection):
    response_class = _PacedResponse

    def _new_conn(self) -> socket.socket:
        return _checked(super()._new_conn(), self.host)


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


def _checked(connection: socket.socket, host: str) -> socket.socket:
    try:
        check_peer(connection.getpeername()[0], host, _leash.get().private_hosts)
    except BaseException:
        connection.close()
        raise
    return connection
