"""`repository:` with `tag:` or `digest:` beside it, and perhaps `registry:`: Helm values, also inside a HelmRelease.

Under a key that ends in `image`, `name:` may stand for `repository:` and `version:` for `tag:`, as custom resources do.
"""

from __future__ import annotations

from collections.abc import Iterator

from imagebot.fields.claim import Claim, Lack, digests, name_of, tag
from imagebot.fields.place import Place

KEYS = frozenset(
    {"registry", "repository", "name", "tag", "imageTag", "version", "digest", "imageDigest", "sha"},
)


def look(place: Place, key: str) -> Iterator[Claim | Lack]:
    of_image = place.under.lower().endswith("image")
    if key == "name" and (not of_image or "repository" in place.entries):
        return
    named, registry = place.text(key), place.text("registry")
    if named is None:
        return
    name = name_of(f"{registry.value}/{named.value}" if registry else named.value)
    if name is None:
        return
    version, pinned = tag(place, "tag", "imageTag", *(("version",) if of_image else ())), digests(place)
    if version or any(spot.says.digest for spot in pinned):
        spots = (*((version,) if version else ()), *pinned)
        yield Claim(name, spots, place, (spots[0].key,))
    elif "tag" in place.entries:
        yield Lack(name, named, "the `tag` beside it is empty or no tag")
    else:
        yield Lack(name, named, f"no `tag` or `digest` stands beside `{key}`")
