"""All fields of a file that is no YAML: those of a Dockerfile, and those at markers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from imagebot.errors import Problem
from imagebot.fields import dockerfile, marked_text
from imagebot.fields.claim import Lack
from imagebot.fields.field import Field, Found, NoField
from imagebot.fields.files import Kind, kind_of
from imagebot.fields.marked import MARKER, Marked, Policies, Unnamed, read_all
from imagebot.yamledit.limits import MAX_BYTES
from imagebot.yamledit.replace import problem

_DOCKERFILE = "dockerfile"
_TEMPLATE = "a template is edited only at markers"

Item = Field | NoField | Problem


def find_words(file: str, data: bytes, policies: Policies) -> Found:
    """Every field of a file that its name tells to be no YAML."""
    kind = kind_of(file)
    if kind is not Kind.DOCKERFILE:
        return find_marked(file, data, policies, Problem(file, 1, 1, _TEMPLATE) if kind is Kind.TEMPLATE else None)
    if len(data) > MAX_BYTES:
        return _too_long(file, data)
    used = list(_used(file, data))
    known = {(item.name, item.spots[0].scalar.start) for item in used if isinstance(item, Field)}
    at_markers = read_all(marked_text.beside(data, behind=False), policies)
    marked = (_item(file, data, item) for item in at_markers)
    return _found(*used, *(item for item in marked if _key(item) not in known))


def find_marked(file: str, data: bytes, policies: Policies, unreadable: Problem | None) -> Found:
    """The fields at markers of a file that is not read in another way; `unreadable` says why, if that matters."""
    if len(data) > MAX_BYTES:
        return _too_long(file, data)
    found = _found(*(_item(file, data, item) for item in read_all(marked_text.beside(data), policies)))
    return replace(found, unreadable=unreadable)


def no_field(file: str, data: bytes, lack: Lack) -> NoField:
    """A lack, with its place in the file."""
    return NoField(lack.name, problem(file, data, lack.scalar, lack.message), lack.blocks)


def _used(file: str, data: bytes) -> Iterator[Item]:
    for item in dockerfile.look(data):
        if isinstance(item, Lack):
            yield no_field(file, data, item)
        else:
            yield Field(file, item.spot.scalar.line, item.path, _DOCKERFILE, item.name, (item.spot,))


def _item(file: str, data: bytes, item: Marked | Lack | Unnamed) -> Item:
    if isinstance(item, Lack):
        return no_field(file, data, item)
    if isinstance(item, Unnamed):
        return problem(file, data, item.scalar, item.message)
    line = item.spots[0].scalar.line
    return Field(file, line, f"line[{line}]", MARKER, item.name, item.spots)


def _key(item: Item) -> object:
    return (item.name, item.spots[0].scalar.start) if isinstance(item, Field) else None


def _found(*items: Item) -> Found:
    return Found(
        fields=tuple(item for item in items if isinstance(item, Field)),
        refusals=tuple(item for item in items if isinstance(item, NoField)),
        unnamed=tuple(item for item in items if isinstance(item, Problem)),
    )


def _too_long(file: str, data: bytes) -> Found:
    return Found(unreadable=Problem(file, 1, 1, f"the file has {len(data)} bytes; at most {MAX_BYTES} are read"))
