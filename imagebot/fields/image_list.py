"""`images: [name:tag, …]`, `images: {app: name:tag, …}`: references under a key that ends in `images`.

In Argo CD's `kustomize.images` an item may begin with the name that it replaces: `app=ghcr.io/acme/app:v1`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from imagebot.fields.claim import DIGEST_KEYS, Claim, Lack, read_reference
from imagebot.fields.field import Value
from imagebot.fields.place import Place
from imagebot.yamledit.tree import Alias, Mapping, Node, Scalar, Sequence

KEYS: frozenset[str] = frozenset()
# Beside a `repository:` in the same map; `v2@sha256:…` would read like an image called v2.
_VERSIONS = frozenset({"tag", "imageTag", "newTag", "version", *DIGEST_KEYS})


def look(place: Place, key: str) -> Iterator[Claim | Lack]:
    entry = place.entries[key]
    for step, item in _items(entry.node) if not entry.via else ():
        scalar, via = (item.target, item) if isinstance(item, Alias) else (item, None)
        if not isinstance(scalar, Scalar):
            continue
        before, equals, _ = scalar.value.partition("=")
        read = read_reference(scalar, via=via, prefix=before + equals if equals else "")
        if read and read[1].says != Value():
            yield Claim(read[0], (read[1],), place, (key, step))


def _items(node: Node | None) -> Iterator[tuple[str | int, Node]]:
    match node:
        case Sequence():
            yield from enumerate(node.items)
        case Mapping():
            # A key that occurs twice is read by no loader in the same way as by the next.
            seen = Counter(key.value for key, _ in node.pairs if isinstance(key, Scalar))
            for key, value in node.pairs:
                if not isinstance(key, Scalar) or seen[key.value] > 1 or key.value in _VERSIONS:
                    continue
                # An image under a key of its own is found there, with the digest beside it.
                if not any(word in key.value.lower() for word in ("regist", "image")):
                    yield key.value, value
