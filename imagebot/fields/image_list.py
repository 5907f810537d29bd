"""`images: [name:tag, …]`: a list of references under a key that ends in `images`.

In Argo CD's `kustomize.images` an item may begin with the name that it replaces: `app=ghcr.io/acme/app:v1`.
"""

from __future__ import annotations

from collections.abc import Iterator

from imagebot.fields.claim import Claim, Lack, read_reference
from imagebot.fields.field import Value
from imagebot.fields.place import Place
from imagebot.yamledit.tree import Alias, Scalar, Sequence

KEYS: frozenset[str] = frozenset()


def look(place: Place, key: str) -> Iterator[Claim | Lack]:
    entry = place.entries[key]
    if not isinstance(entry.node, Sequence) or entry.via:
        return
    for index, item in enumerate(entry.node.items):
        scalar, via = (item.target, item) if isinstance(item, Alias) else (item, None)
        if not isinstance(scalar, Scalar):
            continue
        before, equals, _ = scalar.value.partition("=")
        read = read_reference(scalar, via=via, prefix=before + equals if equals else "")
        if read and read[1].says != Value():
            yield Claim(read[0], (read[1],), place, (key, index))
