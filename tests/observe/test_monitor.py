"""What is served at which path, and that no page takes another along."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http.client import HTTPConnection

import pytest

from imagebot.errors import Bug, ImagebotError
from imagebot.http_server import WebPage
from imagebot.observe.events import Event, PassFinished, PassStarted
from imagebot.observe.figures import MetricsServed
from imagebot.observe.monitor import Monitor

OPEN = "application/openmetrics-text; version=0.0.1; escaping=\xff,*/*;q=0.1".replace("\xff", "?")


def ask(task: str, question: Callable[[], WebPage]) -> WebPage | ImagebotError:
    """As in a world in which metrics are broken for whoever wants OpenMetrics."""
    page = question()
    return Bug(task) if "openmetrics" in page.content_type else page


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    monitor, told = Monitor(300.0), list[Event]()
    tell = monitor.beside(told.append)
    monitor.listen("127.0.0.1:0", tell, ask)
    [served] = [event for event in told if isinstance(event, MetricsServed)]
    tell(PassStarted(1))
    tell(PassFinished(0, 2.0, 7, 1, 2, 3, 1, 0, 0, 0, 0, 0))
    yield served.address
    monitor.close()


@pytest.mark.parametrize(
    ("path", "accept", "status", "content_type"),
    [
        pytest.param("/metrics", "", 200, "text/plain; version=0.0.4; charset=utf-8", id="metrics"),
        pytest.param("/metrics?x=1", "text/plain;version=nonsense", 200, "text/plain; version=0.0.4; charset=utf-8"),
        pytest.param("/metrics", OPEN, 500, "text/plain; charset=utf-8", id="a page that breaks"),
        pytest.param("/livez", OPEN, 200, "text/plain; charset=utf-8", id="liveness"),
        pytest.param("/readyz", "", 200, "text/plain; charset=utf-8", id="readiness"),
        pytest.param("/metrics/", "", 404, "text/plain; charset=utf-8", id="another path"),
    ],
)
def test_each_path_has_its_page(address: str, path: str, accept: str, status: int, content_type: str) -> None:
    connection = HTTPConnection(address, timeout=60)
    connection.request("GET", path, headers={"Accept": accept})
    answer = connection.getresponse()

    assert (answer.status, answer.headers["Content-Type"]) == (status, content_type)
    assert answer.read()
