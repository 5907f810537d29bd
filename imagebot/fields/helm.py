"""`repository:` with `tag:` or `digest:` beside it, and perhaps `registry:`: Helm values, also inside a HelmRelease."""

from __future__ import annotations

from collections.abc import Iterator

from imagebot.fields.claim import Claim, Lack, digests, name_of, tag
from imagebot.fields.place import Place

KEYS = frozenset({"registry", "repository", "tag", "imageTag", "digest", "imageDigest", "sha"})


def look(place: Place, key: str) -> Iterator[Claim | Lack]:
    repository, registry = place.text(key), place.text("registry")
    if repository is None:
        return
    name = name_of(f"{registry.value}/{repository.value}" if registry else repository.value)
    if name is None:
        return
    version, pinned = tag(place, "tag", "imageTag"), digests(place)
    if version or any(spot.says.digest for spot in pinned):
        yield Claim(name, (*((version,) if version else ()), *pinned), place)
    elif "tag" in place.entries:
        yield Lack(name, repository, "the `tag` beside it is empty or no tag")
    else:
        yield Lack(name, repository, "no `tag` or `digest` stands beside `repository`")
