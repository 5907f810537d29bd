"""What a manifest stands for: which platforms it runs on, and where to read more about it, as short as it is kept.

https://github.com/opencontainers/image-spec/blob/main/image-index.md, and manifest.md beside it. What is no image to
run (a chart, an artifact) has no platforms. Anyone may write anything there: what makes no sense is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from imagebot.images.about import Layer
from imagebot.images.platform import platform
from imagebot.images.reference import is_digest
from imagebot.registry.limits import LABELS, LAYER_BYTES, LIST_ITEMS, TEXT_CHARACTERS

_CONFIG_TYPES = frozenset(
    {"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"}
)
_ATTESTS = "vnd.docker.reference.type"
_ATTESTED = "vnd.docker.reference.digest"
_MOST_CHILDREN = 200


@dataclass(frozen=True, slots=True)
class Manifest:
    """An index, or a single image.

    An index has `platforms`, each with the digest of what runs there, and `entries`: what it says itself about each of
    those digests; `attested` has for some of them the digest of what a build claims about it. A single image has
    `layers`, and a `config` that can be fetched. `labels` are its own annotations.
    """

    platforms: Mapping[str, str] = field(default_factory=dict)
    config: str | None = None
    layers: tuple[Layer, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    entries: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    attested: Mapping[str, str] = field(default_factory=dict)


def manifest_of(document: Mapping[str, Any]) -> Manifest:
    """What a manifest says by itself; a single image's platform is in its config. Raises nothing."""
    platforms: dict[str, str] = {}
    entries: dict[str, Mapping[str, str]] = {}
    attested: dict[str, str] = {}
    for child in _descriptors(document):
        found, digest = platform_of(mapping(child.get("platform"))), child.get("digest")
        # BuildKit hangs attestations into an index, for the platform unknown/unknown.
        notes = mapping(child.get("annotations"))
        if _ATTESTS in notes or found is None:
            about = notes.get(_ATTESTED)
            if isinstance(about, str) and isinstance(digest, str) and is_digest(digest):
                attested.setdefault(about, digest)
            continue
        if isinstance(digest, str) and is_digest(digest):
            platforms[found] = digest
            entries.setdefault(digest, labels_of(notes))
    return Manifest(
        platforms,
        None if platforms else _config(document),
        _layers(document.get("layers")),
        labels_of(mapping(document.get("annotations"))),
        entries,
        attested,
    )


def _descriptors(index: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    listed = index.get("manifests")
    return [mapping(child) for child in listed[:_MOST_CHILDREN]] if isinstance(listed, list) else []


def _config(manifest: Mapping[str, Any]) -> str | None:
    config = mapping(manifest.get("config"))
    digest, kind = config.get("digest"), config.get("mediaType")
    known = isinstance(kind, str) and kind in _CONFIG_TYPES
    return digest if known and isinstance(digest, str) and is_digest(digest) else None


def _layers(listed: object) -> tuple[Layer, ...]:
    """Those with a digest and a possible size."""
    found = []
    for each in listed[:LIST_ITEMS] if isinstance(listed, list) else ():
        layer = mapping(each)
        digest, size = layer.get("digest"), layer.get("size")
        if isinstance(digest, str) and is_digest(digest) and type(size) is int and 0 <= size <= LAYER_BYTES:
            found.append(Layer(digest, size))
    return tuple(found)


def labels_of(*sources: Mapping[str, Any]) -> dict[str, str]:
    """The first source that has a name is believed; a value too long for any address or version is no use to anyone."""
    found: dict[str, str] = {}
    for name, value in (item for source in sources for item in source.items()):
        if len(found) == LABELS:
            break
        if isinstance(value, str) and max(len(name), len(value)) <= TEXT_CHARACTERS:
            found.setdefault(encodable(name), encodable(value))
    return found


def encodable(text: str) -> str:
    """JSON can spell halves of characters, which no encoding has."""
    return text.encode(errors="replace").decode()


def preferred(platforms: Iterable[str], asked: str | None) -> str | None:
    """The platform to look at: the one asked for, else linux/amd64, else the first in the order of names."""
    known = sorted(platforms)
    return next((each for each in (asked, "linux/amd64", *known[:1]) if each in known), None)


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
