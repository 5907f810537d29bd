"""The annotations of a model's fields, walked like a file that is read into it: which model is filled in where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, TypeGuard, Union, get_args, get_origin

from imagebot.documents.model import FilledBy, Model


def inside(kind: Any, part: int | str) -> Iterator[Any]:
    """What may stand behind one key, or at one place of a list, of a value of this annotation."""
    for member in members(kind):
        if is_model(member):
            if part in member.known_keys():
                yield member.model_fields[member.known_keys()[str(part)]].annotation
        elif get_origin(member) in (tuple, list) and isinstance(part, int):
            yield get_args(member)[0]
        elif get_origin(member) in (dict, Mapping):
            yield get_args(member)[1]


def is_model(kind: Any) -> TypeGuard[type[Model]]:
    """Whether an annotation is a model itself."""
    return isinstance(kind, type) and issubclass(kind, Model)


def members(kind: Any) -> Iterator[Any]:
    """What a value of this annotation may be: the members of unions, without `Annotated`."""
    origin = get_origin(kind)
    if origin is Annotated:
        inner, *beside = get_args(kind)
        filled = [one.model for one in beside if isinstance(one, FilledBy)]
        yield from filled or members(inner)
    elif origin in (Union, UnionType):
        for member in get_args(kind):
            yield from members(member)
    else:
        yield kind
