"""Answers who calls: proves who it is, remembers what it is about, and asks nobody anything meanwhile.

The order is that of what it costs: the path, the proof over the raw bytes, the rate, and only then what they say.
"""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from imagebot.errors import BadInput
from imagebot.http_server import WebPage, WebRequest
from imagebot.observe.events import Event
from imagebot.observe.webhooks import CallAnswer, WebhookCalled, WebhookRefused
from imagebot.settings.webhooks import Receiver
from imagebot.webhooks.authentication import Evidence, equal, path_token
from imagebot.webhooks.payloads import Call
from imagebot.webhooks.sources import SOURCES
from imagebot.webhooks.subject import Subject

MOST_BODY = 1 << 20
"""Bytes: a push of a hundred branches, or a hundred images that were mirrored at once, is far from it."""
CALLS_A_SECOND = 250.0
"""Of one receiver, in the long run; `BURST` at once."""
BURST = 500.0
DELIVERIES_S = 24 * 3600.0
"""Seconds for which a delivery is known: the forges send anew what failed for as long."""
MOST_DELIVERIES = 10_000
_TOLD_S = 60.0
"""Seconds between two lines about calls of one receiver that are refused: they may come without end."""

Hear = Callable[[Sequence[Subject]], bool]
"""Remembers what is to be looked at; False where there is no room."""


def path_of(name: str, receiver: Receiver) -> str:
    """Where it is called. Raises `BadInput` if its secret cannot be read."""
    if SOURCES[receiver.type].authenticates is not None:
        return f"/hook/{name}"
    return f"/hook/{name}/{path_token(receiver.secret.reveal().encode(), name)}"


@dataclass(slots=True)
class _Known:
    """What is remembered of one receiver's calls."""

    allowance: float = BURST
    at: float = 0.0
    deliveries: OrderedDict[str, float] = field(default_factory=OrderedDict)
    refused: int = 0
    told_at: float | None = None

    def may_call(self, now: float) -> bool:
        """Count a call, if there is room for it."""
        self.allowance = min(BURST, self.allowance + (now - self.at) * CALLS_A_SECOND)
        self.at = now
        if self.allowance < 1.0:
            return False
        self.allowance -= 1.0
        return True

    def is_new(self, delivery: str, now: float) -> bool:
        """Whether a delivery was not there before; remembers it."""
        while self.deliveries and (
            len(self.deliveries) >= MOST_DELIVERIES or now - next(iter(self.deliveries.values())) > DELIVERIES_S
        ):
            self.deliveries.popitem(last=False)
        if delivery in self.deliveries:
            return False
        self.deliveries[delivery] = now
        return True


class Receivers:
    """Answers in one thread. `monotonic` is in seconds."""

    def __init__(
        self,
        receivers: Mapping[str, Receiver],
        hear: Hear,
        tell: Callable[[Event], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._receivers = receivers
        self._hear = hear
        self._tell = tell
        self._monotonic = monotonic
        self._known = {name: _Known(at=monotonic()) for name in receivers}

    def answer(self, request: WebRequest) -> WebPage:
        """What the caller is told. Raises nothing on purpose."""
        _, _, path = request.path.partition("/hook/")
        name, _, token = path.partition("/")
        receiver = self._receivers.get(name) if request.path.startswith("/hook/") else None
        if receiver is None:
            return _page(HTTPStatus.NOT_FOUND, "there is no such receiver")
        try:
            secret = receiver.secret.reveal()
        except BadInput as error:
            return self._refuse(name, HTTPStatus.SERVICE_UNAVAILABLE, "no_secret", str(error))
        if not _is_by_who_knows(secret, name, receiver, token, request):
            return self._refuse(
                name, HTTPStatus.FORBIDDEN, "forged", "its caller does not prove that it knows the secret"
            )
        if not self._known[name].may_call(self._monotonic()):
            return self._refuse(name, HTTPStatus.TOO_MANY_REQUESTS, "too_many", "it is called too often")
        return self._heed(name, receiver, request)

    def _heed(self, name: str, receiver: Receiver, request: WebRequest) -> WebPage:
        try:
            data = json.loads(request.body)
        except (ValueError, RecursionError):
            return self._refuse(name, HTTPStatus.BAD_REQUEST, "unreadable", "what it sends is no JSON that we read")
        source = SOURCES[receiver.type]
        delivery = source.delivery_of(request.headers, data)
        if delivery and not self._known[name].is_new(delivery, self._monotonic()):
            return self._accept(name, HTTPStatus.OK, "again", "heard before")
        subjects = list(dict.fromkeys(source.reads(Call(request.headers, data, receiver.registry or ""))))
        if not subjects:
            return self._accept(name, HTTPStatus.OK, "nothing", "nothing to look at")
        if not self._hear(subjects):
            return self._refuse(name, HTTPStatus.TOO_MANY_REQUESTS, "too_many", "too much waits to be looked at")
        return self._accept(name, HTTPStatus.ACCEPTED, "heeded", "it is looked at soon")

    def _accept(self, name: str, status: HTTPStatus, answer: CallAnswer, said: str) -> WebPage:
        self._tell(WebhookCalled(name, answer))
        return _page(status, said)

    def _refuse(self, name: str, status: HTTPStatus, answer: CallAnswer, because: str) -> WebPage:
        self._tell(WebhookCalled(name, answer))
        known, now = self._known[name], self._monotonic()
        known.refused += 1
        if known.told_at is None or now - known.told_at >= _TOLD_S:
            self._tell(WebhookRefused(name, because, known.refused))
            known.refused, known.told_at = 0, now
        # Why a secret cannot be read is nobody's business outside.
        return _page(status, status.phrase.lower())


def _is_by_who_knows(secret: str, name: str, receiver: Receiver, token: str, request: WebRequest) -> bool:
    authenticates = SOURCES[receiver.type].authenticates
    if authenticates is None:
        return equal(path_token(secret.encode(), name), token)
    return not token and authenticates(secret.encode(), Evidence(request.headers, request.body))


def _page(status: HTTPStatus, said: str) -> WebPage:
    return WebPage(status, f"{said}\n".encode())
