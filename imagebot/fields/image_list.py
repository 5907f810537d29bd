"""`images: [name:tag, …]`: a list of references under a key that ends in `images`."""

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
        read = read_reference(scalar, via=via) if isinstance(scalar, Scalar) else None
        if read and read[1].says != Value():
            yield Claim(read[0], (read[1],), place, (key, index))
