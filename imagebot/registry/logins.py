"""What a registry, or its token server, can be shown: what exists can be sent, so no header of ours is ever refused."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import assert_never

from imagebot.secret import Secret

_TOKEN = re.compile(r"[!-~]{1,65536}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Basic:
    """A user name and password: for the registry itself, or for its token server, which gives a token for them.

    Raises `ValueError`, without repeating either, for what RFC 7617 cannot carry.
    """

    username: str
    password: Secret

    def __post_init__(self) -> None:
        if ":" in self.username:
            raise ValueError("a user name has no colon")
        _check_text(self.username, "the user name")
        _check_text(self.password.reveal(), "the password")

    def header(self) -> str:
        """The value of `Authorization`. RFC 7617."""
        # Also of a password that is too short to be masked by itself.
        pair = Secret(f"{self.username}:{self.password.reveal()}").reveal()
        return f"Basic {b64encode(pair.encode()).decode()}"


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """What `docker login` keeps as `identitytoken`: the token server gives tokens for it, by OAuth 2.

    Raises `ValueError` for what cannot be a token.
    """

    token: Secret

    def __post_init__(self) -> None:
        _check_token(self.token)


@dataclass(frozen=True, slots=True)
class RegistryToken:
    """A bearer token for the registry itself, which no token server is asked about. Raises `ValueError`."""

    token: Secret

    def __post_init__(self) -> None:
        _check_token(self.token)

    def header(self) -> str:
        """The value of `Authorization`. RFC 6750."""
        return f"Bearer {self.token.reveal()}"


Credential = Basic | RefreshToken | RegistryToken


@dataclass(frozen=True, slots=True)
class Login:
    """A credential or none, and what a person should do when the registry refuses it.

    `again` asks its source whether there is another by now. Raises what looking it up raises.
    """

    credential: Credential | None
    advice: str
    again: Callable[[], Credential | None] | None = field(default=None, compare=False, repr=False)

    @property
    def account(self) -> str:
        """Tells whose credential it is, and no secret: a password could be guessed. Empty where there is none."""
        match self.credential:
            case None:
                return ""
            case Basic(username):
                text = username
            case RefreshToken(token) | RegistryToken(token):
                text = token.reveal()
            case _:
                assert_never(self.credential)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def _check_text(text: str, what: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{what} holds half a character, which cannot be sent") from None
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise ValueError(f"{what} holds a control character or a line end, which cannot be sent")


def is_token(text: str) -> bool:
    """Whether this can be sent as a token."""
    return _TOKEN.fullmatch(text) is not None


def _check_token(token: Secret) -> None:
    if not is_token(token.reveal()):
        raise ValueError("a token has neither spaces nor line ends, nor anything but ASCII")
