"""One file over another: what the nearer one leaves out is taken from the farther one, and keeps its place.

Mappings are merged key by key. Lists and scalars are taken whole: of two lists the nearer one counts, but for those
that a model says are `joined`. A key with nothing behind it is as good as absent, so an empty list is how a file says
"none of those".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from imagebot.documents.annotations import inside, is_model, members
from imagebot.documents.model import Path
from imagebot.documents.tree import KeyValue, Node
from imagebot.documents.yaml_text import YamlText


def merged(over: Node, under: Node | None, kind: Any) -> Node:
    """`over`, and below it `under`, which may not be there; `kind` is the model or annotation they are read into."""
    if under is None or over.content is None:
        return under or over
    if not isinstance(over.content, Mapping) or not isinstance(under.content, Mapping):
        return over
    displaced, joined = _displaced(over.content, kind), _joined(kind)
    entries = dict(over.content)
    for key, entry in under.content.items():
        if key in joined and key in over.content:
            entries[key] = _both(over.content[key], entry)
        elif key not in displaced:
            entries[key] = _merged_entry(over.content.get(key), entry, [*inside(kind, key)])
    return mapping(over, entries)


def mapping(like: Node, entries: Mapping[str, KeyValue]) -> Node:
    """A mapping at the place of `like`."""
    return Node(like.source, like.start, like.end, entries, 1 + sum(entry.value.size for entry in entries.values()))


@dataclass(frozen=True, slots=True)
class Taken:
    """What a file has from another one: where it is in the file that took it, and where it was written."""

    path: Path
    entry: KeyValue

    @property
    def file(self) -> str:
        return self.entry.key.source.file

    @property
    def line(self) -> int:
        return self.entry.key.problem("").line

    @property
    def text(self) -> str:
        """The value on one line."""
        return _flow(self.entry.value)


def _flow(node: Node) -> str:
    match node.content:
        case str():
            return " ".join(node.content.split())
        case tuple():
            return f"[{', '.join(map(_flow, node.content))}]"
        case Mapping():
            return f"{{{', '.join(f'{key}: {_flow(entry.value)}' for key, entry in node.content.items())}}}"
    return ""


def taken(node: Node, own: YamlText, path: Path = ()) -> Iterator[Taken]:
    """Each key that another file than `own` wrote; what is within lists belongs to its key."""
    if isinstance(node.content, tuple):
        for index, item in enumerate(node.content):
            yield from taken(item, own, (*path, index))
    elif isinstance(node.content, Mapping):
        for key, entry in node.content.items():
            if isinstance(entry.value.content, Mapping) and entry.value.content:
                yield from taken(entry.value, own, (*path, key))
            elif entry.value.source is not own:
                yield Taken((*path, key), entry)
            elif entry.value.content:
                yield from taken(entry.value, own, (*path, key))


def _merged_entry(over: KeyValue | None, under: KeyValue, kinds: list[Any]) -> KeyValue:
    if over is None or over.value.content is None:
        return under
    return KeyValue(over.key, merged(over.value, under.value, kinds[0]) if kinds else over.value)


def _joined(kind: Any) -> frozenset[str]:
    return frozenset(key for model in members(kind) if is_model(model) for key in model.joined)


def _both(over: KeyValue, under: KeyValue) -> KeyValue:
    """Two lists as one, the nearer first; what is no list is for the model to refuse."""
    near, far = over.value, under.value
    if near.content is None or not (isinstance(near.content, tuple) and isinstance(far.content, tuple)):
        return under if near.content is None else over
    return KeyValue(
        over.key, Node(near.source, near.start, near.end, (*near.content, *far.content), near.size + far.size)
    )


def _displaced(written: Mapping[str, KeyValue], kind: Any) -> frozenset[str]:
    keys = [key for key, entry in written.items() if entry.value.content is not None]
    return frozenset(name for model in members(kind) if is_model(model) for name in model.displaced(keys))
