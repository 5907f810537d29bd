"""A map of a file as a shape looks at it: its entries with aliases and merge keys resolved, and the way to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field
from typing import Final

from imagebot.values import dataclass
from imagebot.yamledit.tree import Alias, Document, Mapping, Node, Scalar, Sequence

# What shapes are shown of that which a merge key brings in: no more than they need, as maps may be huge.
MERGED = frozenset(
    {"image", "repository", "registry", "name", "tag", "imageTag", "version", "digest", "imageDigest", "sha"},
)
_NULLS = frozenset({"~", "null", "Null", "NULL"})
_BARE = re.compile(r"[^\s.\[\]\"]+")


@dataclass(slots=True, unsafe_hash=True)
class Entry:
    """The value of a key: `via` is the alias that stands in its place, `node` None where that alias leads nowhere."""

    node: Final[Scalar | Mapping | Sequence | None]
    via: Final[Alias | None] = None


@dataclass(frozen=True, slots=True)
class Known:
    """What a document was found to hold so far, by the identity of its nodes: nothing is worked out twice.

    `merged` is what a list of maps brings in as the value of a merge key. `followed` are the merge keys' aliases that
    lead to what shapes ask for, by where they stand; those that bring nothing, or nothing new, are passed over.
    """

    maps: dict[int, Place] = field(default_factory=dict)
    merged: dict[int, dict[str, Entry]] = field(default_factory=dict)
    followed: dict[int, Alias] = field(default_factory=dict)


@dataclass(slots=True, unsafe_hash=True)
class Trail:
    """The way from a document's root to a node: a linked list, because most ways are never printed."""

    step: Final[str | int]
    before: Final[Trail | None]
    doubtful: Final[frozenset[str]] = frozenset()

    @property
    def length(self) -> int:
        """How many characters its steps have."""
        return sum(len(str(step)) for step in self.steps())

    def steps(self) -> Iterator[str | int]:
        """The steps, the last one first."""
        trail: Trail | None = self
        while trail is not None:
            yield trail.step
            trail = trail.before


@dataclass(frozen=True, slots=True)
class Place:
    """One map. `twice` are the keys that occur more than once: what they say depends on the loader."""

    mapping: Mapping
    entries: dict[str, Entry]
    twice: frozenset[str]
    trail: Trail | None
    known: Known

    def inner(self, mapping: Mapping) -> Place:
        """Another map that belongs to this one; read once, however many aliases lead to it."""
        return self.known.maps.get(id(mapping)) or place_of(mapping, None, self.known)

    def text(self, key: str) -> Scalar | None:
        """The scalar under `key`, if there is one and it says something."""
        entry = self.entries.get(key)
        scalar = entry.node if entry else None
        if not isinstance(scalar, Scalar) or not scalar.value or (scalar.value in _NULLS and not scalar.style):
            return None
        return scalar

    def via(self, key: str) -> Alias | None:
        entry = self.entries.get(key)
        return entry.via if entry else None

    @property
    def under(self) -> str:
        """The key that this map, or the list it is an item of, stands under; empty at the root."""
        trail = self.trail
        while trail is not None and isinstance(trail.step, int):
            trail = trail.before
        return str(trail.step) if trail else ""

    @property
    def doubtful(self) -> frozenset[str]:
        """Keys on the way here that occur twice in their map: a loader may not come this way at all."""
        return self.trail.doubtful if self.trail else frozenset()


def places(document: Document, trail: Trail | None = None) -> Iterator[Place]:
    """Every map of a document, aliases not followed: each is seen once, where it is written. `trail` leads there."""
    known = Known()
    stack: list[tuple[Node, Trail | None]] = [(document.root, trail)]
    while stack:
        node, trail = stack.pop()
        if isinstance(node, Mapping):
            for key, _ in node.pairs:
                if _is_open(key):
                    _read_key(key, known)
            place = place_of(node, trail, known)
            yield place
            stack += reversed(list(_values(place)))
        elif isinstance(node, Sequence):
            doubtful = trail.doubtful if trail else frozenset[str]()
            steps = [(item, Trail(index, trail, doubtful)) for index, item in enumerate(node.items) if _is_open(item)]
            stack += reversed(steps)


