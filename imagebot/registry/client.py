"""The room's door: which tags an image has, what a tag stands for, and whether a digest is really there."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import requests

from imagebot.errors import BadInput, BadResponse, NotFound, Refused
from imagebot.images.about import About
from imagebot.images.reference import ImageName, is_digest, is_tag
from imagebot.registry.answers import announced_digest, json_object, manifest_digest
from imagebot.registry.contents import contents, platform_of
from imagebot.registry.conversation import Conversation
from imagebot.registry.credentials import Credentials
from imagebot.registry.endpoint import Endpoint
from imagebot.registry.limits import PATIENCE, Deadline, Timeouts
from imagebot.registry.papers import Papers, image, preferred
from imagebot.registry.wire import Answer, Count
from imagebot.settings import RegistrySettings

_NO_HEAD = frozenset({404, 405})  # some Nexus releases answer HEAD with 404 where GET works


@dataclass(frozen=True, slots=True)
class TagList:
    """Every tag of an image, in no order that means anything.

    `complete` is False where the registry may have cut the list short without a word; `dropped` counts what it sent
    that is no tag. `uploaded` tells when the images of tags came to the registry, where it says so.
    """

    tags: tuple[str, ...]
    complete: bool = True
    dropped: int = 0
    uploaded: Mapping[str, datetime] = field(default_factory=dict)


class Registries:
    """All registries, for all threads of a process. Every method raises only `WorldError`s.

    `settings` is keyed by canonical host, as in `ImageName`.
    """

    def __init__(
        self,
        settings: Mapping[str, RegistrySettings],
        docker_config: Path | None = None,
        timeouts: Timeouts = PATIENCE,
    ) -> None:
        self._settings = settings
        self._credentials = Credentials.of(settings, docker_config)
        self._timeouts = timeouts
        self._count = Count()
        self._lock = threading.Lock()
        self._endpoints: dict[str, Endpoint] = {}

    @property
    def requests(self) -> int:
        """HTTP requests sent so far, those to token servers among them."""
        return self._count.value

    def tags(self, name: ImageName) -> TagList:
        """Every tag of an image, over all pages."""
        tags, pages = self._conversation(name, f"list {name.repository}").all_tags()
        good = tuple(tag for tag in tags if is_tag(tag))
        return TagList(good, pages.complete, len(tags) - len(good), pages.uploaded)

    def digest(self, name: ImageName, tag: str) -> str:
        """What `tag` stands for at this moment: a claim of the registry's, until `verify` has seen the manifest."""
        assert is_tag(tag), "tags are checked where they come in"
        conversation = self._conversation(name, f"show {name.repository}:{tag}")
        head = conversation.manifest(tag, "HEAD")
        if head.status_code not in _NO_HEAD:
            announced = announced_digest(conversation.expect(head), name.registry)
            if announced is not None:
                return announced
        return _digest_of(conversation.expect(conversation.manifest(tag, "GET")), name.registry)

    def shown(self, name: ImageName, tag: str) -> str:
        """What `tag` stands for by the bytes that are shown for it, where `digest` told one that cannot be fetched.

        Raises `BadResponse` if what is shown cannot be fetched by its digest either: then nobody knows what it is.
        """
        conversation = self._conversation(name, f"show {name.repository}:{tag}")
        digest = _digest_of(conversation.expect(conversation.manifest(tag, "GET")), name.registry)
        try:
            self.verify(name, digest)
        except NotFound:
            raise BadResponse(
                f"{name.registry} shows {name.repository}:{tag}, and has nothing for the digest of what it shows"
            ) from None
        return digest

    def exists(self, name: ImageName, reference: str) -> bool:
        """Whether there is a manifest for this tag or digest: the control question to an absence, always asked anew.

        By HEAD; a 404 to that is believed only if GET says the same, because some registries know no HEAD.
        """
        conversation = self._conversation(name, f"show {name.repository} {reference}")
        response = conversation.manifest(reference, "HEAD")
        if response.status_code in _NO_HEAD:
            response = conversation.manifest(reference, "GET")
        if response.status_code == requests.codes.not_found:
            return False
        conversation.expect(response)
        return True

    def verify(self, name: ImageName, digest: str) -> None:
        """Fetch the manifest by `digest` and hash it. Raises `BadResponse` if it is another, `NotFound` if none."""
        assert is_digest(digest), "digests are checked where they come in"
        _verified(self._show(name, digest), name, digest)

    def platforms(self, name: ImageName, digest: str) -> Mapping[str, str]:
        """The platforms that the image of this digest runs on, each with the digest of the manifest for it.

        Attestations are none; empty for what is no image to run, such as a chart.
        """
        conversation = self._show(name, digest)
        found = contents(_verified(conversation, name, digest))
        if found.config is None:
            return found.platforms
        only = platform_of(json_object(conversation.blob(found.config), name.registry))
        return {} if only is None else {only: digest}

    def about(self, name: ImageName, digest: str, platform: str | None = None) -> About:
        """What the image of this digest says about itself, on `platform`.

        Of an index without that platform (or without one asked for) on linux/amd64, else on its first in the order of
        names: `About.platform` says which. What is no image to run, such as a chart, has layers and labels only.
        """
        conversation = self._show(name, digest)
        manifest, index = _verified(conversation, name, digest), {}
        children = contents(manifest).platforms
        chosen = preferred(children, platform)
        if chosen is not None:
            manifest, index = _verified(conversation, name, children[chosen]), manifest
        at = contents(manifest).config
        config = {} if at is None else json_object(conversation.blob(at), name.registry)
        return image(digest, chosen, Papers(manifest, config, index, children))

    def created(self, name: ImageName, digest: str) -> datetime | None:
        """When the publisher says that the image was made, for the platform that `about` looks at."""
        return self.about(name, digest).created

    def close(self) -> None:
        """Let go of the connections that are kept open."""
        with self._lock:
            for endpoint in self._endpoints.values():
                endpoint.wire.close()
            self._endpoints.clear()

    def _show(self, name: ImageName, digest: str) -> Conversation:
        return self._conversation(name, f"show {name.repository}@{digest}")

    def _conversation(self, name: ImageName, deed: str) -> Conversation:
        try:
            login = self._credentials.login(name)
            endpoint = self._endpoint(name.registry)
        except BadInput as error:
            raise Refused(f"{name.registry} was not asked to {deed}: {error}") from None
        return Conversation(endpoint, name, login, Deadline(self._timeouts), deed)

    def _endpoint(self, registry: str) -> Endpoint:
        with self._lock:
            if registry not in self._endpoints:
                self._endpoints[registry] = Endpoint.of(registry, self._settings.get(registry), self._count)
            return self._endpoints[registry]


def _verified(conversation: Conversation, name: ImageName, digest: str) -> dict[str, Any]:
    """The manifest of this digest, whose bytes are what the digest says. Raises `BadResponse`, `NotFound`."""
    response = conversation.expect(conversation.manifest(digest, "GET"))
    if manifest_digest(response, name.registry, digest.partition(":")[0]) != digest:
        raise BadResponse(f"{name.registry} sent another manifest than {name.repository}@{digest}")
    return json_object(response, name.registry)


def _digest_of(response: Answer, registry: str) -> str:
    computed = manifest_digest(response, registry)
    announced = announced_digest(response, registry)
    if announced is not None and announced.startswith("sha256:") and announced != computed:
        raise BadResponse(f"{registry} sent a manifest and another one's digest")
    return computed
