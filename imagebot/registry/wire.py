"""One HTTP exchange after another with one registry and those it names; adds no credentials, follows no redirects.

The one place where what the HTTP stack raises becomes a `WorldError`. Bodies are read in pieces, undecoded, under a
cap, by a reader that keeps what is wanted; a large one waits until there is memory for it.
"""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import closing
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import urlencode

from urllib3 import BaseHTTPResponse

from imagebot import __version__
from imagebot.bans import Ban, ToldToWait
from imagebot.errors import BadInput, Refused, Unavailable
from imagebot.proxies import WayOut, refusal
from imagebot.registry.body import Body, Request, Response
from imagebot.registry.connections import Connections, Leash
from imagebot.registry.failures import CutShort, Down, Silent, translated
from imagebot.registry.hosts import Hosts
from imagebot.registry.limits import FREE_BYTES, PAUSE_WHEN_DOWN, Deadline
from imagebot.registry.pace import UNPACED, RequestPace
from imagebot.registry.pause import Pauses
from imagebot.registry.pulls import ASKED_AGAIN_S, Pulls, pulls_left
from imagebot.registry.responses import status_of
from imagebot.registry.waits import Waits

USER_AGENT = f"imagebot/{__version__} (watches image tags for GitOps)"
_OUTCOMES = {401: "unauthorized", 404: "not_found", 429: "limited"}
_PASSING = frozenset({500, 502, 503, 504})  # what a server behind a balancer answers now and then


class Count:
    """Requests sent, by all threads; `answers` counts what became of them, by registry and in one word."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.value = 0
        self._answers: Counter[tuple[str, str]] = Counter()

    def add(self) -> None:
        with self._lock:
            self.value += 1

    def became(self, registry: str, outcome: str) -> None:
        with self._lock:
            self._answers[registry, outcome] += 1

    @property
    def answers(self) -> Counter[tuple[str, str]]:
        with self._lock:
            return self._answers.copy()


class Exchanges:
    """Carries exchanges for one registry: to its `hosts`, by its `way`."""

    def __init__(self, hosts: Hosts, way: WayOut, count: Count, waits: Waits, pace: RequestPace = UNPACED) -> None:
        self._hosts = hosts
        self._proxies = way.proxies
        self._waits = waits
        self._count = count
        self._pauses = Pauses()
        self._pace = pace
        self.pulls = Pulls()
        self._connections = Connections(way.certificates)
        self.ban: Ban | None = None

    def send(self, ask: Request, deadline: Deadline) -> Response:
        """The answer, whatever its status. A connection that is cut, or an error that may pass, is tried once more.

        Raises every `WorldError` but those that a status stands for; `ToldToWait` without asking while that counts: of
        all accounts, `ban` is the one that lasts longest. It may be over.
        """
        try:
            return self._sent(ask, deadline)
        except ToldToWait as error:
            if self.ban is None or self.ban.until < error.ban.until:
                self.ban = error.ban
            raise

    def _sent(self, ask: Request, deadline: Deadline) -> Response:
        account = f"registry {self._hosts.registry} {ask.url.netloc} {ask.account}".rstrip()
        self._waits.check(account)
        if ask.is_pull:
            self._waits.check(_pulls_of(account))
        self._pauses.check(ask.url.netloc)
        try:
            answer = self._exchange(ask, deadline)
        except Unavailable as error:
            if not ask.worth_repeating(error):
                raise self._noted(error, ask) from None
            answer = self._once_more(ask, deadline)
        else:
            if ask.repeatable and answer.status in _PASSING and "Retry-After" not in answer.headers:
                answer = self._once_more(ask, deadline)
        self._heed(answer, ask, account)
        self._heed_pulls(answer, account)
        return answer

    def close(self) -> None:
        """Let go of the connections that are kept open."""
        self._connections.clear()

    def _once_more(self, ask: Request, deadline: Deadline) -> Response:
        try:
            return replace(self._exchange(ask, deadline), tries=2)
        except (CutShort, Silent) as error:
            raise self._noted(type(error)(f"{error}, twice"), ask) from None
        except Unavailable as error:
            raise self._noted(error, ask) from None

    def _noted(self, error: Unavailable, ask: Request) -> Unavailable:
        """`error`, once it is remembered that nobody is there."""
        if isinstance(error, Down):
            self._pauses.begin(ask.url.netloc, PAUSE_WHEN_DOWN, "could not be reached")
        return error

    def _exchange(self, ask: Request, deadline: Deadline) -> Response:
        url = ask.url
        proxy = self._proxies.towards(url.scheme, url.host, url.port)
        self._hosts.check(url, proxy)
        self._pace.wait(url.netloc, deadline)
        self._count.add()
        leash = Leash(deadline, self._hosts.may_be_private(url), self._hosts.how_to_name(url), ask.silence, proxy)
        outcome = "unanswered"
        try:
            with translated(url.netloc, leash):
                response = self._response(ask, leash)
            with closing(response):
                if proxy is not None and response.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
                    raise refusal(proxy, url.netloc, response.status)
                answer = self._read(Body(response, ask, leash))
            outcome = _outcome(answer.status)
            return answer
        finally:
            self._count.became(self._hosts.registry, outcome)

    def _response(self, ask: Request, leash: Leash) -> BaseHTTPResponse:
        headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **ask.headers}
        body = None
        if ask.form is not None:
            body = urlencode(ask.form)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        trusted = self._hosts.is_trusted(ask.url)
        try:
            return self._connections.urlopen(ask.method, ask.url, leash, headers=headers, body=body, trusted=trusted)
        except BadInput as error:
            raise Refused(f"{ask.url.netloc} was not asked: {error}") from None

    def _read(self, body: Body) -> Response:
        if body.ask.method == "HEAD":
            return body.of_nothing()
        if body.response.status != HTTPStatus.OK:
            return body.of_an_error()
        body.read(FREE_BYTES)
        if not body.ended:
            body.hold()
            body.read(body.ask.cap)
        return body.whole()

    def _heed(self, answer: Response, ask: Request, account: str) -> None:
        """Raises `ToldToWait` where the host wants to be left alone for a while."""
        seconds = answer.wait
        is_limit = answer.status == HTTPStatus.TOO_MANY_REQUESTS and seconds != 0
        if is_limit or (answer.status == HTTPStatus.SERVICE_UNAVAILABLE and seconds):
            raise self._waits.begin(account, f"{ask.url.netloc} asks to be left alone ({status_of(answer)})", seconds)

    def _heed_pulls(self, answer: Response, account: str) -> None:
        """Where no pulls are left, none is asked for during a while; all else is."""
        left = pulls_left(self._hosts.registry, answer.headers)
        if left is None:
            return
        self.pulls.saw(account, left)
        if left.left == 0:
            self._waits.begin(
                _pulls_of(account), f"{left.registry} has {left.words} left for this login", ASKED_AGAIN_S
            )


def _outcome(status: int) -> str:
    """What is counted: few words, whatever a registry answers."""
    if status < HTTPStatus.BAD_REQUEST:
        return "ok"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "error"
    return _OUTCOMES.get(status, "refused")


def _pulls_of(account: str) -> str:
    return f"pulls of {account}"
