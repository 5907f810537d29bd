"""JSON Schema of a model: what editors complete and check by while a person writes."""

from __future__ import annotations

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from imagebot.documents.docstrings import docstrings
from imagebot.documents.model import Model


def json_schema(model: type[Model], title: str) -> dict[str, Any]:
    """The schema of a file that is read into `model`, with definitions for the models in it."""
    schema = model.model_json_schema(by_alias=True, schema_generator=_Plain)
    definitions = schema.pop("$defs", {})
    for definition in definitions.values():
        del definition["title"]
    return {"$schema": _Plain.schema_dialect, **schema, "title": title, "$defs": definitions}


def schema_file(model: type[Model], title: str) -> bytes:
    """The same as a file that stands beside those that it is for."""
    return (json.dumps(json_schema(model, title), indent=2, ensure_ascii=False) + "\n").encode()


class _Plain(GenerateJsonSchema):
    """Says nothing twice: no titles that repeat keys, no defaults that repeat what the model behind them says."""

    def field_title_should_be_set(self, schema: object) -> bool:
        del schema
        return False

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """Each key with what is written below its field."""
        written = super().model_schema(schema)
        model: type[Model] = schema["cls"]
        texts = docstrings(model)
        names, properties = model.known_keys(), written["properties"]
        written["properties"] = {key: properties[key] for key in model.shown_keys()}
        for key, name in names.items():
            properties[key] |= {"description": texts[name]} if name in texts else {}
        return written

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """None is how Python says that a key is absent."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        written = super().default_schema(schema)
        default = written.get("default")
        if default is None or isinstance(default, list | dict):
            written.pop("default", None)
        return written