def _values(place: Place) -> Iterator[tuple[Node, Trail]]:
    for key, value in place.mapping.pairs:
        if isinstance(key, Scalar) and _is_open(value):
            doubtful = place.doubtful | {key.value} if key.value in place.twice else place.doubtful
            yield value, Trail(key.value, place.trail, doubtful)


def _read_key(key: Node, known: Known) -> None:
    """No image is written in a key that is a map or a list, but an anchor there may be merged later on."""
    stack = [key]
    while stack:
        node = stack.pop()
        if isinstance(node, Mapping):
            place_of(node, None, known)
            stack += reversed([item for pair in node.pairs for item in pair if _is_open(item)])
        elif isinstance(node, Sequence):
            stack += reversed([item for item in node.items if _is_open(item)])


def _is_open(node: Node) -> bool:
    kind = type(node)
    return kind is Mapping or kind is Sequence


def place_of(node: Mapping, trail: Trail | None, known: Known) -> Place:
    """The entries of one map; `known` are those of the maps before it."""
    entries: dict[str, Entry] = {}
    twice = set()
    merged: list[Node] = []
    for key, value in node.pairs:
        if not isinstance(key, Scalar):
            continue
        if key.value == "<<" and not key.style:
            merged.append(value)
        elif key.value in entries:
            twice.add(key.value)
        else:
            entries[key.value] = _entry(value)
    if merged:
        entries = _merged(merged, known) | entries
    place = Place(node, entries, frozenset(twice), trail, known)
    known.maps[id(node)] = place
    return place


def path(document: int | None, trail: Trail | None, *last: str | int) -> str:
    """A path for people: `spec.containers[0].image`; `---[1].spec` is the second document of several."""
    steps = [*(reversed(list(trail.steps())) if trail else ()), *last]
    text = "" if document is None else f"---[{document}]"
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _BARE.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += '["' + step.replace("\\", "\\\\").replace('"', '\\"') + '"]'
    return text


def _entry(value: Node) -> Entry:
    return Entry(value.target, value) if isinstance(value, Alias) else Entry(value)


def _merged(values: list[Node], known: Known) -> dict[str, Entry]:
    """What merge keys bring in, the first one winning; only some keys, as a hostile file may merge a huge map often."""
    entries: dict[str, Entry] = {}
    for value in values:
        brought = _brought(_entry(value).node, known)
        _follow(value, brought, known)
        entries = brought | entries
    return entries


def _brought(node: Scalar | Mapping | Sequence | None, known: Known) -> dict[str, Entry]:
    match node:
        case Sequence():
            return _brought_by_list(node, known)
        case Mapping():
            return _brought_by_map(node, known)
        case _:
            return {}


def _follow(value: Node, brought: dict[str, Entry], known: Known) -> None:
    if brought and isinstance(value, Alias):
        known.followed[value.start] = value


def _brought_by_list(node: Sequence, known: Known) -> dict[str, Entry]:
    """A list holds maps and no further lists (https://yaml.org/type/merge.html): so no chain of aliases is followed."""
    if id(node) not in known.merged:
        entries: dict[str, Entry] = {}
        for item in node.items:
            mapping = _entry(item).node
            if isinstance(mapping, Mapping):
                brought = _brought_by_map(mapping, known)
                if brought.keys() - entries.keys():
                    _follow(item, brought, known)
                entries = brought | entries
        known.merged[id(node)] = entries
    return known.merged[id(node)]


def _brought_by_map(node: Mapping, known: Known) -> dict[str, Entry]:
    base = known.maps.get(id(node)) or place_of(node, None, known)
    return {key: base.entries[key] for key in MERGED if key in base.entries}
