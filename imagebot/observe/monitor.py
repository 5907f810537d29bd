"""What machines see of `imagebot run`: `/metrics`, `/livez` and `/readyz`, where the settings want them."""

from __future__ import annotations

import time
from collections.abc import Callable
from http import HTTPStatus

from imagebot.http_server import Answer, AskForPage, HttpServer, HttpService, WebPage, WebRequest, in_bulkhead
from imagebot.observe.events import Event
from imagebot.observe.figures import MetricsServed
from imagebot.observe.health import PassHealth
from imagebot.observe.metrics import PassMetrics

FRESH_S = 1.0
"""Seconds that a page of metrics is given out again: how often somebody asks costs nothing."""


class Monitor:
    """Hears every event of a process, and answers from what it heard. Nothing is served before `listen`."""

    def __init__(self, every_s: float) -> None:
        self._metrics = PassMetrics(every_s)
        self._health = PassHealth(every_s)
        self._server: HttpServer | None = None
        self._address: str | None = None

    def beside(self, tell: Callable[[Event], None]) -> Callable[[Event], None]:
        """A sink that tells both."""

        def both(event: Event) -> None:
            tell(event)
            self._metrics.tell(event)
            self._health.tell(event)

        return both

    def listen(self, address: str | None, tell: Callable[[Event], None], ask: AskForPage) -> None:
        """Serve there from now on; None: nowhere. Raises `BadInput`, and then serves where it served."""
        if address == self._address:
            return
        server = None if address is None else HttpServer(address, self._served(ask))
        self.close()
        self._server, self._address = server, address
        if server is not None:
            tell(MetricsServed(server.address))

    def close(self) -> None:
        """Serve no more."""
        if self._server is not None:
            self._server.close()
        self._server = self._address = None

    def _served(self, ask: AskForPage) -> HttpService:
        pages = in_bulkhead("answer who asks for metrics or health", self._pages(), ask)
        return HttpService("metrics", "metrics", pages)

    def _pages(self) -> Answer:
        from imagebot.observe.exposition import Exposition  # only who is asked for metrics loads the library

        exposition = Exposition(self._metrics.numbers)
        kept: dict[bool, tuple[float, WebPage]] = {}

        def metrics(accept: str) -> WebPage:
            is_open = "application/openmetrics-text" in accept.lower()
            made, page = kept.get(is_open, (0.0, None))
            if page is None or time.monotonic() - made > FRESH_S:
                page = WebPage(HTTPStatus.OK, *exposition.page(open_metrics=is_open))
                kept[is_open] = time.monotonic(), page
            return page

        def answer(request: WebRequest) -> WebPage:
            match request.path:
                case "/metrics":
                    return metrics(request.headers.get("accept", ""))
                case "/livez":
                    return _health([because] if (because := self._health.stands_still()) else [])
                case "/readyz":
                    return _health(self._health.is_not_ready())
                case _:
                    return WebPage(HTTPStatus.NOT_FOUND, b"there are /metrics, /livez and /readyz\n")

        return answer


def _health(reasons: list[str]) -> WebPage:
    if reasons:
        return WebPage(HTTPStatus.SERVICE_UNAVAILABLE, "".join(f"{reason}\n" for reason in reasons).encode())
    return WebPage(HTTPStatus.OK, b"ok\n")
