"""Every shape, by the key that makes a map worth a look.

To add one: a file with `KEYS` and `look`, a line here, and its name in `RUNNING` if what it finds runs in containers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from imagebot.fields import (
    argo_chart,
    argo_parameters,
    chart,
    helm,
    image,
    image_list,
    kustomize,
    oci_repository,
    volume,
    workflow,
)
from imagebot.fields.claim import Claim, Lack
from imagebot.fields.place import Place, Trail, under


class Shape(Protocol):
    """A module that finds one way of writing images. `KEYS` are those it reads: none may occur twice.

    Of what a merge key brings in it sees those in `MERGED` of `place.py`.
    """

    KEYS: frozenset[str]

    def look(self, place: Place, key: str) -> Iterator[Claim | Lack]:
        """What the map says about images, seen from `key`."""


_IMAGE = ("image", image)
_HELM = ("helm values", helm)
_WORKFLOW = ("workflow", workflow)
SHAPES: dict[str, tuple[tuple[str, Shape], ...]] = {
    "image": (_IMAGE, _WORKFLOW),
    "imageName": (_IMAGE,),
    "images": (("image list", image_list),),
    "repository": (_HELM,),
    "name": (_HELM, ("kustomize", kustomize)),
    "parameters": (("argo cd parameters", argo_parameters),),
    "reference": (("image volume", volume),),
    "repoURL": (("argo cd chart", argo_chart),),
    "url": (("oci repository", oci_repository),),
    "chart": (("oci chart", chart),),
    "uses": (_WORKFLOW,),
    "container": (_WORKFLOW,),
}
RUNNING = frozenset({"image", "image list", "helm values", "kustomize", "argo cd parameters", "workflow", "dockerfile"})
"""The shapes that hold images of containers: what stands elsewhere may be a chart, or any other artifact."""
# `imageRegistry: registry:5000` looks like an image with a tag, and is none.
_NO_IMAGE = ("regist", "repositor", "secret", "policy", "tag", "version", "digest")


_BEGINNINGS = frozenset(SHAPES) - {"name"}
_UNDER = ("image", "images")


def may_begin(keys: list[str], trail: Trail | None) -> bool:
    """Whether a shape may begin at one of these keys of a map; most maps of a file are told by this to be of no use.

    `name` is the commonest of keys, and says something of an image only under a key that ends so.
    """
    if not _BEGINNINGS.isdisjoint(keys) or "image" in " ".join(keys).lower():
        return True
    return "name" in keys and under(trail).lower().endswith(_UNDER)


def shapes_for(key: str) -> tuple[tuple[str, Shape], ...]:
    """The shapes that begin at this key, with their names."""
    known = SHAPES.get(key)
    if known is not None:
        return known
    lower = key.lower()
    if "image" not in lower or any(word in lower for word in _NO_IMAGE):
        return ()
    return SHAPES["images"] if lower.endswith("images") else (_IMAGE,)
