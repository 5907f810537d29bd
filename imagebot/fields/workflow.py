"""`uses: docker://name:tag`: a step of a GitHub workflow that runs an image."""

from __future__ import annotations

from collections.abc import Iterator

from imagebot.fields.claim import Claim, Lack, reference
from imagebot.fields.field import Value
from imagebot.fields.place import Place

KEYS = frozenset({"uses"})


def look(place: Place, key: str) -> Iterator[Claim | Lack]:
    read = reference(place, key, prefix="docker://")
    if read and read[1].says != Value():
        yield Claim(read[0], (read[1],), place, (key,))
