"""`parameters: [{name: image.repository, value: …}, {name: image.tag, value: …}]`: Helm values of an Argo CD source.

`image.registry` and `image.digest` count too; of a name that occurs twice the last counts, as with `helm --set`.
"""

from __future__ import annotations

from collections.abc import Iterator

from imagebot.fields.claim import Claim, Lack, digests, name_of, tag
from imagebot.fields.place import Place
from imagebot.yamledit.tree import Mapping, Sequence

KEYS = frozenset({"name", "value"})


Parameters = dict[str, tuple[int, Place]]


def look(place: Place, key: str) -> Iterator[Claim | Lack]:
    given = _given(place, key)
    for parameter in given:
        stem = parameter.removesuffix("repository")
        if stem + "tag" not in given or parameter == stem or not (stem == "" or stem.endswith(".")):
            continue
        index, inner = given[stem + "tag"]
        registry, repository = _text(given, stem + "registry"), _text(given, parameter)
        name, version = name_of(f"{registry}/{repository}" if registry else repository), tag(inner, "value")
        if name and version:
            pinned = digests(given[stem + "digest"][1], ("value",)) if stem + "digest" in given else ()
            yield Claim(name, (version, *pinned), inner, (key, index, "value"))


def _given(place: Place, key: str) -> Parameters:
    """The parameters by their names, each with its index."""
    entry = place.entries[key]
    items = enumerate(entry.node.items) if isinstance(entry.node, Sequence) and not entry.via else ()
    inner = [(index, place.inner(item)) for index, item in items if isinstance(item, Mapping)]
    return {name.value: (index, item) for index, item in inner if (name := item.text("name"))}


def _text(given: Parameters, parameter: str) -> str:
    scalar = given[parameter][1].text("value") if parameter in given else None
    return scalar.value if scalar else ""
