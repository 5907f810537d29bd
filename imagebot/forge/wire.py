"""Requests to a forge's REST API, one after another, and every way they can fail, as our errors.

What differs between forges is how one request is sent (`Ask`) and what their API calls a few things (`Dialect`).
Nothing is ever sent twice: a write that failed may have had its effect.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from imagebot.errors import BadInput, BadResponse, NotFound, Refused, Unavailable, WorldError, printable
from imagebot.forge.manners import Manners

# What to wait where a forge says "later" and names no time.
_LIMIT_WAIT_S = 60.0
_MOST_PAGES = 200

Parameters = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer, whatever its status. `headers` are found in any letter case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


Ask = Callable[[str, str, Parameters, Mapping[str, object] | None], Reply]
"""Sends one request: verb, path below the API's URL, query, body. Raises what `requests` raises."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """`page_size` is the query parameter and `page` its value; `rights` is what credentials must be allowed."""

    host: str
    page_size: str
    page: int
    rights: str


class Unprocessable(BadResponse):
    """400, 405, 406, 409 or 422: understood, and not carried out: something in the request, or already there, is in
    the way.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Wire:
    """One API with one credential. `writes` counts the requests sent to change something."""

    def __init__(self, ask: Ask, dialect: Dialect, manners: Manners) -> None:
        self.host = dialect.host
        self.writes = 0
        self._ask = ask
        self._dialect = dialect
        self._manners = manners

    def get(self, deed: str, path: str, **parameters: str | int) -> Any:
        """One answer. `deed` completes "the host would not …" in the words of an error."""
        return self._done(deed, "GET", path, parameters)[1]

    def get_list(self, deed: str, path: str, **parameters: str | int) -> list[Any]:
        """The items of a list that comes whole."""
        return self._list(deed, self._done(deed, "GET", path, parameters)[1])

    def get_all(self, deed: str, path: str, **parameters: str | int) -> Iterator[Any]:
        """The items of every page, one request for each. Pages are asked for by number: no link is followed."""
        seen = 0
        for page in range(1, _MOST_PAGES + 1):
            paging: dict[str, str | int] = {self._dialect.page_size: self._dialect.page, "page": page}
            reply, answer = self._done(deed, "GET", path, {**parameters, **paging})
            items = self._list(deed, answer)
            yield from items
            seen += len(items)
            if not items or not _more(reply.headers, seen):
                return
        raise BadResponse(f"{self.host} has more than {_MOST_PAGES} pages of answers when asked to {deed}")

    def query(self, deed: str, path: str, body: Mapping[str, object]) -> Any:
        """One answer to a question that takes a body."""
        return self._done(deed, "POST", path, {}, body)[1]

    def send(self, deed: str, verb: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        """Change something, and answer what the forge says of it; None if it says nothing."""
        with self._manners.pace.write(self.host, self._manners.between_writes_s):
            self.writes += 1
            return self._done(deed, verb, path, {}, body)[1]

    def _list(self, deed: str, answer: object) -> list[Any]:
        if not isinstance(answer, list):
            raise BadResponse(f"{self.host} answered something that is no list when asked to {deed}")
        return answer

    def _done(
        self, deed: str, verb: str, path: str, parameters: Parameters, body: Mapping[str, object] | None = None
    ) -> tuple[Reply, Any]:
        with _failures(self.host, deed):
            reply = self._ask(verb, path, parameters, body)
        if not 200 <= reply.status < 300:
            raise self._refusal(reply, deed)
        if verb != "GET" and not reply.body:
            return reply, None
        try:
            return reply, json.loads(reply.body)
        except (ValueError, RecursionError):
            raise BadResponse(f"{self.host} answered something that is no JSON when asked to {deed}") from None

    def _refusal(self, reply: Reply, deed: str) -> WorldError:
        host, said = self.host, _said(reply.body)
        words = f"{host} would not {deed}" + (f": {'; '.join(said)}" if said else "")
        match reply.status:
            case 429:
                return Unavailable(f"{host} asks us to slow down", retry_after=_wait(reply.headers) or _LIMIT_WAIT_S)
            case status if status >= 500:
                return Unavailable(f"{host} answered {status} when asked to {deed}", retry_after=_wait(reply.headers))
            case 401:
                return Refused(f"{host} does not accept our credentials: they are wrong, expired or revoked")
            case 403:
                return Refused(f"{words}. The token needs {self._dialect.rights}")
            case 405 if any("moved project" in text for text in said):
                return _moved(host, deed)
            case 404 | 410:
                return NotFound(f"{words}. It says the same of what the token may not see: check both")
            case 423:
                return Refused(f"{words}. The repository is archived")
            case 400 | 405 | 406 | 409 | 422 as status:
                return Unprocessable(words, status)
            case status:
                return BadResponse(f"{words} ({status})")


@contextmanager
def _failures(host: str, deed: str) -> Iterator[None]:
    """Turn what `requests` raises into a `WorldError`; no message repeats what was sent."""
    try:
        yield
    except BadInput as error:
        raise Refused(str(error)) from None
    except requests.exceptions.SSLError:
        words = f"{host}: its certificate cannot be trusted when asked to {deed}; if an authority of your own signed it"
        raise Unavailable(f"{words}, name that in caFile") from None
    except requests.Timeout:
        raise Unavailable(f"{host}: no answer in time when asked to {deed}") from None
    except requests.exceptions.ChunkedEncodingError:
        raise BadResponse(f"{host} broke off its answer when asked to {deed}") from None
    except requests.ConnectionError:
        raise Unavailable(f"{host}: the connection failed when asked to {deed}") from None
    except requests.TooManyRedirects:
        raise _moved(host, deed) from None
    except OSError as error:
        # Also what `requests` raises for a file of certificates that is not there.
        raise Refused(f"{host} cannot be asked to {deed}: {_reason(error)}") from None
    except ValueError:
        raise BadResponse(f"{host} answered something that makes no sense when asked to {deed}") from None


def _reason(error: OSError) -> str:
    return "check caFile" if "CA certificate" in str(error) else type(error).__name__


def _moved(host: str, deed: str) -> Refused:
    return Refused(
        f"{host} sends us elsewhere when asked to {deed}: if the repository was renamed or moved, change its url in "
        "the settings, else its apiUrl"
    )


def _more(headers: Mapping[str, str], seen: int) -> bool:
    """Whether there is another page. Gitea counts what there is; of more than 10 000 GitLab only links to the next."""
    total = headers.get("X-Total-Count", "")
    return 'rel="next"' in headers.get("Link", "") or (total.isdecimal() and seen < int(total[:9]))


def _wait(headers: Mapping[str, str]) -> float | None:
    """How many seconds the forge wants us to wait; by its own clock, where it names a moment."""
    try:
        if "Retry-After" in headers:
            return max(float(headers["Retry-After"]), 0.0)
        if "RateLimit-Reset" in headers:
            now = parsedate_to_datetime(headers["Date"]).timestamp()
            return max(float(headers["RateLimit-Reset"]) - now, 0.0)
    except (KeyError, ValueError):
        return None
    return None


def _said(body: bytes) -> tuple[str, ...]:
    """The forge's own words about a failure, made safe to print: texts, lists of texts, or lists by field."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return ()
    if not isinstance(data, dict):
        return ()
    found = [text for key in ("message", "error", "error_description") for text in _texts(data.get(key))]
    return tuple(printable(text)[:300] for text in found[:5] if text)


def _texts(said: object) -> list[str]:
    match said:
        case str():
            return [said]
        case list():
            return [text for text in said if isinstance(text, str)]
        case dict():
            return [f"{field} {text}" for field, texts in said.items() for text in _texts(texts)]
        case _:
            return []
