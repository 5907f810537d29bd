"""What a registry, or its token server, can be shown."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass

from imagebot.secret import Secret


@dataclass(frozen=True, slots=True)
class Basic:
    """A user name and password: for the registry itself, or for its token server, which gives a token for them."""

    username: str
    password: Secret

    def header(self) -> str:
        """The value of `Authorization`. RFC 7617."""
        pair = f"{self.username}:{self.password.reveal()}"
        return f"Basic {b64encode(pair.encode()).decode()}"


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """What `docker login` keeps as `identitytoken`: the token server gives tokens for it, by OAuth 2."""

    token: Secret


@dataclass(frozen=True, slots=True)
class RegistryToken:
    """A bearer token for the registry itself, which no token server is asked about."""

    token: Secret

    def header(self) -> str:
        """The value of `Authorization`. RFC 6750."""
        return f"Bearer {self.token.reveal()}"


Credential = Basic | RefreshToken | RegistryToken


@dataclass(frozen=True, slots=True)
class Login:
    """A credential or none, and what a person should do when the registry refuses it."""

    credential: Credential | None
    advice: str
