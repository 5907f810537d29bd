"""One request, and the body of its answer while it comes in: in pieces, undecoded, under a cap."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from urllib3 import BaseHTTPResponse

from imagebot.errors import BadResponse, Unavailable
from imagebot.registry.budget import MemoryShare
from imagebot.registry.connections import Leash
from imagebot.registry.failures import BadContent, CutShort, Silent, translated
from imagebot.registry.json_reader import BodyReader, DocumentReader
from imagebot.registry.limits import DOCUMENT_HOLDS, ERROR_BYTES, KIB, LARGE_SECONDS, PIECE_BYTES
from imagebot.registry.pause import retry_after
from imagebot.registry.urls import Url

_IDEMPOTENT = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `cap` bounds the body of its answer in bytes, and `reader` takes it.

    A large body takes of `share` what it `holds`; without a share there is none to take. `algorithm` is that of the
    answer's digest, `account` in whose name it is asked, `is_pull` whether a registry may count it as one. After
    `silence`, in seconds, it is asked once more, where that is worth it.
    """

    method: str
    url: Url
    cap: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    reader: Callable[[str], BodyReader] = DocumentReader
    share: MemoryShare | None = None
    holds: int = DOCUMENT_HOLDS
    algorithm: str = "sha256"
    silence: float = math.inf
    account: str = ""
    is_pull: bool = False

    @property
    def repeatable(self) -> bool:
        """Whether it may be sent twice: a refresh token may be good for one post, which may have counted."""
        return self.method in _IDEMPOTENT

    def worth_repeating(self, error: Unavailable) -> bool:
        """Whether the same, sent again, may well succeed where this failed."""
        return self.repeatable and (
            isinstance(error, CutShort) or (isinstance(error, Silent) and self.silence < math.inf)
        )

    def carrying(self, authorization: str | None) -> Request:
        """The same request with that header, or as it is."""
        if authorization is None:
            return self
        return replace(self, headers={**self.headers, "Authorization": authorization})


@dataclass(frozen=True, slots=True)
class Response:
    """What came: `document` is what the reader made of the body, `digest` and `size` are the body's own.

    Of a status other than 200 the document is None where it is no JSON. `tries` counts how often it was asked for.
    """

    status: int
    headers: Mapping[str, str]
    document: Any = None
    digest: str = ""
    size: int = 0
    tries: int = 1

    @property
    def wait(self) -> float | None:
        """Seconds that the host wants to be left alone, if it says so."""
        return retry_after(self.headers.get("Retry-After"), self.headers.get("Date"))

    @property
    def often(self) -> str:
        """To be added to words about it."""
        return ", twice" if self.tries > 1 else ""


class Body:
    """The body of one answer; `ended` once all of it came."""

    def __init__(self, response: BaseHTTPResponse, ask: Request, leash: Leash) -> None:
        self.response = response
        self.ask = ask
        self.leash = leash
        self.host = ask.url.netloc
        self.ended = False
        self._reader = ask.reader(self.host)
        self._hash = hashlib.new(ask.algorithm)
        self._size = 0

    def hold(self) -> None:
        """Wait until there is memory for a large answer, which has to come soon from now on. Raises `Skipped`."""
        if self.ask.share is not None:
            self.ask.share.take(self.ask.holds, self.leash.deadline)
        self.leash = replace(self.leash, deadline=self.leash.deadline.within(LARGE_SECONDS))

    def read(self, most: int) -> None:
        """Go on until the end, or until more than `most` bytes came. Raises `BadResponse`, `Unavailable`."""
        encoding = self.response.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding not in ("identity", ""):
            raise BadResponse(f"{self.host} sent a compressed answer, which was not asked for")
        while self._size <= most and (piece := self._piece()):
            if self._size > self.ask.cap:
                cap = self.ask.cap // KIB
                raise BadContent(f"{self.host} sent more than the {cap} KiB that such an answer may have")
            self._hash.update(piece)
            self._reader.feed(piece)

    def whole(self) -> Response:
        """The answer, once all of it came. Raises `BadResponse`."""
        digest = f"{self.ask.algorithm}:{self._hash.hexdigest()}"
        return replace(self.of_nothing(), document=self._reader.end(), digest=digest, size=self._size)

    def of_nothing(self) -> Response:
        """The answer to a request that has no body."""
        return Response(self.response.status, self.response.headers)

    def of_an_error(self) -> Response:
        """The answer with what its body says in JSON, if that is not long. Raises `Unavailable`."""
        reader, document = DocumentReader(self.host), None
        with suppress(BadResponse):
            while self._size < ERROR_BYTES and (piece := self._piece()):
                reader.feed(piece)
            document = reader.end() if self.ended else None
        return replace(self.of_nothing(), document=document, size=self._size)

    def _piece(self) -> bytes:
        with translated(self.host, self.leash):
            piece = self.response.read(PIECE_BYTES, decode_content=False)
        self.ended = not piece
        self._size += len(piece)
        return piece
