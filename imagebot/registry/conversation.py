"""oras, asked with our own transport. The only file that knows it.

`oras` gives the URLs of the protocol and the way of a tag list; everything that touches the network is overridden here,
because as it comes it hands passwords to any realm and tokens to any link, keeps one token for all images, waits for
ever, reads without end, and takes references apart loosely. An object is one question about one image.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

import oras.container  # type: ignore[import-untyped]
import oras.provider  # type: ignore[import-untyped]
import requests

from imagebot.errors import BadResponse, Refused
from imagebot.images.reference import ImageName
from imagebot.registry import paging
from imagebot.registry.answers import MANIFEST_TYPES, failure, tags_page
from imagebot.registry.endpoint import Endpoint
from imagebot.registry.limits import CONFIG_BYTES, MANIFEST_BYTES, MAX_REDIRECTS, TAGS_PAGE_BYTES, Deadline
from imagebot.registry.logins import Login
from imagebot.registry.urls import Url
from imagebot.registry.wire import Answer, Ask

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class ImageContainer(oras.container.Container):  # type: ignore[misc]
    """An image name that was already parsed, by our grammar: oras only makes URLs of it."""

    def __init__(self, name: ImageName, registry: str) -> None:
        self.registry = registry
        self.namespace = None
        self.repository = name.repository
        self.tag = None
        self.digest = None


class Conversation(oras.provider.Registry):  # type: ignore[misc]
    """One question about one image. `deed` names it for people: `list acme/api`."""

    def __init__(self, endpoint: Endpoint, name: ImageName, login: Login, deadline: Deadline, deed: str) -> None:
        super().__init__(hostname=endpoint.base.netloc, insecure=endpoint.base.scheme == "http")
        self._endpoint = endpoint
        self._name = name
        self._login = login
        self._deadline = deadline
        self._deed = deed
        self._pages = paging.Pages(name.registry)
        self._container = ImageContainer(name, endpoint.base.netloc)

    def all_tags(self) -> tuple[tuple[str, ...], paging.Pages]:
        """Every tag once, as it came, and what else the pages told."""
        tags = self.get_tags(self._container)
        return tuple(dict.fromkeys(tags)), self._pages

    def manifest(self, reference: str, method: str) -> Answer:
        """The answer to GET or HEAD of a manifest by tag or digest."""
        url = f"{self.prefix}://{self._container.manifest_url(reference)}"
        return self.do_request(url, method, headers={"Accept": ", ".join(MANIFEST_TYPES)})

    def blob(self, digest: str) -> Answer:
        """A small blob, whose bytes are what its digest says. Raises every `WorldError`."""
        url = f"{self.prefix}://{self._container.get_blob_url(digest)}"
        response = self.expect(self.do_request(url, cap=CONFIG_BYTES))
        algorithm = digest.partition(":")[0]
        if f"{algorithm}:{hashlib.new(algorithm, response.content).hexdigest()}" != digest:
            raise BadResponse(f"{self._name.registry} sent another blob than {self._name.repository}@{digest}")
        return response

    def expect(self, response: Answer) -> Answer:
        """`response`, if it is a 200. Raises the `WorldError` that it stands for otherwise."""
        if response.status_code != requests.codes.ok:
            raise failure(response, self._name.registry, self._deed, self._login.advice)
        return response

    def do_request(
        self, url: str, method: str = "GET", headers: Mapping[str, str] | None = None, cap: int = MANIFEST_BYTES
    ) -> Answer:
        """Ask, and ask again where we are sent to. Raises every `WorldError` but those that a status stands for."""
        target = Url.parse(url)
        for _ in range(1 + MAX_REDIRECTS):
            response = self._ask(Ask(method, target, cap, dict(headers or {})))
            if response.status_code not in _REDIRECTS:
                return response
            target = self._redirected(target, response)
        raise BadResponse(f"{self._name.registry} sends us from one place to the next")

    def _ask(self, ask: Ask) -> Answer:
        """Another origin than the registry's own never sees a credential."""
        if ask.url.origin != self._endpoint.base.origin:
            return self._endpoint.wire.send(ask, self._deadline)
        return self._authorized(ask)

    def _authorized(self, ask: Ask) -> Answer:
        authorization = self._endpoint.authorization
        attempt = authorization.first(self._name, self._login, self._deadline)
        response = self._endpoint.wire.send(ask.carrying(attempt.header), self._deadline)
        if response.status_code != requests.codes.unauthorized:
            return response
        better = authorization.again(response, self._name, self._login, self._deadline, attempt)
        return response if better is None else self._endpoint.wire.send(ask.carrying(better.header), self._deadline)

    def _redirected(self, source: Url, response: Answer) -> Url:
        try:
            target = source.join(response.headers.get("Location", ""))
        except ValueError as error:
            raise BadResponse(f"{self._name.registry} sends us to a place that cannot be asked: {error}") from None
        if source.scheme == "https" and target.scheme == "http":
            raise Refused(f"{self._name.registry} sends us from https to {target.origin}: not followed")
        return target

    def _do_paginated_request(self, url: str, callable: Callable[[Answer], object]) -> None:  # noqa: A002 (oras' name)
        """Hand every page of the list at `url` to `callable`, whose wish to stop at an empty page is not heard.

        An empty page with a link is allowed, and a list that stops early would look like a registry that lost its tags.
        """
        query: str | None = paging.FIRST
        while query is not None and query != paging.PROBE:
            response = self._page(url, self._pages.ask(query))
            page = tags_page(response, self._name.registry)
            callable(response)
            link = response.links.get("next", {}).get("url")
            query = self._pages.following(page, len(response.content), link)
        if query == paging.PROBE:
            self._pages.complete = len(tags_page(self._page(url, query), self._name.registry).tags) > 1

    def _page(self, url: str, query: str) -> Answer:
        response = self.do_request(f"{url}?{query}", cap=TAGS_PAGE_BYTES)
        if query == paging.FIRST and response.status_code == requests.codes.bad_request:
            response = self.do_request(url, cap=TAGS_PAGE_BYTES)  # older registries refuse a size above their own
        return self.expect(response)
