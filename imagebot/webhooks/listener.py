"""Where calls come in: a port of its own, so that a network policy can open it and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from imagebot.http_server import AskForPage, HttpServer, HttpService, WebPage, WebRequest, in_bulkhead
from imagebot.observe.events import Event
from imagebot.observe.webhooks import WebhooksServed
from imagebot.settings.webhooks import Webhooks
from imagebot.webhooks.receivers import MOST_BODY, Hear, Receivers


class Listener:
    """Nothing is served before `listen`. `hear` takes what calls are about."""

    def __init__(self, hear: Hear) -> None:
        self._hear = hear
        self._settings: Webhooks | None = None
        self._server: HttpServer | None = None
        self._receivers: Receivers | None = None

    def listen(self, settings: Webhooks | None, tell: Callable[[Event], None], ask: AskForPage) -> None:
        """Serve by these from now on; None: nowhere. Raises `BadInput`, and then serves as it served."""
        if settings == self._settings:
            return
        receivers = None if settings is None else Receivers(settings.receivers, self._hear, tell)
        if settings is None or self._settings is None or settings.listen != self._settings.listen:
            server = None if settings is None else HttpServer(settings.listen, self._served(ask))
            self.close()
            self._server = server
            if server is not None:
                tell(WebhooksServed(server.address))
        self._receivers, self._settings = receivers, settings

    def close(self) -> None:
        """Serve no more."""
        if self._server is not None:
            self._server.close()
        self._server = self._settings = self._receivers = None

    def _served(self, ask: AskForPage) -> HttpService:
        answer = in_bulkhead("answer a webhook", self._answer, ask)

        def refuses(request: WebRequest) -> WebPage | None:
            receivers = self._receivers
            return None if receivers is None else receivers.refuses(request)

        def unread(status: HTTPStatus) -> None:
            receivers = self._receivers
            if receivers is not None:
                receivers.unread(status)

        return HttpService("webhooks", "webhooks", answer, "POST", MOST_BODY, refuses, unread)

    def _answer(self, request: WebRequest) -> WebPage:
        receivers = self._receivers
        if receivers is None:  # between the first moment of the port and that of who answers there
            return WebPage(HTTPStatus.SERVICE_UNAVAILABLE, b"not yet\n")
        return receivers.answer(request)
