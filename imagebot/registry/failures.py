"""What went wrong on the wire, read out of the exceptions that urllib3 and http.client wrap in each other.

`_FAILURES` is all that they raise while they connect, send, and read an answer, each for a reason:

OSError        sockets and TLS, time limits, name servers among them
HTTPException  what http.client, and our own reader, cannot take for HTTP
HTTPError      urllib3's; most, but not all, wrap one of the above
ValueError     numbers that are none, hosts that IDNA cannot encode (UnicodeError), lengths below nothing
OverflowError  numbers that are too large for a buffer or a socket

A header that cannot be sent would be among the ValueErrors: whoever makes a credential checks it first (`logins`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException, RemoteDisconnected
from socket import gaierror
from ssl import SSLCertVerificationError, SSLEOFError, SSLError

import urllib3.exceptions

from imagebot.errors import BadResponse, Unavailable, WorldError, causes
from imagebot.proxies import no_tunnel
from imagebot.registry.connections import Leash, held_by

_FAILURES = (OSError, HTTPException, urllib3.exceptions.HTTPError, ValueError, OverflowError)
_CUT = (ConnectionResetError, BrokenPipeError, RemoteDisconnected, SSLEOFError)


class BadContent(BadResponse):
    """What was pushed is no such thing: the registry shows it as it is, and does nothing wrong."""


class CutShort(Unavailable):
    """The connection ended before a whole answer came: often a kept one that had grown old."""


class Down(Unavailable):
    """Nobody answers there: whoever asks next will fare no better."""


class Silent(Down):
    """The connection was taken, and then nothing came."""


@contextmanager
def translated(host: str, leash: Leash) -> Iterator[None]:
    """What the HTTP stack raises in this block, while `host` is asked, comes out as a `WorldError`: the only place."""
    try:
        with held_by(leash):
            yield
    except _FAILURES as error:
        raise explained(error, host, leash) from None


def explained(error: Exception, host: str, leash: Leash) -> WorldError:
    """The one clear line for an `error` of the HTTP stack."""
    if leash.proxy is None:
        return _explained(error, host, host, leash)
    said = no_tunnel(leash.proxy, host, error)
    there = f"the proxy {leash.proxy} on the way to {host}"
    return said or _explained(error, f"{host}, asked by the proxy {leash.proxy},", there, leash)


def _explained(error: Exception, host: str, there: str, leash: Leash) -> WorldError:
    """`there` is whom the connection itself was to."""
    inside = tuple(causes(error))

    def among(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in inside)

    if among(gaierror, urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError):
        return _not_there(inside, there, leash)
    if among(TimeoutError, urllib3.exceptions.TimeoutError):
        return _too_slow(host, leash)
    if among(*_CUT):
        return CutShort(f"{host} cut the connection")
    if among(SSLError):
        whom = there if among(urllib3.exceptions.ProxyError) else host
        return Unavailable(f"{whom} cannot be trusted: {_tls_reason(inside)}")
    if among(urllib3.exceptions.LocationValueError):
        return BadResponse(f"{host} is a host that cannot be")
    if among(HTTPException, urllib3.exceptions.ProtocolError) or not among(OSError):
        return BadResponse(f"{host} does not answer in proper HTTP")
    return Down(f"{host} cannot be reached: {_reason(inside)}")


def _not_there(inside: tuple[BaseException, ...], there: str, leash: Leash) -> Down:
    if any(isinstance(cause, gaierror) for cause in inside):
        return Down(f"{there} cannot be found: no such host, or no name server")
    if any(isinstance(cause, urllib3.exceptions.NewConnectionError) for cause in inside):
        return Down(f"{there} cannot be reached: {_reason(inside)}")
    return Down(f"{there} did not take the connection within {leash.deadline.timeouts.connect:g} s")


def _too_slow(host: str, leash: Leash) -> WorldError:
    try:
        leash.for_read()
    except TimeoutError:
        return Unavailable(f"{host} took too long: {leash.deadline.seconds:g} s in all were not enough")
    return Silent(f"{host} went silent for {min(leash.silence, leash.deadline.timeouts.read):g} s")


def _reason(causes: tuple[BaseException, ...]) -> str:
    reasons = (cause.strerror for cause in causes if isinstance(cause, OSError))
    return next((reason for reason in reasons if reason), "the connection failed")


def _tls_reason(causes: tuple[BaseException, ...]) -> str:
    for cause in causes:
        if isinstance(cause, SSLCertVerificationError):
            return f"{cause.verify_message} (caFile under registries names another authority)"
    return "the TLS handshake failed (plainHttp under registries is for those without TLS)"
