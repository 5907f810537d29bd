"""`repoURL: name` with `chart:` and `targetRevision:`: a Helm chart in an OCI registry, as an Argo CD source.

https://argo-cd.readthedocs.io/en/stable/user-guide/helm/: a chart's `repoURL` has no `oci://`; other OCI sources have.
"""

from __future__ import annotations

from collections.abc import Iterator

from imagebot.fields.claim import Claim, Lack, name_of, version
from imagebot.fields.place import Place

KEYS = frozenset({"repoURL", "chart", "targetRevision"})


def look(place: Place, key: str) -> Iterator[Claim | Lack]:
    url, chart = place.text(key), place.text("chart")
    if url is None or not (chart or url.value.startswith("oci://")):
        return
    name = name_of("/".join([url.value.removeprefix("oci://").rstrip("/"), *([chart.value] if chart else [])]))
    spot = version(place, "targetRevision")
    if name and spot:
        yield Claim(name, (spot,), place, ("targetRevision",))
