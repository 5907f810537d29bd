"""Every shape, by the key that makes a map worth a look. To add one: a file with `KEYS` and `look`, and a line here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from imagebot.fields import chart, helm, image, kustomize, oci_repository, workflow
from imagebot.fields.claim import Claim, Lack
from imagebot.fields.place import Place


class Shape(Protocol):
    """A module that finds one way of writing images. `KEYS` are those it reads: none may occur twice."""

    KEYS: frozenset[str]

    def look(self, place: Place, key: str) -> Iterator[Claim | Lack]:
        """What the map says about images, seen from `key`."""


SHAPES: dict[str, tuple[str, Shape]] = {
    "image": ("image", image),
    "imageName": ("image", image),
    "repository": ("helm values", helm),
    "name": ("kustomize", kustomize),
    "url": ("oci repository", oci_repository),
    "chart": ("oci chart", chart),
    "uses": ("workflow", workflow),
}
_SUFFIXES = ("Image", "_IMAGE", "_image")


def shape_for(key: str) -> tuple[str, Shape] | None:
    """The shape that begins at this key, with its name."""
    return SHAPES.get(key) or (SHAPES["image"] if key.endswith(_SUFFIXES) else None)
