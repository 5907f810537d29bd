"""Connections to a forge's API that follow no redirect, heed no netrc, proxy or cookie, and read no answer without end.

For the forges whose libraries leave that to `requests`, which does all of it by itself.
"""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from imagebot import __version__
from imagebot.errors import BadResponse, Refused
from imagebot.secret import SecretSource

USER_AGENT = f"imagebot/{__version__}"
MOST_BYTES = 32 * 1024 * 1024
"""Of one answer: a page of a hundred pull requests with bodies of 64 KiB is a fifth of it."""
_MOST_SECONDS = 60.0
_PIECE = 64 * 1024


def session(scheme: str, token: SecretSource, ca_file: Path | None) -> requests.Session:
    """Sends `Authorization: SCHEME TOKEN` with each request and trusts `ca_file` alone, or else public authorities."""
    made = requests.Session()
    made.trust_env = False
    # Zero makes a redirect an error before a second request is sent: `TooManyRedirects`.
    made.max_redirects = 0
    made.auth = _Authorization(scheme, token)
    made.verify = True if ca_file is None else str(ca_file)
    made.headers.update({"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "identity"})
    made.mount("https://", _Bounded())
    made.mount("http://", _Bounded())
    return made


class _Authorization(AuthBase):
    """The token is read for each request: mounted secrets rotate."""

    def __init__(self, scheme: str, token: SecretSource) -> None:
        self._scheme = scheme
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        token = self._token.reveal()
        if not token.isascii() or not token.isprintable() or " " in token:
            raise Refused("the token for the forge cannot be sent: it holds characters that no token has")
        request.headers["Authorization"] = f"{self._scheme} {token}"
        return request


class _Bounded(HTTPAdapter):
    """Reads each answer whole, undecoded, within a cap and a time, before anybody else gets to see it."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        response = super().send(request, *args, **kwargs)
        with response.raw as raw:
            response.raw = io.BytesIO(_whole(response, raw))
        return response


def _whole(response: requests.Response, raw: urllib3.HTTPResponse) -> bytes:
    if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise BadResponse("the forge sent a compressed answer, which was not asked for")
    until = time.monotonic() + _MOST_SECONDS
    body = bytearray()
    try:
        while piece := raw.read1(_PIECE, decode_content=False):
            body += piece
            if len(body) > MOST_BYTES:
                raise BadResponse(f"the forge sent more than the {MOST_BYTES >> 20} MiB that an answer may have")
            if time.monotonic() > until:
                raise requests.ReadTimeout
    except urllib3.exceptions.ReadTimeoutError:
        raise requests.ReadTimeout from None
    except urllib3.exceptions.HTTPError:
        raise requests.exceptions.ChunkedEncodingError from None
    return bytes(body)
