"""A Swagger 2.0 description as OpenAPI 3.0, as far as the descriptions need it that the tests use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

VERBS = ("get", "put", "post", "delete", "patch")
PLACES = {"#/definitions/": "#/components/schemas/", "#/responses/": "#/components/responses/"}


def modern(old: Mapping[str, Any]) -> dict[str, Any]:
    """The same description in OpenAPI 3.0; what Swagger says of security and media types is left out."""
    return {
        "openapi": "3.0.0",
        "info": old["info"],
        "paths": {path: _item(item) for path, item in old["paths"].items()},
        "components": {
            "schemas": _moved(old["definitions"]),
            "responses": {name: _response(one) for name, one in old["responses"].items()},
        },
    }


def _item(item: Mapping[str, Any]) -> dict[str, Any]:
    return {verb: _operation(item[verb]) for verb in VERBS if verb in item}


def _operation(old: Mapping[str, Any]) -> dict[str, Any]:
    parameters = old.get("parameters", [])
    new: dict[str, Any] = {
        "parameters": [_parameter(one) for one in parameters if one["in"] in ("path", "query")],
        "responses": {status: _response(one) for status, one in old["responses"].items()},
    }
    for body in (one for one in parameters if one["in"] == "body"):
        new["requestBody"] = {"content": {"application/json": {"schema": _moved(body["schema"])}}}
    return new


def _parameter(old: Mapping[str, Any]) -> dict[str, Any]:
    outside = ("name", "in", "required", "description")
    schema = {key: value for key, value in old.items() if key not in (*outside, "collectionFormat")}
    return {**{key: old[key] for key in outside if key in old}, "schema": schema}


def _response(old: Mapping[str, Any]) -> dict[str, Any]:
    if "$ref" in old:
        moved = _moved(old)
        assert isinstance(moved, dict)
        return moved
    new: dict[str, Any] = {"description": old.get("description", "")}
    if "schema" in old:
        new["content"] = {"application/json": {"schema": _moved(old["schema"])}}
    return new


def _moved(node: Any) -> Any:
    """The same with every reference to where things are in OpenAPI 3.0."""
    if isinstance(node, dict):
        return {key: _place(value) if key == "$ref" else _moved(value) for key, value in node.items()}
    return [_moved(one) for one in node] if isinstance(node, list) else node


def _place(reference: str) -> str:
    for old, new in PLACES.items():
        if reference.startswith(old):
            return new + reference.removeprefix(old)
    raise ValueError(f"a reference to nowhere: {reference}")
