"""Registries as one pass sees them: each question is asked once, so that every policy is told the same.

What a digest stands for never changes, so that is asked once for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache

from imagebot.cycle.memory import Memory
from imagebot.errors import Unavailable
from imagebot.images.about import About
from imagebot.images.reference import ImageName
from imagebot.registry.client import Registries, TagList


class Asked:
    """Remembers answers, not failures; made anew for each pass. Raises what `Registries` raises."""

    def __init__(self, registries: Registries, memory: Memory) -> None:
        self._registries = registries
        self._memory = memory
        self._before = registries.requests
        self._tags = cache(registries.tags)
        self._digests: dict[tuple[ImageName, str], str] = {}
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
        if (name, tag) not in self._digests:
            self._digests[name, tag] = self._registries.digest(name, tag)
        return self._digests[name, tag]

    def unmoved(self, name: ImageName, tag: str) -> None:
        """Ask again what a tag stands for that this pass asked about. Raises `Unavailable` if that is another image."""
        known = self._digests.get((name, tag))
        if known is not None and self._registries.digest(name, tag) != known:
            raise Unavailable(
                f"{name.familiar}:{tag} was pushed again while this pass looked at it; the next one looks again"
            )

    def verify(self, name: ImageName, digest: str) -> None:
        """Raise `BadResponse` unless the manifest of this digest is there and is what it says."""
        self._verify(name, digest)

    def platforms(self, name: ImageName, digest: str) -> Mapping[str, str]:
        """The platforms of an image, each with the digest of the manifest for it."""
        known = self._memory.platforms(name, digest)
        if known is None:
            known = self._registries.platforms(name, digest)
            self._memory.has_platforms(name, digest, known)
        return known

    def about(self, name: ImageName, digest: str, platform: str | None) -> About:
        """What an image says about itself, on one platform."""
        known = self._memory.about(name, digest, platform)
        if known is None:
            known = self._registries.about(name, digest, platform)
            self._memory.is_about(name, digest, platform, known)
        return known

    def created(self, name: ImageName, digest: str) -> datetime | None:
        """When an image says that it was made; asked anew, and not remembered here."""
        return self._registries.created(name, digest)
