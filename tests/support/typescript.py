"""Reads the TypeScript that openapi-typescript makes of an API description, back into OpenAPI 3.0.

Where a forge's description is in no package, its types may be: they name each path, parameter, field and type. Lost on
the way are formats, lengths, and which numbers are whole.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

# A word in quotes may hold what begins a comment, and a comment may hold quotes.
_TOKEN = re.compile(r'/\*.*?\*/|("(?:[^"\\]|\\.)*"|[A-Za-z_$][\w$]*|-?\d+(?:\.\d+)?|[^\s\w])', re.DOTALL)
_VERBS = ("get", "put", "post", "delete", "patch")
_PLAIN = {"string": "string", "number": "number", "boolean": "boolean"}
_NEVER: dict[str, Any] = {"not": {}}


def described(source: str, title: str, paths: Collection[str]) -> dict[str, Any]:
    """These paths, operations in their places, and all schemas."""
    found = _Reader(source).interfaces()
    operations = found["operations"]["properties"]
    items = {path: _item(found["paths"]["properties"][path]["properties"], operations) for path in paths}
    schemas = found["components"]["properties"]["schemas"]["properties"]
    info = {"title": title, "version": "of the types"}
    return {"openapi": "3.0.0", "info": info, "paths": items, "components": {"schemas": schemas}}


class _Reader:
    """Tokens, and where we are in them."""

    def __init__(self, text: str) -> None:
        self._tokens = [token for token in _TOKEN.findall(text) if token]
        self._at = 0

    def interfaces(self) -> dict[str, Any]:
        """What is exported, by name: interfaces, and types that are another name for something."""
        found = {}
        while self._at < len(self._tokens):
            kind = self._take()
            if kind in ("interface", "type"):
                name = self._take()
                if kind == "type":
                    self._expect("=")
                found[name] = self._type()
        return found

    def _take(self) -> str:
        self._at += 1
        return str(self._tokens[self._at - 1])

    def _next_is(self, *tokens: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at] in tokens

    def _expect(self, token: str) -> None:
        taken = self._take()
        if taken != token:
            raise ValueError(f"expected {token}, not {taken}, before {' '.join(self._tokens[self._at : self._at + 9])}")

    def _type(self) -> dict[str, Any]:
        kinds = [self._intersection()]
        while self._next_is("|"):
            self._take()
            kinds.append(self._intersection())
        return kinds[0] if len(kinds) == 1 else _one_of(kinds)

    def _intersection(self) -> dict[str, Any]:
        parts = [self._many()]
        while self._next_is("&"):
            self._take()
            parts.append(self._many())
        return parts[0] if len(parts) == 1 else {"allOf": parts}

    def _many(self) -> dict[str, Any]:
        if self._next_is("readonly"):
            self._take()
        kind = self._one()
        while self._next_is("["):
            self._take()
            is_list = self._next_is("]")
            kind = {"type": "array", "items": kind} if is_list else _within(kind, self._take().strip('"'))
            self._expect("]")
        return kind

    def _one(self) -> dict[str, Any]:
        token = self._take()
        match token:
            case "{":
                return self._members()
            case "(":
                kind = self._type()
                self._expect(")")
                return kind
            case "Readonly" | "Omit" | "Record":
                kinds = self._arguments()
                return {"type": "object"} if token == "Record" else kinds[0]
            case "string" | "number" | "boolean":
                return {"type": _PLAIN[token]}
            case "never":
                return _NEVER
            case "null":
                return {"nullable": True}
            case "unknown":
                return {}
            case _ if token.startswith('"'):
                return {"type": "string", "enum": [token.strip('"')]}
            case _ if token.isidentifier():
                return {"name": token}
        return {"type": "number", "enum": [float(token)]}

    def _arguments(self) -> list[dict[str, Any]]:
        self._expect("<")
        kinds = [self._type()]
        while self._next_is(","):
            self._take()
            kinds.append(self._type())
        self._expect(">")
        return kinds

    def _members(self) -> dict[str, Any]:
        properties: dict[str, Any] = {}
        required = []
        while not self._next_is("}"):
            if self._next_is("readonly") and self._tokens[self._at + 1] not in ("?", ":"):
                self._take()
            if self._next_is("["):
                # An index: other fields may be there too, which an object of OpenAPI allows anyway.
                while self._take() != ";":
                    pass
                continue
            name = self._take().strip('"')
            if self._next_is("?"):
                self._take()
            else:
                required.append(name)
            self._expect(":")
            properties[name] = self._type()
            self._expect(";")
        self._expect("}")
        return {"type": "object", "properties": properties, **({"required": required} if required else {})}


def _one_of(kinds: list[dict[str, Any]]) -> dict[str, Any]:
    """A choice; of words, and with nothing, as OpenAPI 3.0 has it."""
    some = [kind for kind in kinds if kind != {"nullable": True}]
    nullable = {"nullable": True} if len(some) < len(kinds) else {}
    if all("enum" in kind for kind in some):
        return {"type": some[0]["type"], "enum": [kind["enum"][0] for kind in some], **nullable}
    return {**some[0], **nullable} if len(some) == 1 else {"anyOf": some, **nullable}


def _within(kind: Mapping[str, Any], name: str) -> dict[str, Any]:
    """`components["schemas"]["X"]` and the like, word by word."""
    steps = [*kind["steps"], name] if "steps" in kind else [kind["name"], name]
    match steps:
        case ["components", "schemas", one]:
            return {"$ref": f"#/components/schemas/{one}"}
        case ["operations", one]:
            return {"operation": one}
    return {"steps": steps}


def _item(members: Mapping[str, Any], operations: Mapping[str, Any]) -> dict[str, Any]:
    """What one path can be asked; parameters stand with each operation as well."""
    found = {}
    for verb in _VERBS:
        said = members.get(verb, _NEVER)
        operation = operations[said["operation"]] if "operation" in said else said
        if operation != _NEVER:
            found[verb] = _operation(operation["properties"])
    return found


def _operation(said: Mapping[str, Any]) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": where, "required": where == "path", "schema": schema}
        for where in ("path", "query")
        for name, schema in said["parameters"]["properties"][where].get("properties", {}).items()
    ]
    answers = said["responses"]["properties"].items()
    responses = {status: {"description": "", **_content(answer["properties"])} for status, answer in answers}
    body = said["requestBody"]
    request = {} if body == _NEVER else {"requestBody": _content(body["properties"])}
    return {"parameters": parameters, "responses": responses, **request}


def _content(said: Mapping[str, Any]) -> dict[str, Any]:
    content = said.get("content", _NEVER)
    if content == _NEVER:
        return {}
    return {"content": {kind: {"schema": schema} for kind, schema in content["properties"].items()}}
