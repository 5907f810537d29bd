"""`uses: docker://name:tag` and `container: name:tag` in a GitHub workflow, `image: docker://name:tag` in an action.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax: a `container:` that is a map, and
each of `services:`, has an `image:` as containers elsewhere do.
"""

from __future__ import annotations

from collections.abc import Iterator

from imagebot.fields.claim import Claim, Lack, reference
from imagebot.fields.field import Value
from imagebot.fields.image import CONTAINERS
from imagebot.fields.place import Place

KEYS = frozenset({"uses", "container", "image"})


def look(place: Place, key: str) -> Iterator[Claim | Lack]:
    if key == "image" and place.under in CONTAINERS:
        return
    read = reference(place, key, prefix="" if key == "container" else "docker://")
    if read and read[1].says != Value():
        yield Claim(read[0], (read[1],), place, (key,))
