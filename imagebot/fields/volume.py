"""`image: {reference: name:tag}`: a volume that is an OCI image or artifact.

https://kubernetes.io/docs/concepts/storage/volumes/#image
"""

from __future__ import annotations

from collections.abc import Iterator

from imagebot.fields.claim import Claim, Lack, reference
from imagebot.fields.field import Value
from imagebot.fields.place import Place

KEYS = frozenset({"reference"})


def look(place: Place, key: str) -> Iterator[Claim | Lack]:
    read = reference(place, key)
    if read and place.under == "image" and read[1].says != Value():
        yield Claim(read[0], (read[1],), place, (key,))
