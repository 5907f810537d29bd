"""A map of a file as a shape looks at it: its entries with aliases and merge keys resolved, and the way to it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from imagebot.yamledit.tree import Alias, Collection, Document, Mapping, Node, Scalar, Sequence

# What shapes are shown of that which a merge key brings in: no more than they need, as maps may be huge.
MERGED = frozenset(
    {"image", "repository", "registry", "name", "tag", "imageTag", "version", "digest", "imageDigest", "sha"},
)
_NULLS = frozenset({"~", "null", "Null", "NULL"})
_BARE = re.compile(r"[^\s.\[\]\"]+")


class Entry(NamedTuple):
    """The value of a key, by the place inside its map: it is looked at when a shape asks for it."""

    mapping: Mapping
    at: int

    @property
    def node(self) -> Scalar | Mapping | Sequence | None:
        """What it is; None where an alias leads nowhere."""
        return _meant(self.mapping.node(self.at))

    @property
    def via(self) -> Alias | None:
        """The alias that stands in its place."""
        node = self.mapping.node(self.at)
        return node if isinstance(node, Alias) else None


class Read(NamedTuple):
    """What a map says by its keys, and those that occur more than once."""

    entries: dict[str, Entry]
    twice: frozenset[str]


@dataclass(frozen=True, slots=True)
class Known:
    """What a document was found to hold so far, by the identity of its nodes: nothing is worked out twice.

    `merged` is what a list of maps brings in as the value of a merge key. `followed` are the merge keys' aliases that
    lead to what shapes ask for, by where they stand; those that bring nothing, or nothing new, are passed over.
    """

    maps: dict[int, Read] = field(default_factory=dict)
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
        return Place(mapping, *_known(mapping, self.known), None, self.known)

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
        return under(self.trail)

    @property
    def doubtful(self) -> frozenset[str]:
        """Keys on the way here that occur twice in their map: a loader may not come this way at all."""
        return self.trail.doubtful if self.trail else frozenset()


Looked = Callable[[list[str], Trail | None], bool]


def places(document: Document, looked: Looked, trail: Trail | None = None) -> Iterator[Place]:
    """The maps of a document that are `looked` at by their keys and by the way to them, aliases not followed.

    Each is seen once, where it is written. `trail` leads to the document. A map with a merge key is always seen.
    """
    known = Known()
    stack: list[tuple[Collection, Trail | None]] = []
    if isinstance(document.root, Collection):
        stack.append((document.root, trail))
    while stack:
        node, trail = stack.pop()
        if not isinstance(node, Mapping):
            doubtful = trail.doubtful if trail else frozenset[str]()
            stack += [(inner, Trail(index, trail, doubtful)) for index, inner in reversed(node.below)]
            continue
        names = node.names
        _read_keys(node, known)
        seen = _read(node, known) if "<<" in names or looked(names, trail) else None
        if seen:
            yield Place(node, *seen, trail, known)
        if node.below:
            stack += reversed(list(_below(node, trail, seen.twice if seen else repeated(names))))


def _below(mapping: Mapping, trail: Trail | None, twice: frozenset[str]) -> Iterator[tuple[Collection, Trail]]:
    doubtful = trail.doubtful if trail else frozenset[str]()
    for index, inner in mapping.below:
        key = mapping.key(index)
        if key is not None:
            yield inner, Trail(key, trail, doubtful | {key} if key in twice else doubtful)


def under(trail: Trail | None) -> str:
    """The last key on a way; empty if there is none."""
    while trail is not None and isinstance(trail.step, int):
        trail = trail.before
    return str(trail.step) if trail else ""


def repeated(names: list[str]) -> frozenset[str]:
    """The keys that occur more than once."""
    if len(set(names)) == len(names):
        return frozenset()
    return frozenset(name for name, count in Counter(names).items() if count > 1)


def _read_keys(mapping: Mapping, known: Known) -> None:
    for index, inner in mapping.below:
        if index % 2 == 0:
            _read_key(inner, known)


def _read_key(key: Collection, known: Known) -> None:
    """No image is written in a key that is a map or a list, but an anchor there may be merged later on."""
    stack = [key]
    while stack:
        node = stack.pop()
        if isinstance(node, Mapping):
            _read(node, known)
        stack += [inner for _, inner in reversed(node.below)]


def _known(node: Mapping, known: Known) -> Read:
    return known.maps.get(id(node)) or _read(node, known)


def _read(node: Mapping, known: Known) -> Read:
    """What one map says; `known` is what those before it do."""
    entries: dict[str, Entry] = {}
    twice = set()
    merged: list[Node] = []
    for index in range(1, len(node.inside), 2):
        key = node.key(index)
        if key is None:
            continue
        if key == "<<" and node.is_plain(index - 1):
            merged.append(node.node(index))
        elif key in entries:
            twice.add(key)
        else:
            entries[key] = Entry(node, index)
    if merged:
        entries = _merged(merged, known) | entries
    read = Read(entries, frozenset(twice))
    known.maps[id(node)] = read
    return read


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


def _meant(value: Node) -> Scalar | Mapping | Sequence | None:
    return value.target if isinstance(value, Alias) else value


def _merged(values: list[Node], known: Known) -> dict[str, Entry]:
    """What merge keys bring in, the first one winning; only some keys, as a hostile file may merge a huge map often."""
    entries: dict[str, Entry] = {}
    for value in values:
        brought = _brought(_meant(value), known)
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
            mapping = _meant(item)
            if isinstance(mapping, Mapping):
                brought = _brought_by_map(mapping, known)
                if brought.keys() - entries.keys():
                    _follow(item, brought, known)
                entries = brought | entries
        known.merged[id(node)] = entries
    return known.merged[id(node)]


def _brought_by_map(node: Mapping, known: Known) -> dict[str, Entry]:
    entries = _known(node, known).entries
    return {key: entries[key] for key in MERGED if key in entries}
