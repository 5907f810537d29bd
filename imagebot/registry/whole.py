"""A whole answer as the bytes that it is, for libraries that read it themselves: bounded before they see it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import Any

from imagebot.registry.body import Body, Request, Response
from imagebot.registry.connections import Connections, Leash
from imagebot.registry.failures import translated


def whole_answer(connections: Connections, ask: Request, leash: Leash, body: Any = None) -> Response:
    """What comes back, whatever its status; its document is all of its body.

    Raises `BadInput` for a proxy's password or certificates, and every `WorldError`.
    """
    headers = {name: value for name, value in ask.headers.items() if name.lower() != "accept-encoding"}
    headers["Accept-Encoding"] = "identity"
    with translated(ask.url.netloc, leash):
        response = connections.urlopen(ask.method, ask.url, leash, headers=headers, body=body)
    with closing(response):
        whole = Body(response, replace(ask, reader=_Bytes), leash)
        whole.read(ask.cap)
    return whole.whole()


class _Bytes:
    """Keeps a body as it comes."""

    def __init__(self, _: str) -> None:
        self._body = bytearray()

    def feed(self, piece: bytes) -> None:
        self._body += piece

    def end(self) -> bytes:
        return bytes(self._body)
