"""Registries as one pass sees them: each question is asked once, so that every policy is told the same."""

from __future__ import annotations

from functools import cache

from imagebot.images.reference import ImageName
from imagebot.registry.client import Registries, TagList


class Asked:
    """Remembers answers, not failures; made anew for each pass. Raises what `Registries` raises."""

    def __init__(self, registries: Registries) -> None:
        self._registries = registries
        self._before = registries.requests
        self._tags = cache(registries.tags)
        self._digest = cache(registries.digest)
        self._verify = cache(registries.verify)

    @property
    def requests(self) -> int:
        """HTTP requests sent since this pass began."""
        return self._registries.requests - self._before

    def tags(self, name: ImageName) -> TagList:
        """Every tag of an image."""
        return self._tags(name)

    def digest(self, name: ImageName, tag: str) -> str:
        """What a tag stands for in this pass."""
        return self._digest(name, tag)

    def verify(self, name: ImageName, digest: str) -> None:
        """Raise `BadResponse` unless the manifest of this digest is there and is what it says."""
        self._verify(name, digest)
