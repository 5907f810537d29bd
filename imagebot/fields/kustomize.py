"""An item of `images:` in a Kustomization, a Component or Flux's Kustomization: `name`, `newName`, `newTag`, `digest`.

https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/images/: a digest wins over a tag.
"""

from __future__ import annotations

from collections.abc import Iterator

from imagebot.fields.claim import Claim, Lack, digests, name_of, tag
from imagebot.fields.place import Place

KEYS = frozenset({"name", "newName", "newTag", "digest"})


def look(place: Place, key: str) -> Iterator[Claim | Lack]:
    named = place.text("newName") or place.text(key)
    if named is None or place.under != "images" or not place.entries.keys() & {"newName", "newTag", "digest"}:
        return
    name = name_of(named.value)
    if name is None:
        return
    version, pinned = tag(place, "newTag"), digests(place, ("digest",))
    if version or any(spot.says.digest for spot in pinned):
        spots = (*((version,) if version else ()), *pinned)
        yield Claim(name, spots, place, (spots[0].key,))
    else:
        yield Lack(name, named, "this entry sets neither `newTag` nor `digest`")
