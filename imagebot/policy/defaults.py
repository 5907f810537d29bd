"""What policies have in common, written once: `defaults` in imagebot.yaml, `_defaults.yaml` in folders of policies.

The nearest folder goes before those around it, all of them before imagebot.yaml, and a policy file before them all.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Self

from pydantic import Field, model_validator

from imagebot.documents.merge import mapping, merged
from imagebot.documents.model import Model, Path, Visible
from imagebot.documents.read import fill
from imagebot.documents.tree import KeyValue, Node, ParsedFile, parse
from imagebot.errors import Problem
from imagebot.policy.model import DnsLabel, Environment, PolicyFile, PullRequestKeys
from imagebot.policy.watch import ImageKeys, Watch, check_order
from imagebot.versions.all_orders import KEYS

FILE_NAMES = ("_defaults.yaml", "_defaults.yml")
"""What a file of defaults is called: it holds for the policies of its folder, and of the folders in it."""


class ImageDefaults(ImageKeys):
    """What holds for each image of each app, but for what its policy says otherwise."""

    @model_validator(mode="after")
    def _one_order(self) -> Self:
        if self.orders:
            check_order(self)
        return self


class Defaults(Model):
    """What policies need not repeat. No key here names an app, adds an environment or watches an image."""

    repository: Visible | None = None
    """The environment repository of apps that name none."""
    environment: Environment = Environment()
    """What holds for each environment of each app."""
    environments: dict[DnsLabel, Environment] = Field(default={})
    """What holds for environments of these names, before what holds for each; an app has them only if it says so."""
    image: ImageDefaults = ImageDefaults()
    """What holds for each image of each app. An order that a policy writes takes the place of the one here."""
    pull_request: PullRequestKeys = PullRequestKeys()
    """What holds for the pull requests of each app."""


@dataclass(frozen=True, slots=True)
class DefaultsFile:
    """A file of defaults, or why it could not be read; `within` leads to the defaults in it."""

    file: str
    data: bytes | Problem
    within: Path = ()


def is_defaults(file: str) -> bool:
    """Whether a file's name is one of a file of defaults."""
    return file.rpartition("/")[2] in FILE_NAMES


def layers_of(file: str, defaults: Collection[str]) -> tuple[str, ...]:
    """The files of defaults in the folders around a policy file, the nearest first."""
    folders = file.split("/")[:-1]
    around = ("/".join([*folders[:end], name]) for end in range(len(folders), -1, -1) for name in FILE_NAMES)
    return tuple(name for name in around if name in defaults)


@lru_cache(maxsize=256)
def read_defaults(written: DefaultsFile) -> Node | tuple[Problem, ...]:
    """The defaults of one file, sound by themselves. Kept, as the same bytes come in every pass."""
    if isinstance(written.data, Problem):
        return (written.data,)
    document = parse(written.file, written.data)
    if not isinstance(document, ParsedFile):
        return document
    if written.within:
        return document.node(written.within)
    found = fill(Defaults, document)
    return document.root if isinstance(found, Defaults) else found


@lru_cache(maxsize=256)
def together(layers: tuple[DefaultsFile, ...]) -> Node | None:
    """The defaults of several files, the nearest first, of which each is sound; None of no files."""
    nodes = [node for node in map(read_defaults, layers) if isinstance(node, Node)]
    return reduce(_over, nodes) if nodes else None


def applied(policy: Node, defaults: Node) -> Node:
    """A policy file with the defaults below it, not checked yet."""
    if not isinstance(policy.content, Mapping):
        return policy
    own = dict(policy.content)
    for key in ("repository", "pullRequest"):
        entry = _key(defaults, key)
        if entry is not None:
            own[key] = KeyValue(own[key].key, merged(own[key].value, entry.value, _kind(key))) if key in own else entry
    if "environments" in own:
        own["environments"] = _environments(own["environments"], defaults)
    image = _value(defaults, "image")
    if image is not None and "images" in own and isinstance(own["images"].value.content, tuple):
        images = own["images"].value
        items = tuple(_image_over(one, image) for one in images.content or () if isinstance(one, Node))
        own["images"] = KeyValue(own["images"].key, Node(images.source, images.start, images.end, items, images.size))
    return mapping(policy, own)


def _kind(key: str) -> object:
    return PolicyFile.model_fields[PolicyFile.known_keys()[key]].annotation


def _environments(entry: KeyValue, defaults: Node) -> KeyValue:
    if not isinstance(entry.value.content, Mapping):
        return entry
    each, named = _value(defaults, "environment"), _value(defaults, "environments")
    found = {}
    for name, own in entry.value.content.items():
        mine = _value(named, name) if named is not None else None
        below = each if mine is None else merged(mine, each, Environment)
        found[name] = KeyValue(own.key, merged(own.value, below, Environment))
    return KeyValue(entry.key, mapping(entry.value, found))


def _over(nearer: Node, farther: Node) -> Node:
    """Two files of defaults: like a policy file over defaults, an order of the nearer replaces the farther one's."""
    image, below = _key(nearer, "image"), _value(farther, "image")
    both = merged(nearer, farther, Defaults)
    if image is None or below is None or not isinstance(both.content, Mapping):
        return both
    return mapping(both, {**both.content, "image": KeyValue(image.key, _image_over(image.value, below))})


def _image_over(image: Node, defaults: Node) -> Node:
    """An image with the defaults below it, of which only what means something beside its order is taken."""
    order = next((name for name in KEYS if _value(image, name) is not None), None)
    return merged(image, defaults if order is None else _beside(defaults, order), Watch)


def _beside(defaults: Node, order: str) -> Node:
    facts = KEYS[order].facts
    foreign = {key for keys in KEYS.values() for key in keys.known_keys()} - KEYS[order].known_keys().keys()
    for place in [*((key,) for key in (*foreign, *facts.settles)), *facts.excludes]:
        defaults = _without(defaults, place)
    return defaults


def _without(node: Node, place: Sequence[str]) -> Node:
    first, *rest = place
    if not isinstance(node.content, Mapping) or first not in node.content:
        return node
    entry = node.content[first]
    if rest:
        return mapping(node, {**node.content, first: KeyValue(entry.key, _without(entry.value, rest))})
    return mapping(node, {key: value for key, value in node.content.items() if key != first})


def _key(node: Node, key: str) -> KeyValue | None:
    """A key with something behind it."""
    entry = node.content.get(key) if isinstance(node.content, Mapping) else None
    return entry if entry is not None and entry.value.content is not None else None


def _value(node: Node, key: str) -> Node | None:
    entry = _key(node, key)
    return None if entry is None else entry.value
