"""`image: name:tag@digest`: containers wherever a pod spec sits, custom resources, Compose services, Helm values.

`imageName:` (CloudNativePG), `runnerImage:`, `JOB_IMAGE:` and the like are the same; an `image:` without a tag may have
it beside it, under `tag:` or `imageTag:`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from imagebot.fields.claim import Claim, Lack, digests, reference, tag
from imagebot.fields.field import Value
from imagebot.fields.place import Place

KEYS = frozenset({"image", "tag", "imageTag", "digest", "imageDigest", "sha"})
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.ASCII)
CONTAINERS = ("containers", "initContainers", "ephemeralContainers")


def look(place: Place, key: str) -> Iterator[Claim | Lack]:
    read = reference(place, key)
    if read is None:
        yield from _beyond_a_scheme(place, key)
        return
    name, spot = read
    plain = key == "image"
    beside = tag(place, "tag", "imageTag") if plain else None
    if spot.says != Value():
        yield Claim(name, (spot, *(digests(place) if plain else ())), place, (key,))
    elif beside:
        yield Claim(name, (beside, *digests(place)), place, (beside.key,))
    elif plain and place.under in CONTAINERS:
        yield Claim(name, (spot, *digests(place)), place, (key,))
    elif plain:
        yield Lack(name, spot.scalar, "the image is written without a tag, and none stands beside it")


def _beyond_a_scheme(place: Place, key: str) -> Iterator[Lack]:
    """`docker://name:tag` is for workflows and for tools that copy images: no cluster pulls it."""
    scalar = place.text(key) if place.under in CONTAINERS else None
    if scalar is None or (scheme := _SCHEME.match(scalar.value)) is None:
        return
    read = reference(place, key, prefix=scheme[0])
    if read is not None:
        yield Lack(read[0], scalar, f"no cluster reads an image that begins with `{scheme[0]}`: write it without")
