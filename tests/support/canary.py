"""A credential that is easy to recognise in whatever spelling it gets away."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from tests.support.web_function import Asked

USERNAME = "canary"
PASSWORD = "tweet^%/+=&tweet"


def spellings(secret: str = PASSWORD) -> frozenset[str]:
    """How `secret` looks in headers, addresses, forms and JSON; whatever holds one of them holds the secret."""
    pair = f"{USERNAME}:{secret}".encode()
    encoded = {b64encode(pair), urlsafe_b64encode(pair), b64encode(secret.encode())}
    return frozenset(
        {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}
        | {each.decode() for each in encoded}
    )


def carriers(asked: Iterable[Asked], secret: str = PASSWORD) -> list[str]:
    """The requests that carry the secret anywhere."""

    def text(request: Asked) -> str:
        return f"{request.target}\n{request.headers}\n{request.body.decode(errors='replace')}"

    return [str(request) for request in asked if any(spelling in text(request) for spelling in spellings(secret))]
