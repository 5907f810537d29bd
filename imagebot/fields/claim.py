"""What a shape says of a map: a claim on scalars, or a lack; and how a scalar is read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from imagebot.fields.field import Part, Spot, Value
from imagebot.fields.place import Place
from imagebot.images.reference import ImageName, Reference, is_digest, is_tag
from imagebot.yamledit.tree import Scalar

DIGEST_KEYS = ("digest", "imageDigest", "sha")
_HEX = re.compile(r"[a-f0-9]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Claim:
    """These scalars say which version of `name` runs; they stand in the map `at`, itself `within` the one looked at."""

    name: ImageName
    spots: tuple[Spot, ...]
    at: Place
    within: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """The way from the map that was looked at to the first of the scalars."""
        return *self.within, self.spots[0].key


@dataclass(frozen=True, slots=True)
class Lack:
    """`name` stands at `scalar`, and no version that could be edited."""

    name: ImageName
    scalar: Scalar
    message: str


def name_of(text: str) -> ImageName | None:
    """The image name that `text` is, if it is one."""
    try:
        return ImageName.parse(text)
    except ValueError:
        return None


def reference(place: Place, key: str, prefix: str = "") -> tuple[ImageName, Spot] | None:
    """The reference under `key`, after a prefix such as `docker://` that must be there."""
    scalar = place.text(key)
    if scalar is None or not scalar.value.startswith(prefix):
        return None
    try:
        read = Reference.parse(scalar.value.removeprefix(prefix).rstrip("\n"))
    except ValueError:
        return None
    return read.name, Spot(
        scalar, Part.REFERENCE, Value(read.tag, read.digest), key, prefix + read.written, place.via(key)
    )


def tag(place: Place, *keys: str) -> Spot | None:
    """The tag, or `tag@digest`, under the first of these keys that holds one."""
    for key in keys:
        scalar = place.text(key)
        if scalar is None:
            continue
        head, at, digest = scalar.value.rstrip("\n").partition("@")
        if is_tag(head) and (not at or is_digest(digest)):
            return Spot(scalar, Part.TAG, Value(head, digest or None), key, via=place.via(key))
        if not at and is_digest(head):
            return Spot(scalar, Part.DIGEST, Value(None, head), key, via=place.via(key))
    return None


def digests(place: Place, keys: Sequence[str] = DIGEST_KEYS) -> tuple[Spot, ...]:
    """The digests under these keys. One that is empty in quotes says nothing, but may be written to."""
    spots = []
    for key in keys:
        entry = place.entries.get(key)
        scalar = entry.node if entry else None
        if not isinstance(scalar, Scalar):
            continue
        if _HEX.fullmatch(scalar.value):
            spots.append(Spot(scalar, Part.HEX, Value(None, f"sha256:{scalar.value}"), key, via=place.via(key)))
        elif is_digest(scalar.value):
            spots.append(Spot(scalar, Part.DIGEST, Value(None, scalar.value), key, via=place.via(key)))
        elif not scalar.value and scalar.style and key == "digest":
            spots.append(Spot(scalar, Part.DIGEST, Value(), key, via=place.via(key)))
    return tuple(spots)
