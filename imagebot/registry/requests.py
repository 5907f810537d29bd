"""oras, asked with our own transport. The only file that knows it.

`oras` gives the URLs of the protocol; everything that touches the network is overridden here, because as it comes it
hands passwords to any realm and tokens to any link, keeps one token for all images, waits for ever, reads without end,
and takes references apart loosely. An object is one question about one image.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from typing import Any

from imagebot.errors import BadInput, BadResponse, Refused, WorldError
from imagebot.images.reference import ImageName
from imagebot.late_import import imported_late
from imagebot.registry import paging
from imagebot.registry.allowance import RegistryAllowance
from imagebot.registry.body import Request, Response
from imagebot.registry.budget import MemoryShare
from imagebot.registry.endpoint import Endpoint
from imagebot.registry.json_reader import BodyReader, DocumentReader
from imagebot.registry.known_pages import KnownPage, KnownPages, UnlessKnown
from imagebot.registry.limits import (
    CONFIG_BYTES,
    KNOWN_PAGES_OF_A_LIST,
    MANIFEST_BYTES,
    MAX_REDIRECTS,
    TAGS_FREE,
    TAGS_HOLD,
    TAGS_PAGE_BYTES,
    Deadline,
)
from imagebot.registry.links import next_link
from imagebot.registry.logins import Login
from imagebot.registry.raw_reader import RawReader
from imagebot.registry.responses import MANIFEST_TYPES, failure, manifest_object
from imagebot.registry.tag_page import TagPageReader
from imagebot.registry.tokens import NotTaken
from imagebot.registry.urls import Url

with imported_late("jsonschema"):  # for what is pushed
    import oras.container  # type: ignore[import-untyped]
    import oras.provider  # type: ignore[import-untyped]

_ETAG = re.compile(r'(?:W/)?"[!#-~]{0,200}"', re.ASCII)  # RFC 9110, section 8.8.3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_REFUSALS = 2  # one that tells whom to ask for a token, and one of a token that a server gave by mistake


class ImageContainer(oras.container.Container):  # type: ignore[misc]
    """An image name that was already parsed, by our grammar: oras only makes URLs of it."""

    def __init__(self, name: ImageName, registry: str) -> None:
        self.registry = registry
        self.namespace = None
        self.repository = name.repository
        self.tag = None
        self.digest = None


@dataclass(frozen=True, slots=True)
class ImageQuestion:
    """What one question has: `task` names it for people (`list acme/api`), the rest is what it may use up."""

    name: ImageName
    login: Login
    task: str
    deadline: Deadline
    allowance: RegistryAllowance
    share: MemoryShare


class Conversation(oras.provider.Registry):  # type: ignore[misc]
    """One question about one image."""

    def __init__(self, endpoint: Endpoint, question: ImageQuestion) -> None:
        super().__init__(hostname=endpoint.base.netloc, insecure=endpoint.base.scheme == "http")
        self._endpoint = endpoint
        self._question = question
        self._registry = question.name.registry
        self._container = ImageContainer(question.name, endpoint.base.netloc)

    def all_tags(self, known: KnownPages) -> paging.TagPages:
        """Every tag, over all pages, of which those that are `known` are not read again. Raises every `WorldError`.

        An empty page with a link is allowed, and a list that stops early would look like a registry that lost its tags.
        """
        pages = paging.TagPages(self._registry)
        query: str | None = paging.FIRST
        while query is not None and query != paging.PROBE:
            answer = self._page(pages.ask(query), known, keep=pages.asked <= KNOWN_PAGES_OF_A_LIST)
            query = pages.following(answer.document, answer.size, self.next_link(answer))
            if pages.held > TAGS_FREE:
                self._question.share.take(TAGS_HOLD, self._question.deadline)
        if query == paging.PROBE:
            pages.complete = self._page(query, known).document.sent > 1
        return pages

    def manifest(self, reference: str, method: str) -> Response:
        """The answer to GET or HEAD of a manifest by tag or digest."""
        url = Url.parse(f"{self.prefix}://{self._container.manifest_url(reference)}")
        headers = {"Accept": ", ".join(MANIFEST_TYPES)}
        is_pull = method == "GET"
        return self._follow(
            Request(method, url, MANIFEST_BYTES, headers, algorithm=_algorithm(reference), is_pull=is_pull)
        )

    def blob(self, digest: str) -> Response:
        """A small blob in JSON, whose bytes are what its digest says. Raises every `WorldError`."""
        return self._blob(digest, CONFIG_BYTES, DocumentReader)

    def raw_blob(self, digest: str, most: int) -> bytes:
        """The bytes of a blob, which are what its digest says. Raises every `WorldError`."""
        return bytes(self._blob(digest, most, RawReader).document)

    def _blob(self, digest: str, most: int, reader: Callable[[str], BodyReader]) -> Response:
        url = Url.parse(f"{self.prefix}://{self._container.get_blob_url(digest)}")
        ask = Request("GET", url, most, reader=reader, algorithm=_algorithm(digest))
        return self._expect_bytes(self.expect(self._follow(ask)), "blob", digest)

    def document(self, answer: Response, reference: str) -> Mapping[str, Any]:
        """The manifest that came for a tag or digest; its bytes are what a digest says. Raises every `WorldError`."""
        document = manifest_object(self.expect(answer), self._registry)
        if ":" in reference:
            self._expect_bytes(answer, "manifest", reference)
        return document

    def _expect_bytes(self, answer: Response, kind: str, digest: str) -> Response:
        if answer.digest != digest:
            raise BadResponse(f"{self._registry} sent another {kind} than {self._question.name.repository}@{digest}")
        return answer

    def referrers(self, digest: str, query: str) -> Response:
        """The answer to the question what refers to a digest; `query` is that of a further page."""
        place = f"{self._container.registry}/v2/{self._container.repository}/referrers/{digest}"
        url = Url.parse(f"{self.prefix}://{place}{f'?{query}' if query else ''}")
        return self._follow(Request("GET", url, MANIFEST_BYTES, {"Accept": MANIFEST_TYPES[0]}))

    def expect(self, answer: Response) -> Response:
        """`answer`, if it is a 200. Raises the `WorldError` that it stands for otherwise."""
        if answer.status != HTTPStatus.OK:
            raise failure(answer, self._registry, self._question.task, self._question.login.advice)
        return answer

    def _follow(self, ask: Request) -> Response:
        """Ask, and ask again where we are sent to. Raises every `WorldError` but those that a status stands for."""
        ask = replace(ask, share=self._question.share)
        for _ in range(1 + MAX_REDIRECTS):
            self._question.allowance.spend(requests=1)
            answer = self._ask(ask)
            self._question.allowance.spend(size=answer.size)
            if answer.status not in _REDIRECTS:
                return answer
            ask = replace(ask, url=self._redirected(ask.url, answer))
        raise BadResponse(f"{self._registry} sends us from one place to the next")

    def _ask(self, ask: Request) -> Response:
        """Another origin than the registry's own never sees a credential."""
        if ask.url.origin != self._endpoint.base.origin:
            return self._endpoint.wire.send(ask, self._question.deadline)
        return self._authorized(ask)

    def _authorized(self, ask: Request) -> Response:
        """A credential that ends, or that a program keeps, may be another by the time that it is refused."""
        try:
            answer = self._shown(ask)
        except NotTaken:
            if self._has_another():
                return self._shown(ask)
            raise
        refused = answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
        return self._shown(ask) if refused and self._has_another() else answer

    def _has_another(self) -> bool:
        """Whether there is another credential by now, which is used from then on."""
        login = self._question.login
        try:
            other = None if login.again is None else login.again()
        except (BadInput, WorldError):  # the refusal is what there is to tell
            return False
        if other is None or other == login.credential:
            return False
        self._question = replace(self._question, login=replace(login, credential=other))
        return True

    def _shown(self, ask: Request) -> Response:
        authorization, question = self._endpoint.authorization, self._question
        ask = replace(ask, account=question.login.account)
        attempt = authorization.first(question.name, question.login, question.deadline)
        answer = self._endpoint.wire.send(ask.carrying(attempt.header), question.deadline)
        for _ in range(_REFUSALS):
            if answer.status != HTTPStatus.UNAUTHORIZED:
                break
            better = authorization.again(answer, question.name, question.login, question.deadline, attempt)
            if better is None:
                break
            attempt = better
            answer = self._endpoint.wire.send(ask.carrying(attempt.header), question.deadline)
        return answer

    def _redirected(self, source: Url, answer: Response) -> Url:
        try:
            target = source.join(answer.headers.get("Location", ""))
        except ValueError as error:
            raise BadResponse(f"{self._registry} sends us to a place that cannot be asked: {error}") from None
        if source.scheme == "https" and target.scheme == "http":
            raise Refused(f"{self._registry} sends us from https to {target.origin}: not followed")
        return target

    def next_link(self, answer: Response) -> str | None:
        """Where a list goes on. Raises `BadResponse`."""
        try:
            return next_link(answer.headers.get("Link", ""))
        except ValueError as error:
            raise BadResponse(f"{self._registry} sent a link to the next page that cannot be read: {error}") from None

    def _page(self, query: str, known: KnownPages, *, keep: bool = False) -> Response:
        url = Url.parse(f"{self.prefix}://{self._container.tags_url()}")
        key = (str(url), query, self._question.login.account)
        before = known.get(key)
        ask = _page_question(url, before)
        answer = self._follow(replace(ask, url=replace(url, rest=f"{url.rest}?{query}")))
        if query == paging.FIRST and answer.status == HTTPStatus.BAD_REQUEST:
            answer = self._follow(ask)  # older registries refuse a size above their own
        if before is not None and answer.status == HTTPStatus.NOT_MODIFIED:
            link = {"Link": before.link} if before.link else {}
            return Response(HTTPStatus.OK, link, before.page, before.digest, before.size)
        self.expect(answer)
        if keep:
            known.keep(key, _known_page(answer))
        return answer


def _known_page(answer: Response) -> KnownPage:
    etag = answer.headers.get("ETag", "")
    return KnownPage(
        answer.document,
        answer.digest.partition(":")[2],
        answer.size,
        answer.headers.get("Link", ""),
        etag if _ETAG.fullmatch(etag) else "",
    )


def _page_question(url: Url, before: KnownPage | None) -> Request:
    ask = Request("GET", url, TAGS_PAGE_BYTES, reader=TagPageReader, holds=TAGS_HOLD)
    if before is None:
        return ask
    headers = {"If-None-Match": before.etag} if before.etag else {}
    return replace(ask, headers=headers, reader=partial(UnlessKnown, before))


def _algorithm(reference: str) -> str:
    """Of the digest that `reference` is, else that of all others."""
    return reference.partition(":")[0] if ":" in reference else "sha256"
