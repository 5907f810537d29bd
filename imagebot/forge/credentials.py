"""What a forge knows us by: how it is sent, and by which name its limits are counted."""

from __future__ import annotations

import hashlib

from imagebot.errors import Refused
from imagebot.settings.resolve import GitHubApp, TokenCredentials


def sendable(token: str, whose: str) -> str:
    """The token, if HTTP can carry it. Raises `Refused` that does not show it."""
    if not token.isascii() or not token.isprintable() or " " in token:
        raise Refused(f"the token for {whose} cannot be sent: it holds characters that no token has")
    return token


def account(host: str, credentials: TokenCredentials | GitHubApp | None) -> str:
    """Whose limits count: one host's and one credential's, by a name that tells no secret.

    A token is known by a part of its hash, from which nobody gets it back; one that is changed for another is another
    account. Raises `BadInput` if its file cannot be read.
    """
    match credentials:
        case None:
            return f"{host} nobody"
        case GitHubApp(id=app, installation=installation):
            return f"{host} app {app}/{installation}"
        case TokenCredentials(token=source):
            return f"{host} token {hashlib.sha256(source.reveal().encode(errors='replace')).hexdigest()[:12]}"
