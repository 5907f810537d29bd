"""How a host is reached: by which proxy, and with whose certificates. Plain values, which settings make.

Which hosts are asked without the proxy is told as Go tells it, of which most programs beside the bot are made:
https://pkg.go.dev/golang.org/x/net/http/httpproxy
"""

from __future__ import annotations

import ipaddress
import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Literal, Self, cast
from urllib.parse import unquote

from imagebot.errors import BadInput, HoldsSecret, Refused, Unavailable, WorldError, causes
from imagebot.gitnames import is_loopback
from imagebot.secret import Secret, SecretSource

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAME = r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?"
_HOST = rf"(?P<host>{_NAME}|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{{1,5}}))?"
_URL = re.compile(rf"(?:(?P<scheme>https?)://)?(?:(?P<user>[^@/]*)@)?{_HOST}/?", re.ASCII | re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*(?=://)", re.ASCII | re.IGNORECASE)
_ENTRY = re.compile(rf"(?P<dot>\*?\.)?{_HOST}", re.ASCII)
NO_URL = "this is no URL of a proxy; write http://HOST:PORT or https://HOST:PORT"
_PORTS = {"http": 80, "https": 443}
_NO_TUNNEL = re.compile(r"Tunnel connection failed: ([0-9]{3})\b", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]", re.ASCII)


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """What a server is shown that asks for it: a certificate (PEM) and its key, which may be in the same file."""

    file: Path
    key_file: Path


@dataclass(frozen=True, slots=True)
class Certificates:
    """Who must have signed a server's certificate, None for the public authorities; and what it is shown of ours."""

    ca_file: Path | None = None
    client: ClientCertificate | None = None


PUBLIC = Certificates()


@dataclass(frozen=True, slots=True)
class Proxy:
    """A forward proxy that speaks http, or https. Prints no password."""

    scheme: Literal["http", "https"]
    host: str
    port: int
    username: str = ""
    password: SecretSource | None = field(default=None, repr=False)
    certificates: Certificates = PUBLIC

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a URL; without a scheme it is http. Raises `ValueError` that does not repeat it."""
        found = _URL.fullmatch(text)
        if found is None:
            scheme = _SCHEME.match(text)
            if scheme is not None and scheme[0].lower() not in _PORTS:
                raise HoldsSecret(f"a proxy that speaks {scheme[0].lower()} is not known here; name one for http(s)")
            raise HoldsSecret(NO_URL)
        scheme_name = cast(Literal["http", "https"], (found["scheme"] or "http").lower())
        port = int(found["port"] or _PORTS[scheme_name])
        if not 0 < port < 65536:
            raise HoldsSecret("the port of this proxy does not exist")
        user, colon, password = (found["user"] or "").partition(":")
        secret = Secret(unquote(password)) if colon else None
        return cls(scheme_name, found["host"].lower(), port, unquote(user), secret)

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"

    def authorization(self) -> str:
        """The value of `Proxy-Authorization`, empty where it wants none. The password is read now. Raises `BadInput`.

        RFC 7617: the only scheme that is spoken.
        """
        if not self.username:
            return ""
        password = "" if self.password is None else self.password.reveal()
        if ":" in self.username or _CONTROL.search(self.username + password):
            raise BadInput(f"the credentials for the proxy {self} hold a colon or a control character: they cannot be")
        pair = Secret(f"{self.username}:{password}").reveal()
        return f"Basic {b64encode(pair.encode()).decode()}"


@dataclass(frozen=True, slots=True)
class _Hosts:
    """A host (`itself`) and all that is below it, or only that; at one port, or at all (0)."""

    name: str
    port: int
    itself: bool

    def __str__(self) -> str:
        name = f"[{self.name}]" if ":" in self.name else self.name
        return f"{'' if self.itself else '.'}{name}{f':{self.port}' if self.port else ''}"

    def covers(self, host: str, port: int) -> bool:
        if self.port not in (0, port):
            return False
        return (self.itself and host == self.name) or host.endswith(f".{self.name}")


@dataclass(frozen=True, slots=True)
class NoProxy:
    """Hosts that are asked without the proxy: names, networks, or all of them."""

    entries: tuple[_Hosts, ...] = ()
    networks: tuple[Network, ...] = ()
    everything: bool = False

    @classmethod
    def parse(cls, texts: Iterable[str]) -> Self:
        """Read hosts (with all below them), `.suffixes`, networks, `host:port`s and `*`. Raises `ValueError`."""
        entries: list[_Hosts] = []
        networks: list[Network] = []
        every = False
        for text in texts:
            match _entry(text):
                case _Hosts() as entry:
                    entries.append(entry)
                case None:
                    every = True
                case network:
                    networks.append(network)
        return cls(tuple(entries), tuple(networks), every)

    def __str__(self) -> str:
        return ", ".join([*map(str, self.entries), *map(str, self.networks), *(["*"] if self.everything else [])])

    def covers(self, host: str, port: int) -> bool:
        """Whether this host, spelled as in a URL, is asked without the proxy at this port."""
        name = host.lower().strip("[]").rstrip(".")
        address = _address(name)
        within = address is not None and any(
            address.version == network.version and address in network for network in self.networks
        )
        return self.everything or within or any(entry.covers(name, port) for entry in self.entries)


@dataclass(frozen=True, slots=True)
class Proxies:
    """The proxy for http and the one for https, and who is asked without, None where nobody says.

    Without a proxy all are asked directly.
    """

    http: Proxy | None = None
    https: Proxy | None = None
    without: NoProxy | None = None

    def __str__(self) -> str:
        if self.http == self.https:
            said = str(self.https or "none")
        else:
            said = f"http by {self.http or 'none'}, https by {self.https or 'none'}"
        return f"{said}, without it {self.without}" if self.without is not None else said

    def towards(self, scheme: str, host: str, port: int | None = None) -> Proxy | None:
        """The proxy that stands between us and this host; None where nobody does. This machine is never asked by one.

        `host` is spelled as in a URL.
        """
        proxy = self.https if scheme == "https" else self.http
        if proxy is None or is_loopback(host.strip("[]")):
            return None
        return None if self.without is not None and self.without.covers(host, port or _PORTS[scheme]) else proxy


NO_PROXY = Proxies()


@dataclass(frozen=True, slots=True)
class WayOut:
    """How one party, and all that it sends us to, is reached.

    Of registries that have none of their own: not at all, if it is for `only_listed` ones.
    """

    proxies: Proxies = NO_PROXY
    certificates: Certificates = PUBLIC
    only_listed: bool = False


DIRECT = WayOut()


def no_tunnel(proxy: Proxy, host: str, error: BaseException) -> WorldError | None:
    """What the proxy answered instead of connecting us to `host`, as `http.client` tells it; None if it did not."""
    for cause in causes(error):
        if isinstance(cause, OSError) and (found := _NO_TUNNEL.match(str(cause))):
            return refusal(proxy, host, int(found[1]))
    return None


def refusal(proxy: Proxy, host: str, status: int) -> WorldError:
    """What a status stands for that is the proxy's own."""
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        who = "another user name and password" if proxy.username else "a user name and a password"
        where = "see `proxy` in imagebot.yaml, or HTTPS_PROXY"
        return Refused(f"the proxy {proxy} wants {who} to ask {host} ({status}): {where}")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unavailable(f"the proxy {proxy} cannot reach {host} ({status})")
    return Refused(f"the proxy {proxy} does not let us ask {host} ({status})")


def _entry(text: str) -> _Hosts | Network | None:
    """None for everything."""
    plain = text.strip().lower().rstrip(".")
    if plain == "*":
        return None
    try:
        return ipaddress.ip_network(plain.strip("[]"), strict=False)
    except ValueError:
        found = _ENTRY.fullmatch(plain)
    if found is None:
        raise ValueError(f"{text!r} is no host, .suffix, network or host:port, nor * for all")
    port = int(found["port"] or 0)
    return _Hosts(found["host"].strip("[]"), port, itself=not found["dot"])


def _address(name: str) -> Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None
