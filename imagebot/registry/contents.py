"""What a manifest stands for: which platforms it runs on, and when its publisher says it was made.

https://github.com/opencontainers/image-spec/blob/main/image-index.md, and config.md beside it. What is no image to run
(a chart, an artifact) has no platforms and no time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from imagebot.images.platform import platform
from imagebot.images.reference import is_digest

_CONFIG_TYPES = frozenset(
    {"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"}
)
_ATTESTS = "vnd.docker.reference.type"
_MOST_CHILDREN = 200


@dataclass(frozen=True, slots=True)
class Contents:
    """The platforms of an index, each with the digest of what runs there; or where to read about a single image."""

    platforms: Mapping[str, str]
    config: str | None = None


def contents(manifest: Mapping[str, Any]) -> Contents:
    """What a manifest says by itself; a single image's platform is in its config."""
    children = dict(_children(manifest))
    return Contents(children, _config(manifest) if not children else None)


def _children(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The images of an index. BuildKit hangs attestations into it, for the platform unknown/unknown."""
    for child in _descriptors(manifest):
        if _ATTESTS in mapping(child.get("annotations")):
            continue
        found = platform_of(mapping(child.get("platform")))
        digest = child.get("digest")
        if found is not None and isinstance(digest, str) and is_digest(digest):
            yield found, digest


def descriptor(index: Mapping[str, Any], digest: str) -> Mapping[str, Any]:
    """What an index says about the manifest of this digest; nothing if it does not list it."""
    return next((child for child in _descriptors(index) if child.get("digest") == digest), {})


def _descriptors(index: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    listed = index.get("manifests")
    return [mapping(child) for child in listed[:_MOST_CHILDREN]] if isinstance(listed, list) else []


def _config(manifest: Mapping[str, Any]) -> str | None:
    config = mapping(manifest.get("config"))
    digest, kind = config.get("digest"), config.get("mediaType")
    known = isinstance(kind, str) and kind in _CONFIG_TYPES
    return digest if known and isinstance(digest, str) and is_digest(digest) else None


def platform_of(says: Mapping[str, Any]) -> str | None:
    """`os/architecture` or `os/architecture/variant`, from a descriptor's platform or an image's config."""
    words = [says.get("os"), says.get("architecture"), *([says["variant"]] if says.get("variant") else [])]
    try:
        return platform("/".join(word.lower() for word in words if isinstance(word, str)))
    except ValueError:
        return None


def created_of(config: Mapping[str, Any]) -> datetime | None:
    """When the publisher says the image was made; a time without a zone is in UTC. Builds may say what they like."""
    text = config.get("created")
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def mapping(value: object) -> Mapping[str, Any]:
    """`value`, if that is what it is, else nothing."""
    return value if isinstance(value, dict) else {}
