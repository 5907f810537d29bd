"""The way to GitHub's APIs, by PyGithub.

PyGithub brings the URLs, the headers and an App's signature. It gets to see no answer: it would follow a redirect and
send a write again, wait two seconds for a 202 without end, and guess the encoding of what has none. Its objects are not
used: they take an answer of HTML for a pull request whose fields are all None, and go to whatever URL an answer names.
Its retries send a POST again that may have had its effect, and sleep for up to an hour; its pace is by the wall clock,
and sleeps for as long as that is set back (facts measured with PyGithub 2.10).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

import jwt
from github import Auth, set_log_level
from github.Requester import Requester
from jwt.exceptions import PyJWTError
from pydantic import BeforeValidator

from imagebot import clock
from imagebot.errors import Refused
from imagebot.forge.answers import Answer, Moment, checked
from imagebot.forge.credentials import account, sendable
from imagebot.forge.manners import Manners
from imagebot.forge.pages import Pager
from imagebot.forge.transport import USER_AGENT, Reply, Transport
from imagebot.forge.wire import Ask, Body, Dialect, Parameters, Wire
from imagebot.secret import Secret, SecretFile
from imagebot.settings.resolve import GitHubApp, RepositorySettings, TokenCredentials

_PAGE = 50
_RIGHTS = "`pull requests: write` and `contents: write`"
_LIVES_S = 3600.0
_RENEW_BEFORE_S = 60.0


def connect(
    settings: RepositorySettings, credentials: TokenCredentials | GitHubApp | None, manners: Manners
) -> tuple[Wire, AppTokens | None]:
    """The API at `settings.api_url`, and what makes tokens of an App, where there is one; asks nothing of it yet.

    Without credentials it may only be read.
    """
    # It writes to standard error by itself, where our log goes; at DEBUG also the tokens that an App is given.
    set_log_level(logging.WARNING)
    transport = Transport(settings.api_way, manners.timeout_s)
    graphql = _requester(settings.api_url, None, transport).graphql_url
    apart_s = manners.apart_s(settings)
    # As many points in a minute as GitHub takes, of which a write costs five.
    host = urlsplit(settings.api_url).netloc
    dialect = Dialect(host, Pager("per_page", _PAGE), _RIGHTS, apart_s, apart_s / 4, graphql)

    def wire(auth: Auth.Auth | None) -> Wire:
        ask = _ask(_requester(settings.api_url, auth, transport))
        return Wire(ask, dialect, manners, lambda: account(dialect.host, credentials))

    match credentials:
        case None:
            return wire(None), None
        case TokenCredentials(token=source):
            return wire(_Bearer(source.reveal)), None
        case GitHubApp():
            key = Auth.AppAuth(credentials.id, sign_func=lambda claims: _signed(claims, credentials))
            tokens = AppTokens(wire(key), credentials)
            return wire(_Bearer(tokens.token)), tokens


class _Answered(Exception):
    """An answer, on its way past PyGithub."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply)
        self.reply = reply


def _requester(api_url: str, auth: Auth.Auth | None, transport: Transport) -> Requester:
    class Connection:
        """Instead of PyGithub's, which keeps a request in itself until it is sent: threads would mix them up."""

        def __init__(self, host: str, port: int | None, **_: object) -> None:
            self.host = host
            self._root = f"{urlsplit(api_url).scheme}://{urlsplit(api_url).netloc}"

        def request(self, verb: str, url: str, body: str | None, headers: Mapping[str, str], _: object) -> None:
            raise _Answered(transport.send(verb, self._root + url, headers, body.encode() if body else None))

    class Ours(Requester):
        _Requester__httpConnectionClass = _Requester__httpsConnectionClass = Connection

    return Ours(
        auth=auth,
        base_url=api_url,
        timeout=0,
        user_agent=USER_AGENT,
        per_page=_PAGE,
        verify=True,
        retry=0,
        pool_size=None,
        seconds_between_requests=0,
        seconds_between_writes=0,
        api_version="2022-11-28",
    )


def _ask(requester: Requester) -> Ask:
    def ask(verb: str, path: str, parameters: Parameters, body: Body) -> Reply:
        try:
            requester.requestJson(verb, path, parameters=dict(parameters), input=body)
        except _Answered as answered:
            return answered.reply
        raise AssertionError("every request is answered, or raises")

    return ask


def _texts(value: object) -> dict[str, str]:
    known = value.items() if isinstance(value, dict) else ()
    return {key: each for key, each in known if isinstance(key, str) and isinstance(each, str)}


class _Token(Answer):
    token: str
    expires_at: Moment
    permissions: Annotated[Mapping[str, str], BeforeValidator(_texts)] = {}


class AppTokens:
    """Those of one installation, each used until shortly before it expires."""

    def __init__(self, wire: Wire, app: GitHubApp) -> None:
        self._wire = wire
        self._app = app
        self._lock = threading.Lock()
        self._token = ""
        self._may: Mapping[str, str] = {}
        self._good_until = 0.0

    def token(self) -> str:
        with self._lock:
            if time.monotonic() >= self._good_until:
                self._renew()
            return self._token

    def permissions(self) -> Mapping[str, str]:
        """What the installation may do: `{"contents": "write", …}`, as GitHub tells with each token."""
        self.token()
        return self._may

    def _renew(self) -> None:
        task = f"give a token to installation {self._app.installation} of the App {self._app.id}"
        answer = self._wire.query(task, f"/app/installations/{self._app.installation}/access_tokens", {})
        given = checked(_Token, answer, "GitHub's answer to an App")
        lives = 0.0 if given.expires_at is None else (given.expires_at - clock.now()).total_seconds()
        self._token = Secret(given.token).reveal()
        self._may = given.permissions
        self._good_until = time.monotonic() + min(lives, _LIVES_S) - _RENEW_BEFORE_S


def _signed(claims: dict[str, Any], app: GitHubApp) -> str:
    try:
        return Secret(jwt.encode(claims, SecretFile(app.key_file).reveal(), algorithm="RS256")).reveal()
    except (PyJWTError, ValueError, TypeError):
        raise Refused(f"{app.key_file} holds no private key that can sign for the App {app.id}") from None


class _Bearer(Auth.Auth):
    """A token that is read again for each request: mounted secrets rotate, and those of an App expire."""

    token_type = "token"

    def __init__(self, reveal: Callable[[], str]) -> None:
        self._reveal = reveal

    @property
    def token(self) -> str:
        return sendable(self._reveal(), "GitHub")
