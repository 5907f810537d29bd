"""What pydantic found wrong becomes problems: at the place in the file, in plain words, with a way out."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace as with_changes
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from imagebot.documents.annotations import inside, is_model, members
from imagebot.documents.model import Misplaced, Model, Path
from imagebot.documents.tree import Node, ParsedFile
from imagebot.errors import Problem

_EXPECTED = {
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


@dataclass(frozen=True, slots=True)
class _Unknown:
    """A key that its model does not have."""

    path: Path
    model: type[Model]

    @property
    def nearest(self) -> str | None:
        name, known = str(self.path[-1]), self.model.shown_keys()
        longer = [key for key in known if len(name) >= 3 and key.startswith(name)]
        return next(iter(difflib.get_close_matches(name, known, n=1) + longer), None)

    def __str__(self) -> str:
        name = str(self.path[-1])
        if name in self.model.hints:
            return f"unknown key {name!r}; {self.model.hints[name]}"
        head, dot, tail = name.partition(".")
        if dot and head in self.model.shown_keys():
            return f"unknown key {name!r}; write {head}: {{{tail}: …}}"
        if self.nearest is not None:
            return f"unknown key {name!r}; did you mean {self.nearest!r}?"
        return f"unknown key {name!r}; the keys here are {', '.join(self.model.shown_keys())}"


def problems_of(error: ValidationError, model: type[Model], document: ParsedFile) -> list[Problem]:
    """One problem for each thing to change; a missing key that is there misspelt is not named twice."""
    errors = [item for item in error.errors(include_url=False, include_input=False) if not _echo(item, document)]
    unknown = [
        _Unknown(_path(item["loc"], document), _model_at(model, item["loc"][:-1]))
        for item in errors
        if item["type"] == "extra_forbidden"
    ]
    misspelt = {(*item.path[:-1], item.nearest) for item in unknown}
    problems = [_unknown_problem(item, document) for item in unknown]
    hidden = {problem.line for problem, item in zip(problems, unknown, strict=True) if item.model.confidential}
    for item in errors:
        if item["type"] == "extra_forbidden":
            continue
        if item["type"] == "missing" and _full_path(item, document) in misspelt:
            continue
        problem = _problem(item, document)
        problems.append(problem)
        if getattr(item.get("ctx", {}).get("error"), "hide", False):
            hidden.add(problem.line)
    return [with_changes(problem, source="") if problem.line in hidden else problem for problem in problems]


def _echo(error: ErrorDetails, document: ParsedFile) -> bool:
    """Whether a list counts as too short only because what is in it has problems of its own."""
    return error["type"] == "too_short" and bool(document.node(_path(error["loc"], document)).content)


def _unknown_problem(unknown: _Unknown, document: ParsedFile) -> Problem:
    key = document.key(unknown.path) or document.node(unknown.path)
    return key.problem(str(unknown))


def _problem(error: ErrorDetails, document: ParsedFile) -> Problem:
    path = _path(error["loc"], document)
    context = error.get("ctx", {})
    match error["type"]:
        case "missing":
            return _missing(_full_path(error, document), document)
        case "value_error":
            key = document.key(path) if error["loc"][-1:] == ("[key]",) else None
            return _from_validator(context["error"], path, key, document)
        case "literal_error":
            return document.problem(path, f"expected {context['expected']}")
        case "greater_than_equal":
            return document.problem(path, f"must be at least {context['ge']}")
        case "less_than_equal":
            return document.problem(path, f"must be at most {context['le']}")
        case "too_short":
            return document.problem(path, "write at least one")
        case kind if kind in _EXPECTED:
            return document.problem(path, f"expected {_EXPECTED[kind]}, found {_found(path, document)}")
    return document.problem(path, error["msg"])


def _missing(path: Path, document: ParsedFile) -> Problem:
    name = path[-1]
    key = document.key(path)
    if key is not None:
        return key.problem(f"the key {name!r} has no value")
    return document.problem(path[:-1], f"the key {name!r} is missing")


def _from_validator(error: Exception, path: Path, key: Node | None, document: ParsedFile) -> Problem:
    """A `ValueError` of our own: with the caret at what it is about, as precisely as it tells."""
    while isinstance(error, Misplaced):
        path = (*path, *error.place)
        if not isinstance(error.cause, ValueError):
            break
        error = error.cause
    node = key or document.node(_path(path, document))
    start, end = node.start, node.end
    offset = getattr(error, "offset", None)
    if isinstance(offset, int) and isinstance(node.content, str):
        first = node.source.text.find(node.content, start, end)
        if first in (start, start + 1):
            start = first + offset
            end = start + max(getattr(error, "length", 1), 1)
    return node.source.problem(str(error), start, end)


def _found(path: Path, document: ParsedFile) -> str:
    content = document.node(path).content
    match content:
        case None:
            return "nothing"
        case str():
            return "text"
        case tuple():
            return "a list"
        case Mapping():
            return "a mapping"


def _path(loc: tuple[int | str, ...], document: ParsedFile) -> Path:
    """The part of pydantic's place that is in the file: names of union members and the like are left out."""
    path: Path = ()
    for part in loc:
        if _has(document.node(path), part):
            path = (*path, part)
    return path


def _full_path(error: ErrorDetails, document: ParsedFile) -> Path:
    """Like `_path`, with the last part even if the file does not have it."""
    return (*_path(error["loc"][:-1], document), *error["loc"][-1:])


def _has(node: Node, part: int | str) -> bool:
    match node.content, part:
        case tuple() as items, int():
            return part < len(items)
        case Mapping() as entries, str():
            return part in entries
    return False


def _model_at(model: type[Model], loc: tuple[int | str, ...]) -> type[Model]:
    """The model that was being filled at pydantic's place `loc`."""
    kinds: list[Any] = [model]
    for part in loc:
        kinds = [inner for kind in kinds for inner in inside(kind, part)] or kinds
    return next(member for kind in kinds for member in members(kind) if is_model(member))
