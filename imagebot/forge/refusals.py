"""Every way in which a forge can fail to answer, as our errors: what it says, and what HTTP itself makes of it.

No message repeats what was sent. What the forge said is told in its own words: secrets that it repeats are masked
first, then it is made safe to print and cut, between two words, so that no half of anything is left.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException, IncompleteRead, RemoteDisconnected

import requests
import urllib3

from imagebot import clock
from imagebot.errors import BadInput, BadResponse, NotFound, Refused, Unavailable, WorldError, causes
from imagebot.forge.documents import read_json
from imagebot.forge.transport import Reply
from imagebot.outgoing import outgoing, shortened

_MOST_WORDS = 300
_MOST_READ = 10_000
_SECONDS = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,9})?", re.ASCII)
# Forges name the moment; proxies count from now, as the draft of the IETF for such headers has it.
_FIRST_MOMENT = 1e9
_CUT = (IncompleteRead, urllib3.exceptions.IncompleteRead)
_SILENT = (TimeoutError, requests.Timeout, urllib3.exceptions.TimeoutError)
_NO_HTTP = (HTTPException, urllib3.exceptions.HTTPError, requests.RequestException, ValueError, RecursionError)


class Unprocessable(BadResponse):
    """400, 405, 406, 409 or 422: understood, and not carried out: something in the request, or already there, is in
    the way. `reasons` are the forge's own words. GraphQL says so with 200.
    """

    def __init__(self, message: str, status: int, reasons: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.reasons = reasons


def refusal(reply: Reply, host: str, task: str, rights: str) -> WorldError:
    """What an answer without success means. `task` completes "the host would not …"; `rights` is what a token needs."""
    reasons = said(reply.body)
    words = f"{host} would not {task}" + (f": {'; '.join(reasons)}" if reasons else "")
    match reply.status:
        case status if status >= 500:
            return Unavailable(f"{host} answered {status} when asked to {task}")
        case 202:
            return Unavailable(f"{host}: the answer is not ready when asked to {task}")
        case 301 | 302 | 303 | 307 | 308:
            return Refused(f"{host} sends us elsewhere when asked to {task}, and does not say where to")
        case 401:
            return Refused(f"{host} does not accept our credentials: they are wrong, expired or revoked")
        case 403:
            return Refused(f"{words}. The token needs {rights}")
        case 404 | 410:
            return NotFound(f"{words}. It says the same of what the token may not see: check both")
        case 423:
            return Refused(f"{words}. The repository is archived")
        case 400 | 405 | 406 | 409 | 422 as status:
            return Unprocessable(words, status, reasons)
        case status:
            return BadResponse(f"{words} ({status})")


def is_limit(reply: Reply, reasons: tuple[str, ...]) -> bool:
    """Whether an answer without success tells us to come again later.

    429, or a time in `Retry-After`, whatever the status; GitHub says 403 where its limits are passed, the hourly one in
    a header and the secondary ones in words only.
    """
    if reply.status < 400:
        return False
    if reply.status == 429 or _told_after(reply.headers) is not None:
        return True
    words = any("rate limit" in text.lower() or "abuse detection" in text.lower() for text in reasons)
    return reply.status == 403 and (words or is_used_up(reply.headers))


def is_used_up(headers: Mapping[str, str]) -> bool:
    """Whether the next request would be one too many, which a forge tells with the last that it answers."""
    return "0" in (headers.get("X-RateLimit-Remaining"), headers.get("RateLimit-Remaining"))


def wait(headers: Mapping[str, str]) -> float | None:
    """How many seconds the forge wants us to wait, if it says so; by its own clock, where it names a moment."""
    told = _told_after(headers)
    if told is not None:
        return told
    # GitHub shows when its hour begins anew with every answer, those of its secondary limits too.
    hour = headers.get("X-RateLimit-Reset") if is_used_up(headers) else None
    seconds = _number(hour or headers.get("RateLimit-Reset"))
    if seconds is None or seconds < _FIRST_MOMENT:
        return seconds
    return max(seconds - _moment(headers).timestamp(), 0.0)


def _told_after(headers: Mapping[str, str]) -> float | None:
    """`Retry-After`, seconds or a moment (RFC 9110, section 10.2.3)."""
    header = headers.get("Retry-After", "").strip()
    seconds = _number(header)
    if seconds is not None or not header:
        return seconds
    try:
        return max((parsedate_to_datetime(header) - _moment(headers)).total_seconds(), 0.0)
    except (ValueError, TypeError, OverflowError):
        return None


def _number(text: str | None) -> float | None:
    found = _SECONDS.fullmatch((text or "").strip())
    return float(found[0]) if found else None


def _moment(headers: Mapping[str, str]) -> datetime:
    """Now, by the forge's clock, or by ours."""
    try:
        at = parsedate_to_datetime(headers["Date"])
    except (KeyError, ValueError, TypeError):
        return clock.now()
    return at if at.tzinfo is not None else clock.now()


@contextmanager
def failures(host: str, task: str) -> Iterator[None]:
    """Turn whatever a request raises that is no `WorldError` into one."""
    try:
        yield
    except WorldError:
        raise
    except BadInput as error:
        raise Refused(str(error)) from None
    except (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError) as error:
        raise _failure(error, host, task) from None
    except (ValueError, RecursionError):
        raise BadResponse(f"{host} answered something that makes no sense when asked to {task}") from None


def _failure(error: Exception, host: str, task: str) -> WorldError:
    inside = tuple(causes(error))

    def among(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in inside)

    if among(requests.exceptions.SSLError):
        words = f"{host}: its certificate cannot be trusted when asked to {task}; if an authority of your own signed it"
        return Unavailable(f"{words}, name that in caFile")
    if among(urllib3.exceptions.NewConnectionError):
        return Unavailable(f"{host}: the connection failed when asked to {task}")
    if among(*_SILENT):
        return Unavailable(f"{host}: no answer in time when asked to {task}")
    if among(*_CUT):
        return BadResponse(f"{host} broke off its answer when asked to {task}")
    if among(RemoteDisconnected, ConnectionError):
        return Unavailable(f"{host}: the connection failed when asked to {task}")
    if among(*_NO_HTTP):
        return BadResponse(f"{host} answered something that makes no sense when asked to {task}")
    # Also what `requests` raises for a file of certificates that is not there.
    reason = "check caFile" if "CA certificate" in str(error) else type(error).__name__
    return Refused(f"{host} cannot be asked to {task}: {reason}")


def said(body: bytes) -> tuple[str, ...]:
    """The forge's own words about a failure: texts, lists of texts, or lists by field."""
    try:
        data = read_json(body, "no words")
    except BadResponse:
        return ()
    return words_of(data)


def words_of(data: object) -> tuple[str, ...]:
    """The same of an answer that was read."""
    if not isinstance(data, dict):
        return ()
    found = [text for key in ("message", "error", "error_description", "errors") for text in _texts(data.get(key))]
    return tuple(quoted(text) for text in dict.fromkeys(found[:8]) if text)


def quoted(text: str) -> str:
    """What somebody said, as one line of a few hundred characters at most, whole words only."""
    return shortened(outgoing(" ".join(text[:_MOST_READ].split())), _MOST_WORDS)


def _texts(said: object, deep: int = 3) -> list[str]:
    match said:
        case str():
            return [said]
        case list() if deep:
            return [text for item in said[:8] for text in _texts(item, deep - 1)]
        case {"message": str(message)}:
            return [message]
        case dict() if deep:
            items = list(said.items())[:8]
            return [f"{field} {text}" for field, texts in items for text in _texts(texts, deep - 1)]
        case _:
            return []
