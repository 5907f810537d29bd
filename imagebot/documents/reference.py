"""A page for people about a model: one table for each mapping, one line for each key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from imagebot.documents.model import Model
from imagebot.documents.schema import json_schema


def reference(*files: tuple[type[Model], str]) -> str:
    """Markdown: a section for each file, and one for each mapping in them, in the order of first mention.

    Files are models with their titles. What one has in common with another before it is told once.
    """
    sections: list[str] = []
    written: set[str] = set()
    for model, title in files:
        schema = json_schema(model, title)
        sections.append(_section("##", title, schema))
        waiting = list(_mentioned(schema))
        while waiting:
            name = waiting.pop(0)
            if name not in written:
                written.add(name)
                definition = schema["$defs"][name]
                sections.append(_section("###", name, definition))
                waiting += _mentioned(definition)
    return "\n".join(sections)


def _section(level: str, name: str, schema: dict[str, Any]) -> str:
    lines = [f"{level} {name}", "", schema["description"], "", "| key | value | default | |", "|---|---|---|---|"]
    required = schema.get("required", [])
    for key, value in schema["properties"].items():
        default = "required" if key in required else _default(value)
        lines.append(f"| `{key}` | {_kind(value)} | {default} | {_one_cell(value['description'])} |")
    return "\n".join(lines) + "\n"


def _default(schema: dict[str, Any]) -> str:
    if "default" not in schema:
        return ""
    default = schema["default"]
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _kind(schema: dict[str, Any]) -> str:
    """A value's kind in words."""
    match schema:
        case {"$ref": str() as target}:
            name = target.rpartition("/")[2]
            return f"[{name}](#{name.lower()})"
        case {"oneOf": list() as choices}:
            return " or ".join(_kind(choice) for choice in choices)
        case {"enum": list() as values}:
            return ", ".join(f"`{value}`" for value in values)
        case {"const": value}:
            return f"`{value}`"
        case {"type": "array", "items": dict() as items}:
            return f"list of {_kind(items)}"
        case {"type": "object", "additionalProperties": dict() as values}:
            return f"{_kind(values)} by name"
        case {"type": "boolean"}:
            return "`true` or `false`"
        case {"type": "integer"}:
            return "whole number"
    return "text"


def _mentioned(schema: object) -> Iterator[str]:
    """The names of the definitions that a schema refers to."""
    if isinstance(schema, list):
        for item in schema:
            yield from _mentioned(item)
    elif isinstance(schema, dict):
        if "$ref" in schema:
            yield str(schema["$ref"]).rpartition("/")[2]
        for key, value in schema.items():
            if key != "$defs":
                yield from _mentioned(value)


def _one_cell(text: str) -> str:
    return text.replace("|", r"\|").replace("\n", " ")
