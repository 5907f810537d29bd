"""What clouds' libraries ask, asked by our own connections: theirs bound nothing, and heed the environment.

No answer is longer, later or deeper than a cloud's can be, none is unpacked, no redirect is followed. What speaks http
without TLS is the metadata service of the machine, which no proxy is asked for, and which alone may be at its address.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from requests import PreparedRequest, Session
from requests import Response as ForRequests
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectionError as NotConnected
from urllib3 import HTTPResponse

from imagebot.errors import ImagebotError, Refused, Unavailable
from imagebot.proxies import WayOut
from imagebot.registry.body import Request
from imagebot.registry.connections import Connections, Leash
from imagebot.registry.failures import BadContent
from imagebot.registry.json_reader import may_be_deep
from imagebot.registry.limits import IDENTITY_TIMES, TOKEN_BYTES, Deadline, Timeouts
from imagebot.registry.urls import Url
from imagebot.registry.whole import whole_answer


class CloudNetwork:
    """The connections of one question to a cloud, with one time for all that its library asks.

    `refused` is the last answer that the library was not handed, in words: it may tell something else.
    """

    def __init__(self, way: WayOut, times: Timeouts = IDENTITY_TIMES) -> None:
        self._proxies = way.proxies
        self._connections = Connections(way.certificates)
        self._deadline = Deadline(times)
        self.refused: ImagebotError | None = None

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: Any = None, patience: float = IDENTITY_TIMES.read
    ) -> HTTPResponse:
        """The whole answer, whatever its status; `patience` is seconds to connect, and for a read.

        Raises `BadInput` for certificates and passwords, and every `WorldError`.
        """
        try:
            return self._answer(Request(method, _place(url), TOKEN_BYTES, headers), body, patience)
        except Unavailable:
            raise
        except ImagebotError as error:
            self.refused = error
            raise

    def close(self) -> None:
        """Let go of the connections that are kept open."""
        self._connections.clear()

    def _answer(self, ask: Request, body: Any, patience: float) -> HTTPResponse:
        url = ask.url
        is_metadata = url.scheme == "http"
        proxy = None if is_metadata else self._proxies.towards(url.scheme, url.host, url.port)
        leash = Leash(self._deadline.hurried(patience), private=True, listing="", proxy=proxy, metadata=is_metadata)
        answer = whole_answer(self._connections, ask, leash, body)
        if may_be_deep(answer.document):
            raise BadContent(f"{url.netloc} sent JSON that is deeper than anything of its kind")
        return HTTPResponse(BytesIO(answer.document), answer.headers, answer.status, preload_content=False)


class RequestsAdapter(HTTPAdapter):
    """The same for what is over `requests`."""

    def __init__(self, network: CloudNetwork) -> None:
        super().__init__()
        self._network = network

    def send(self, request: PreparedRequest, *_: Any, **kwargs: Any) -> ForRequests:
        """Raises what `requests` raises for nobody there, else a `WorldError`."""
        patience = min(kwargs["timeout"])
        asked = (request.method or "", request.url or "", request.headers, request.body)
        try:
            return self.build_response(request, self._network.send(*asked, patience))
        except Unavailable as error:
            raise NotConnected(str(error), request=request) from None


def session(network: CloudNetwork) -> Session:
    """For libraries that are over `requests`: without what the environment and `.netrc` say."""
    made = Session()
    made.trust_env = False
    for scheme in ("http://", "https://"):
        made.mount(scheme, RequestsAdapter(network))
    return made


def _place(url: str) -> Url:
    try:
        return Url.parse(url)
    except ValueError as error:
        raise Refused(f"what a cloud's library wants to ask was not asked: {error}") from None
