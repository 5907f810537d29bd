"""`url: oci://name` with `ref: {tag, digest}` beside it: Flux's OCIRepository.

https://fluxcd.io/flux/components/source/ocirepositories/#reference: a digest wins over `semver`, which wins over a tag.
"""

from __future__ import annotations

from collections.abc import Iterator

from imagebot.fields.claim import Claim, Lack, digests, name_of, version
from imagebot.fields.place import Place
from imagebot.yamledit.tree import Mapping

KEYS = frozenset({"url", "ref", "tag", "digest", "semver"})


def look(place: Place, key: str) -> Iterator[Claim | Lack]:
    url, ref = place.text(key), place.entries.get("ref")
    if url is None or not url.value.startswith("oci://"):
        return
    name = name_of(url.value.removeprefix("oci://"))
    if name is None or ref is None or not isinstance(ref.node, Mapping):
        return
    inner = place.inner(ref.node)
    tagged, pinned = version(inner, "tag"), digests(inner, ("digest",))
    if inner.text("semver") and not any(spot.says.digest for spot in pinned):
        yield Lack(name, url, "`ref.semver` beside it follows new versions by itself")
    elif tagged or any(spot.says.digest for spot in pinned):
        spots = (*((tagged,) if tagged else ()), *pinned)
        yield Claim(name, spots, inner, ("ref", spots[0].key))
