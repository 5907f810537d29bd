"""`chart: oci://name` with `version:` beside it: Helmfile releases."""

from __future__ import annotations

from collections.abc import Iterator

from imagebot.fields.claim import Claim, Lack, name_of, version
from imagebot.fields.place import Place

KEYS = frozenset({"chart", "version"})


def look(place: Place, key: str) -> Iterator[Claim | Lack]:
    chart = place.text(key)
    if chart is None or not chart.value.startswith("oci://"):
        return
    name, spot = name_of(chart.value.removeprefix("oci://")), version(place, "version")
    if name and spot:
        yield Claim(name, (spot,), place, ("version",))
