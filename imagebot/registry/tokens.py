"""Bearer tokens: asked of token servers that may see the credential, kept for most of their life, for one scope each.

https://distribution.github.io/distribution/spec/auth/token/ and …/spec/auth/oauth/
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, replace
from http import HTTPStatus
from urllib.parse import urlencode

from imagebot.clock import boottime
from imagebot.errors import BadResponse, Refused, Unavailable
from imagebot.registry.allowance import NotAsked
from imagebot.registry.body import Request, Response
from imagebot.registry.limits import TOKEN_BYTES, TOKEN_LIFE, TOKEN_SILENCE, TOKEN_USE, TOKENS_KEPT, Deadline
from imagebot.registry.logins import Basic, Login, RefreshToken, is_token
from imagebot.registry.renewal import Clock
from imagebot.registry.responses import json_object, status_of
from imagebot.registry.urls import Url
from imagebot.registry.wire import Exchanges
from imagebot.secret import Secret


class NotTaken(Refused):
    """The token server does not take this credential, or not for this image."""


@dataclass(frozen=True, slots=True)
class TokenFor:
    """What a token is good for, and with what it was asked: tokens are shared only where all of it is the same."""

    realm: Url
    service: str
    scope: str
    login: Login


@dataclass(frozen=True, slots=True)
class Token:
    """A token and the moment after which it is not used, in seconds of the clock that credentials end by."""

    secret: Secret
    until: float


class Tokens:
    """One registry's; shared by the threads of a pass, of which only one at a time asks for the same token."""

    def __init__(self, wire: Exchanges, clock: Clock = boottime) -> None:
        self._wire = wire
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[TokenFor, Token] = {}
        self._locks: dict[TokenFor, threading.Lock] = {}
        self._refused: set[Login] = set()

    def new_pass(self) -> None:
        """From now on a credential that was refused is worth a second try again."""
        with self._lock:
            self._refused.clear()

    def get(self, wanted: TokenFor, deadline: Deadline, *, instead_of: Secret | None = None) -> Secret:
        """A token that is still good, and is not `instead_of`, which the registry refused.

        Raises `Refused` where the credential is not taken, every other `WorldError` where that is not known.
        """
        with self._lock:
            lock = self._locks.setdefault(wanted, threading.Lock())
        if not lock.acquire(timeout=deadline.remaining):
            raise NotAsked(f"the token server {wanted.realm.netloc} did not answer in time")
        try:
            kept = self._kept.get(wanted)
            if kept is not None and kept.until > self._clock() and kept.secret != instead_of:
                return kept.secret
            token = self._fetch(wanted, deadline)
            self._keep(wanted, token)
            return token.secret
        finally:
            lock.release()

    def _keep(self, wanted: TokenFor, token: Token) -> None:
        with self._lock:
            if len(self._kept) >= TOKENS_KEPT:
                self._kept.clear()
                self._locks.clear()
            self._kept[wanted] = token

    def _fetch(self, wanted: TokenFor, deadline: Deadline) -> Token:
        asked = self._clock()
        answer = self._wire.send(_ask(wanted), deadline)
        if answer.status == HTTPStatus.UNAUTHORIZED and self._is_worth_a_second_try(wanted.login):
            asked = self._clock()
            answer = replace(self._wire.send(_ask(wanted), deadline), tries=2)
        if answer.status != HTTPStatus.OK:
            raise _failure(answer, wanted)
        document = json_object(answer, wanted.realm.netloc)
        text = document.get("token") or document.get("access_token")
        if not isinstance(text, str) or not is_token(text):
            raise BadResponse(f"the token server {wanted.realm.netloc} sent no token")
        return Token(Secret(text), asked + TOKEN_USE * _life(document.get("expires_in")))

    def _is_worth_a_second_try(self, login: Login) -> bool:
        """Once a pass: who is wrong for a hundred images shall not look as if he guessed passwords."""
        with self._lock:
            first = login not in self._refused
            self._refused.add(login)
            return first and not isinstance(login.credential, RefreshToken)


def _ask(wanted: TokenFor) -> Request:
    parameters = {"scope": wanted.scope} | ({"service": wanted.service} if wanted.service else {})
    account = wanted.login.account
    match wanted.login.credential:
        case RefreshToken(token):
            form = {"grant_type": "refresh_token", "client_id": "imagebot", "refresh_token": token.reveal()}
            return Request(
                "POST", wanted.realm, TOKEN_BYTES, form=form | parameters, silence=TOKEN_SILENCE, account=account
            )
        case Basic() as basic:
            headers = {"Authorization": basic.header()}
        case _:
            headers = {}
    mark = "&" if "?" in wanted.realm.rest else "?"
    url = replace(wanted.realm, rest=f"{wanted.realm.rest or '/'}{mark}{urlencode(parameters)}")
    return Request("GET", url, TOKEN_BYTES, headers, silence=TOKEN_SILENCE, account=account)


def _life(expires_in: object) -> float:
    if isinstance(expires_in, int | float) and not isinstance(expires_in, bool) and 0 < expires_in < math.inf:
        return float(min(expires_in, 24 * 3600))
    return TOKEN_LIFE


def _failure(answer: Response, wanted: TokenFor) -> NotTaken | Unavailable | BadResponse:
    status = status_of(answer)
    server = f"the token server {wanted.realm.netloc}"
    if answer.status in (400, 401, 403):
        return NotTaken(f"{server} refuses {wanted.scope} ({status}){answer.often}: {wanted.login.advice}")
    if answer.status in (408, 429) or answer.status >= 500:
        return Unavailable(f"{server} failed ({status}){answer.often}", retry_after=answer.wait)
    return BadResponse(f"{server} answers {status} where a token was asked for")
