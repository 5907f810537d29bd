"""`chart: oci://name` with `version:` beside it: Helmfile releases."""

from __future__ import annotations

from collections.abc import Iterator

from imagebot.fields.claim import Claim, Lack, name_of, tag
from imagebot.fields.place import Place

KEYS = frozenset({"chart", "version"})


def look(place: Place, key: str) -> Iterator[Claim | Lack]:
    chart = place.text(key)
    if chart is None or not chart.value.startswith("oci://"):
        return
    name, version = name_of(chart.value.removeprefix("oci://")), tag(place, "version")
    if name and version:
        yield Claim(name, (version,), place, ("version",))
