"""What went wrong on the wire, read out of the exceptions that requests and urllib3 wrap in each other."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPException, RemoteDisconnected
from socket import gaierror
from ssl import SSLCertVerificationError, SSLEOFError, SSLError

import requests
import urllib3.exceptions

from imagebot.errors import BadResponse, Unavailable, WorldError
from imagebot.registry.limits import Deadline

FAILURES = (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError)
_CUT = (ConnectionResetError, BrokenPipeError, RemoteDisconnected, SSLEOFError)


class Cut(Exception):
    """The connection ended before a whole answer came: often a kept one that had grown old."""


class Down(Unavailable):
    """Nobody answers there: whoever asks next will fare no better."""


def explained(error: Exception, host: str, deadline: Deadline) -> WorldError | Cut:
    """The one clear line for `error`, one of `FAILURES`, which came while `host` was asked."""
    causes = tuple(_causes(error))

    def among(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    if among(gaierror):
        return Down(f"{host} cannot be found: no such host, or no name server")
    if among(urllib3.exceptions.NewConnectionError):
        return Down(f"{host} cannot be reached: {_reason(causes)}")
    if among(urllib3.exceptions.ConnectTimeoutError):
        return Down(f"{host} did not take the connection within {deadline.timeouts.connect:g} s")
    if among(TimeoutError, urllib3.exceptions.TimeoutError):
        return _too_slow(host, deadline)
    if among(*_CUT):
        return Cut()
    if among(SSLError):
        return Unavailable(f"{host} cannot be trusted: {_tls_reason(causes)}")
    if among(HTTPException, urllib3.exceptions.ProtocolError):
        return BadResponse(f"{host} does not answer in proper HTTP")
    return Down(f"{host} cannot be reached: {_reason(causes)}")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """`error` and all that is inside it, each once: they nest as cause, as context, as `reason` and as argument."""
    queue = [error]
    seen: set[int] = set()
    while queue:
        cause = queue.pop()
        if id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            inner = (cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args)
            queue += [each for each in inner if isinstance(each, BaseException)]


def _too_slow(host: str, deadline: Deadline) -> WorldError:
    try:
        deadline.for_read()
    except TimeoutError:
        return Unavailable(f"{host} took too long: {deadline.timeouts.total:g} s in all were not enough")
    return Down(f"{host} went silent for {deadline.timeouts.read:g} s")


def _reason(causes: tuple[BaseException, ...]) -> str:
    reasons = (cause.strerror for cause in causes if isinstance(cause, OSError))
    return next((reason for reason in reasons if reason), "the connection failed")


def _tls_reason(causes: tuple[BaseException, ...]) -> str:
    for cause in causes:
        if isinstance(cause, SSLCertVerificationError):
            return f"{cause.verify_message} (caFile under registries names another authority)"
    return "the TLS handshake failed (plainHttp under registries is for those without TLS)"
