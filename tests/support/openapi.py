"""Holds requests and answers against an OpenAPI 3.0 description, and makes answers that satisfy it.

Stricter than the description itself: a query parameter or a body's field that it does not name is an error too.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from jsonschema_path import SchemaPath
from openapi_core import Config, OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse

SAMPLES = {
    "date-time": "2026-01-01T12:00:00Z",
    "uri": "https://github.test/sample",
    "email": "somebody@github.test",
}


@dataclass(frozen=True)
class Call:
    """One request: `path` without the prefix of the API."""

    verb: str
    path: str
    query: str
    body: bytes
    kind: str = "application/json"

    @property
    def arguments(self) -> dict[str, str]:
        return {key: values[-1] for key, values in parse_qs(self.query).items()}

    @property
    def data(self) -> Any:
        return json.loads(self.body) if self.body else None


class Description:
    """A description and the questions that a fake server asks of it."""

    def __init__(self, loaded: Mapping[str, Any], host: str) -> None:
        self.loaded = {**loaded, "servers": [{"url": host}]}
        self._host = host
        self._samples: dict[str, str] = {}
        self._judged: dict[bytes, str] = {}
        also = Config(extra_media_type_deserializers={"application/json-patch+json": json.loads})
        # What a reference leads to is looked up once: without room for that it is half of the work.
        paths = SchemaPath.from_dict(self.loaded, resolved_cache_maxsize=1 << 16)
        self._checker = OpenAPI(paths, config=also)
        self._templates = {path: re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)) for path in loaded["paths"]}

    def match(self, path: str) -> tuple[str, dict[str, str]] | None:
        """The template of a path and the values in it."""
        for template, pattern in self._templates.items():
            if found := pattern.fullmatch(path):
                return template, found.groupdict()
        return None

    def wrong_with_request(self, call: Call) -> str:
        """What is wrong with a request; empty if nothing is."""
        return self._known((call,), lambda: self._wrong_with_request(call))

    def wrong_with_answer(self, call: Call, status: int, answer: bytes) -> str:
        """What is wrong with an answer; empty if nothing is, or if the description does not know this status."""
        return self._known((call, status, answer), lambda: self._wrong_with_answer(call, status, answer))

    def _known(self, judged: tuple[object, ...], judge: Callable[[], str]) -> str:
        """What is as it was before, to the byte, is judged as it was: judging it takes 30 ms, and tests ask alike."""
        mark = hashlib.sha256(repr(judged).encode()).digest()
        if mark not in self._judged:
            self._judged[mark] = judge()
        return self._judged[mark]

    def _wrong_with_request(self, call: Call) -> str:
        found = self.match(call.path)
        if found is None or call.verb.lower() not in self.loaded["paths"][found[0]]:
            return f"{call.verb} {call.path} is not among the operations in use"
        try:
            self._checker.validate_request(self._request(call))
        except OpenAPIError as error:
            return f"{call.verb} {call.path}: {error!r} {error.__cause__!r}"
        odd = self._unknown_names(self.loaded["paths"][found[0]], call)
        return f"{call.verb} {call.path}: not in the description: {', '.join(sorted(odd))}" if odd else ""

    def _wrong_with_answer(self, call: Call, status: int, answer: bytes) -> str:
        found = self.match(call.path)
        assert found is not None
        if str(status) not in self.loaded["paths"][found[0]][call.verb.lower()]["responses"]:
            return ""
        try:
            self._checker.validate_response(self._request(call), MockResponse(answer, status))
        except OpenAPIError as error:
            return f"answer {status} to {call.verb} {call.path}: {error!r} {error.__cause__!r}"
        return ""

    def sample(self, name: str) -> Any:
        """The least that satisfies a named schema."""
        if name not in self._samples:
            self._samples[name] = json.dumps(self._sample({"$ref": f"#/components/schemas/{name}"}))
        return json.loads(self._samples[name])

    def _sample(self, schema: Mapping[str, Any]) -> Any:
        schema = self._resolved(schema)
        if schema.get("nullable"):
            return None
        if "enum" in schema:
            return schema["enum"][0]
        if "allOf" in schema:
            return {key: value for part in schema["allOf"] for key, value in self._sample(part).items()}
        for choice in ("oneOf", "anyOf"):
            if choice in schema:
                return self._sample(schema[choice][0])
        match schema.get("type"):
            case "object":
                return {name: self._sample(schema["properties"][name]) for name in schema.get("required", ())}
            case "array":
                return []
            case "string":
                return SAMPLES.get(schema.get("format", ""), "text")
            case "integer" | "number":
                return 1
            case _:
                return False

    def _request(self, call: Call) -> MockRequest:
        body = call.body or None
        asked = call.verb.lower(), call.path
        return MockRequest(self._host, *asked, args=call.arguments, data=body, content_type=call.kind)

    def _unknown_names(self, operations: Mapping[str, Any], call: Call) -> set[str]:
        operation = operations[call.verb.lower()]
        parameters = map(self._resolved, (*operations.get("parameters", ()), *operation.get("parameters", ())))
        odd = set(call.arguments) - {parameter["name"] for parameter in parameters}
        if call.body:
            content = self._resolved(operation["requestBody"])["content"]
            odd |= set(self._odd_names(content[call.kind]["schema"], call.data))
        return odd

    def _odd_names(self, schema: Mapping[str, Any], data: object) -> Iterator[str]:
        """The fields, however deep, that nothing is said of; an object of which nothing is said may hold any."""
        if isinstance(data, list):
            for item in data:
                yield from self._odd_names(self._resolved(schema).get("items", {}), item)
        elif isinstance(data, dict) and (known := self._properties(schema)):
            yield from data.keys() - known.keys()
            for name in data.keys() & known.keys():
                yield from self._odd_names(known[name], data[name])

    def _properties(self, schema: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
        schema = self._resolved(schema)
        parts = (*schema.get("oneOf", ()), *schema.get("anyOf", ()), *schema.get("allOf", ()))
        found = {name: kind for part in parts for name, kind in self._properties(part).items()}
        return {**found, **schema.get("properties", {})}

    def _resolved(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in node:
            target: Any = self.loaded
            for key in node["$ref"].removeprefix("#/").split("/"):
                target = target[key]
            node = target
        return node
