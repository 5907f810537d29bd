"""Answers who calls: proves who it is, remembers what it is about, and asks nobody anything meanwhile.

The order is that of what it costs: the path, the proof over the raw bytes, the rate, and only then what they say.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qs

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
_ROOT = "/hook/"
_MOST_FIELDS = 20
_TOLD_S = 60.0
"""Seconds between two lines about calls of one receiver that are refused: they may come without end."""

NOBODY = "none"
"""What calls are counted under that reach no receiver."""
Hear = Callable[[str, Sequence[Subject]], bool]
"""Remembers what a receiver's call is about; False where there is no room."""


def path_of(name: str, receiver: Receiver) -> str:
    """Where it is called. Raises `BadInput` if its secret cannot be read."""
    if SOURCES[receiver.type].authenticates is not None:
        return f"{_ROOT}{name}"
    return f"{_ROOT}{name}/{path_token(receiver.secret.reveal().encode(), name)}"


@dataclass(slots=True)
class _Known:
    """What is remembered of one receiver's calls."""

    allowance: float = BURST
    at: float = 0.0
    deliveries: OrderedDict[bytes, float] = field(default_factory=OrderedDict)
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

    def has(self, delivery: str, now: float) -> bool:
        """Whether a delivery was heard before; one that has no name never was."""
        return bool(delivery) and now - self.deliveries.get(_short(delivery), -DELIVERIES_S) < DELIVERIES_S

    def remember(self, delivery: str, now: float) -> None:
        """That it was heard now. What was refused may come again."""
        if delivery:
            self.deliveries[_short(delivery)] = now
            if len(self.deliveries) > MOST_DELIVERIES:
                self.deliveries.popitem(last=False)


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

    def refuses(self, request: WebRequest) -> WebPage | None:
        """What the caller of nobody is told, of whom no more is read."""
        if self._called(request)[0] in self._receivers:
            return None
        self._tell(WebhookCalled(NOBODY, "no_receiver"))
        return _page(HTTPStatus.NOT_FOUND, "there is no such receiver")

    def unread(self, status: HTTPStatus) -> None:
        """Count what was no call that can be read, or too large a one."""
        large = status in (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        self._tell(WebhookCalled(NOBODY, "too_large" if large else "unreadable"))

    def answer(self, request: WebRequest) -> WebPage:
        """What the caller is told, once all has come. Raises nothing on purpose."""
        if (page := self.refuses(request)) is not None:
            return page
        name, token = self._called(request)
        receiver = self._receivers[name]
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

    def _called(self, request: WebRequest) -> tuple[str, str]:
        """The name of a receiver, and what its path has behind that."""
        if not request.path.startswith(_ROOT):
            return "", ""
        name, _, token = request.path.removeprefix(_ROOT).partition("/")
        return name, token

    def _heed(self, name: str, receiver: Receiver, request: WebRequest) -> WebPage:
        try:
            data = json.loads(_document(request))
        except (ValueError, RecursionError):
            return self._refuse(name, HTTPStatus.BAD_REQUEST, "unreadable", "what it sends is no JSON that we read")
        source, known = SOURCES[receiver.type], self._known[name]
        delivery = source.delivery_of(request.headers, data)
        if known.has(delivery, self._monotonic()):
            return self._accept(name, HTTPStatus.OK, "again", "heard before")
        subjects = list(dict.fromkeys(source.reads(Call(request.headers, data, receiver.registry or ""))))
        if subjects and not self._hear(name, subjects):
            return self._refuse(name, HTTPStatus.TOO_MANY_REQUESTS, "too_many", "too much waits to be looked at")
        known.remember(delivery, self._monotonic())
        if not subjects:
            return self._accept(name, HTTPStatus.OK, "nothing", "nothing to look at")
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


def _document(request: WebRequest) -> bytes | str:
    """The body, or the field of a form that has it: the default of GitHub's. Raises `ValueError`."""
    # Told by what it is: curl calls JSON a form unless it is told otherwise.
    if request.body.startswith(b"payload="):
        return parse_qs(request.body.decode(), max_num_fields=_MOST_FIELDS).get("payload", [""])[0]
    return request.body


def _short(delivery: str) -> bytes:
    """Senders name them, as long as they like."""
    return hashlib.sha256(delivery.encode("utf-8", "surrogatepass")).digest()


def _page(status: HTTPStatus, said: str) -> WebPage:
    return WebPage(status, f"{said}\n".encode())
