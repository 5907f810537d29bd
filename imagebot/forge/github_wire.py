"""Requests to GitHub's REST API, and every way they can fail, as our errors.

PyGithub brings authentication, pace and connections. Its objects are not used: they take an answer of HTML or of a
redirect for a pull request whose fields are all None, and go to whatever URL an answer names. Here every path is ours
and every answer is checked. Its retries are off: they send a POST again that may have had its effect, and sleep for
up to an hour (facts measured with PyGithub 2.10).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt
import requests
from github import Auth, GithubException, set_log_level
from github.Requester import HTTPRequestsConnectionClass, HTTPSRequestsConnectionClass, Requester, RequestsResponse
from jwt.exceptions import PyJWTError

from imagebot import __version__
from imagebot.errors import BadInput, BadResponse, NotFound, Refused, Unavailable, WorldError, printable
from imagebot.forge.manners import Manners
from imagebot.secret import Secret, SecretFile
from imagebot.settings import GitHubApp, TokenCredentials

# What GitHub asks for when it refuses without naming a time.
_LIMIT_WAIT_S = 60.0
_PAGE = 100
_MOST_PAGES = 100
_RIGHTS = "`pull requests: write` and `contents: write`"
_NONSENSE = (AssertionError, AttributeError, KeyError, RuntimeError, TypeError, ValueError)


class Unprocessable(BadResponse):
    """422: the request was understood and cannot be carried out. `reasons` are GitHub's own words."""

    def __init__(self, message: str, reasons: tuple[str, ...]) -> None:
        super().__init__(message)
        self.reasons = reasons


