"""One HTTP exchange after another with one registry and those it names; adds no credentials, follows no redirects.

Every answer is read whole into memory under a cap, undecoded; every failure becomes a `WorldError`.
"""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import requests

from imagebot import __version__
from imagebot.errors import BadResponse, Unavailable
from imagebot.registry.connections import GuardedAdapter, Leash, held_by
from imagebot.registry.failures import FAILURES, Cut, Down, explained
from imagebot.registry.limits import ERROR_BYTES, KIB, PAUSE_WHEN_DOWN, PAUSE_WHEN_TOLD, Deadline
from imagebot.registry.pause import Pause, retry_after
from imagebot.registry.urls import Url

USER_AGENT = f"imagebot/{__version__} (watches image tags for GitOps)"
_IDEMPOTENT = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Ask:
    """One request; `cap` bounds the body of its answer, in bytes."""

    method: str
    url: Url
    cap: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)

    def carrying(self, authorization: str | None) -> Ask:
        """The same request with that header, or as it is."""
        if authorization is None:
            return self
        return replace(self, headers={**self.headers, "Authorization": authorization})


class Answer(requests.Response):
    """A response whose body is in memory, and is parsed once however often it is asked for."""

    def __init__(self, response: requests.Response, url: Url, body: bytes) -> None:
        super().__init__()
        self.status_code = response.status_code
        self.headers = response.headers
        self.url = str(url)
        self.raw = io.BytesIO(body)
        self._host = url.netloc
        self._document: Any = None

    def json(self, **_: Any) -> Any:
        """The body as JSON, in UTF-8 as its specification demands. Raises `BadResponse`."""
        if self._document is None:
            try:
                self._document = json.loads(self.content.decode())
            except (ValueError, RecursionError):
                raise BadResponse(f"{self._host} sent something that is no JSON") from None
        return self._document


class Count:
    """Requests sent, by all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.value = 0

    def add(self) -> None:
        with self._lock:
            self.value += 1


class Wire:
    """Carries exchanges for one registry. `private_hosts` are those that may lie in a private network."""

    def __init__(self, registry: str, private_hosts: frozenset[str], ca_file: Path | None, count: Count) -> None:
        self._private_hosts = private_hosts
        self._verify = True if ca_file is None else str(ca_file)
        self._count = count
        self.pause = Pause(registry)
        self._adapter = GuardedAdapter(pool_connections=8, pool_maxsize=32)

    def send(self, ask: Ask, deadline: Deadline) -> Answer:
        """The answer, whatever its status. A cut connection is tried once more where that cannot do harm."""
        self.pause.check()
        try:
            response = self._exchange(ask, deadline)
        except Cut:
            if ask.method not in _IDEMPOTENT:
                raise Unavailable(f"{ask.url.netloc} cut the connection") from None
            response = self._once_more(ask, deadline)
        self._heed(response)
        return response

    def close(self) -> None:
        """Let go of the connections that are kept open."""
        self._adapter.close()

    def _once_more(self, ask: Ask, deadline: Deadline) -> Answer:
        try:
            return self._exchange(ask, deadline)
        except Cut:
            raise Unavailable(f"{ask.url.netloc} cut the connection, twice") from None

    def _exchange(self, ask: Ask, deadline: Deadline) -> Answer:
        self._count.add()
        try:
            with held_by(Leash(deadline, self._private_hosts)):
                patience = (deadline.for_connect(), deadline.for_read())
                with self._adapter.send(_prepared(ask), stream=True, timeout=patience, verify=self._verify) as response:
                    return _in_memory(response, ask)
        except FAILURES as error:
            failure = explained(error, ask.url.netloc, deadline)
            if isinstance(failure, Down):
                self.pause.begin(PAUSE_WHEN_DOWN, "could not be reached")
            raise failure from None

    def _heed(self, response: Answer) -> None:
        """Remember that the registry wants to be left alone."""
        seconds = retry_after(response.headers.get("Retry-After"), response.headers.get("Date"))
        if response.status_code == requests.codes.too_many_requests:
            self.pause.begin(PAUSE_WHEN_TOLD if seconds is None else seconds, "asked to be left alone (429)")
        elif response.status_code == requests.codes.service_unavailable and seconds:
            self.pause.begin(seconds, "asked to be left alone (503)")


def _prepared(ask: Ask) -> requests.PreparedRequest:
    """For the adapter itself: a `requests.Session` would heed netrc and proxies, keep cookies, and read the body of a
    redirect whole and unpacked even where it was told not to follow it.
    """
    headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **ask.headers}
    return requests.Request(ask.method, str(ask.url), headers=headers, data=ask.form).prepare()


def _in_memory(response: requests.Response, ask: Ask) -> Answer:
    if ask.method == "HEAD":
        body = b""
    elif response.status_code == requests.codes.ok:
        body = _body(response, ask.url.netloc, ask.cap)
    else:
        body = response.raw.read(min(ask.cap, ERROR_BYTES), decode_content=False)
    return Answer(response, ask.url, body)


def _body(response: requests.Response, host: str, cap: int) -> bytes:
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", ""):
        raise BadResponse(f"{host} sent a compressed answer, which was not asked for")
    body = bytearray()
    while piece := response.raw.read(64 * KIB, decode_content=False):
        body += piece
        if len(body) > cap:
            raise BadResponse(f"{host} sent more than the {cap // KIB} KiB that such an answer may have")
    return bytes(body)