class Wire:
    """The API at one URL with one credential. `writes` counts the requests sent to change something."""

    def __init__(
        self, api_url: str, credentials: TokenCredentials | GitHubApp, manners: Manners, ca_file: Path | None
    ) -> None:
        self.host = urlsplit(api_url).netloc
        self.writes = 0
        self._manners = manners
        self._app: Callable[[], str] | None = None
        # It writes to standard error by itself, where our log goes; at DEBUG also the tokens that an App is given.
        set_log_level(logging.WARNING)

        def client(auth: Auth.Auth | None) -> Requester:
            return _Requester(
                auth=auth,
                base_url=api_url,
                timeout=manners.timeout_s,
                user_agent=f"imagebot/{__version__}",
                per_page=_PAGE,
                verify=True if ca_file is None else str(ca_file),
                retry=0,
                pool_size=None,
                seconds_between_requests=manners.between_writes_s / 4,
                api_version="2022-11-28",
            )

        match credentials:
            case TokenCredentials(token=source):
                self._requester = client(_Bearer(source.reveal))
            case GitHubApp():
                self._app = self._app_tokens(client(None), credentials)
                self._requester = client(_Bearer(self._app))

    def app_token(self) -> Secret | None:
        """The token of the App's installation, renewed shortly before it expires; None without an App."""
        return None if self._app is None else Secret(self._app())

    def get(self, deed: str, path: str, **parameters: str | int) -> Any:
        """One answer. `deed` completes "GitHub would not …" in the words of an error."""
        return self._ask(deed, "GET", path, parameters)[1]

    def get_all(self, deed: str, path: str, **parameters: str | int) -> Iterator[Any]:
        """The items of every page. Pages are asked for by number: no link is followed."""
        for page in range(1, _MOST_PAGES + 1):
            headers, items = self._ask(deed, "GET", path, {**parameters, "per_page": _PAGE, "page": page})
            if not isinstance(items, list):
                raise BadResponse(f"{self.host} answered something that is no list when asked to {deed}")
            yield from items
            if 'rel="next"' not in headers.get("link", ""):
                return
        raise BadResponse(f"{self.host} has more than {_MOST_PAGES * _PAGE} answers when asked to {deed}")

    def send(self, deed: str, verb: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        """Change something, and answer what GitHub says of it."""
        with self._manners.pace.write(self.host, self._manners.between_writes_s):
            self.writes += 1
            return self._ask(deed, verb, path, {}, None if body is None else dict(body))[1]

    def query(self, deed: str, query: str, variables: Mapping[str, object]) -> Any:
        """What GraphQL answers to a query: its `data`."""
        body: dict[str, object] = {"query": query, "variables": dict(variables)}
        answer = self._ask(deed, "POST", self._requester.graphql_url, {}, body)[1]
        errors = answer.get("errors") if isinstance(answer, dict) else None
        if errors:
            raise _graphql_refusal(errors, self.host, deed)
        return answer.get("data") if isinstance(answer, dict) else None

    def mutate(self, deed: str, mutation: str, variables: Mapping[str, object]) -> Any:
        """Change something through GraphQL."""
        with self._manners.pace.write(self.host, self._manners.between_writes_s):
            self.writes += 1
            return self.query(deed, mutation, variables)

    def _ask(
        self,
        deed: str,
        verb: str,
        path: str,
        parameters: Mapping[str, str | int],
        body: dict[str, object] | None = None,
    ) -> tuple[dict[str, Any], Any]:
        with _failures(self.host, deed):
            return self._requester.requestJsonAndCheck(verb, path, parameters=dict(parameters), input=body)

    def _app_tokens(self, requester: Requester, app: GitHubApp) -> Callable[[], str]:
        key = Auth.AppAuth(app.id, sign_func=lambda claims: _signed(claims, app))
        installation = key.get_installation_auth(app.installation, requester=requester)

        def token() -> str:
            with _failures(self.host, f"give a token to installation {app.installation} of the App {app.id}"):
                return Secret(installation.token).reveal()

        return token


class _Moved(requests.TooManyRedirects):
    """A redirect. PyGithub would follow it within the host, and send a write again as a GET or a POST."""


class _NotReady(requests.Timeout):
    """202, later: PyGithub would sleep for two seconds and ask again, without end."""


def _final(verb: str, response: RequestsResponse) -> RequestsResponse:
    if 300 <= response.status < 400:
        raise _Moved
    if response.status == 202 and verb == "GET":
        raise _NotReady
    return response


class _Https(HTTPSRequestsConnectionClass):
    def getresponse(self) -> RequestsResponse:
        return _final(self.verb, super().getresponse())


class _Http(HTTPRequestsConnectionClass):
    def getresponse(self) -> RequestsResponse:
        return _final(self.verb, super().getresponse())


class _Requester(Requester):
    """One that takes each answer as it comes; `injectConnectionClasses` would also drop the connection each time."""

    _Requester__httpConnectionClass = _Http
    _Requester__httpsConnectionClass = _Https


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
        token = self._reveal()
        if not token.isascii() or not token.isprintable() or " " in token:
            raise Refused("the token for GitHub cannot be sent: it holds characters that no token has")
        return token


@contextmanager
def _failures(host: str, deed: str) -> Iterator[None]:
    """Turn whatever PyGithub and requests raise into a `WorldError`; no message repeats what was sent."""
    try:
        yield
    except BadInput as error:
        raise Refused(str(error)) from None
    except GithubException as error:
        raise _refusal(error, host, deed) from None
    except _Moved:
        raise Refused(
            f"{host} sends us elsewhere when asked to {deed}: if the repository was renamed or moved, change its url "
            "in the settings, else its apiUrl"
        ) from None
    except (requests.ConnectionError, requests.Timeout) as error:
        raise Unavailable(f"{host}: {_kind(error)} when asked to {deed}") from None
    except requests.RequestException:
        raise BadResponse(f"{host} broke off its answer when asked to {deed}") from None
    except _NONSENSE:
        raise BadResponse(f"{host} answered something that makes no sense when asked to {deed}") from None


def _kind(error: requests.RequestException) -> str:
    match error:
        case requests.exceptions.SSLError():
            return "its certificate cannot be trusted"
        case _NotReady():
            return "the answer is not ready"
        case requests.Timeout():
            return "no answer in time"
        case _:
            return "the connection failed"


def _refusal(error: GithubException, host: str, deed: str) -> WorldError:
    headers = error.headers or {}
    said = _said(error.data)
    if error.status == 429 or (error.status == 403 and _is_limit(headers, said)):
        return Unavailable(f"{host} asks us to slow down", retry_after=_wait(headers) or _LIMIT_WAIT_S)
    if error.status >= 500:
        return Unavailable(f"{host} answered {error.status} when asked to {deed}", retry_after=_wait(headers))
    words = f"{host} would not {deed}" + (f": {'; '.join(said)}" if said else "")
    match error.status:
        case 401:
            return Refused(f"{host} does not accept our credentials: they are wrong, expired or revoked")
        case 403:
            return Refused(f"{words}. Give the credentials the permissions {_RIGHTS}")
        case 404 | 410:
            return NotFound(f"{words}. GitHub says the same of what the credentials may not see: check both")
        case 422:
            return Unprocessable(words, said)
        case _:
            return BadResponse(f"{words} ({error.status})")


def _graphql_refusal(errors: object, host: str, deed: str) -> WorldError:
    """GraphQL says with a status of 200 what went wrong."""
    kinds = {error.get("type") for error in errors if isinstance(error, dict)} if isinstance(errors, list) else set()
    said = _said({"errors": errors})
    words = f"{host} would not {deed}" + (f": {'; '.join(said)}" if said else "")
    if "RATE_LIMITED" in kinds or _is_limit({}, said):
        return Unavailable(f"{host} asks us to slow down", retry_after=_LIMIT_WAIT_S)
    if kinds & {"FORBIDDEN", "INSUFFICIENT_SCOPES"}:
        return Refused(f"{words}. Give the credentials the permissions {_RIGHTS}")
    if "NOT_FOUND" in kinds:
        return NotFound(f"{words}. GitHub says the same of what the credentials may not see: check both")
    if any("went wrong" in text for text in said):
        return Unavailable(words)
    return Unprocessable(words, said)


def _is_limit(headers: Mapping[str, str], said: tuple[str, ...]) -> bool:
    limited = "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0"
    return limited or any("rate limit" in text.lower() for text in said)


def _wait(headers: Mapping[str, str]) -> float | None:
    """How many seconds GitHub wants us to wait; by its own clock, where it names a moment."""
    try:
        if "retry-after" in headers:
            return max(float(headers["retry-after"]), 0.0)
        if headers.get("x-ratelimit-remaining") == "0":
            now = parsedate_to_datetime(headers["date"]).timestamp()
            return max(float(headers["x-ratelimit-reset"]) - now, 0.0)
    except (KeyError, ValueError):
        return None
    return None


def _said(data: object) -> tuple[str, ...]:
    """GitHub's own words about a failure, made safe to print."""
    if not isinstance(data, dict):
        return ()
    errors = data.get("errors")
    items = [data.get("message"), *(errors if isinstance(errors, list) else [])]
    texts = (item.get("message") if isinstance(item, dict) else item for item in items)
    return tuple(printable(text)[:300] for text in texts if isinstance(text, str) and text)
