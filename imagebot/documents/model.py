"""The base of every model that people fill in by YAML, and the scalars that such models are made of."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    WithJsonSchema,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticKnownError, core_schema

T = TypeVar("T")
Path = tuple[str | int, ...]

_WHOLE = re.compile(r"-?[0-9]{1,9}", re.ASCII)
TEXT_SCHEMA: dict[str, Any] = {"type": ["string", "number"]}
STRING = WithJsonSchema({"type": "string"})
"""Of what is read from a text, and is a text in the schema."""


class Model(BaseModel):
    """Frozen, camelCase in the file, unknown keys refused; a key with nothing behind it is as good as absent.

    `hints` say what to write instead of some unknown keys. Lines with an unknown key of a `confidential` model are not
    shown in problems: what a person put there may be the secret itself. `instead`: for a key, those that are not taken
    from defaults where a file has that one, as both together would mean something else, or nothing. `joined`: lists
    whose parts in defaults hold beside those in a file, which cannot take them away.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        hide_input_in_errors=True,
        defer_build=True,  # most models are parts of others, which have what they need of them built into their own
    )
    hints: ClassVar[dict[str, str]] = {}
    confidential: ClassVar[bool] = False
    instead: ClassVar[dict[str, frozenset[str]]] = {}
    joined: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _empty_is_absent(cls, data: object) -> object:
        if data is None:
            return {}
        if not isinstance(data, dict):
            return data
        known = {*cls.model_fields, *cls.known_keys()}
        return {key: value for key, value in data.items() if value is not None or key not in known}

    @classmethod
    def displaced(cls, written: Sequence[str]) -> frozenset[str]:
        """The keys that are not taken from defaults where these are written."""
        return frozenset(name for key in written for name in cls.instead.get(key, ())) - frozenset(written)

    @classmethod
    def shown_keys(cls) -> list[str]:
        """The keys in the order in which people should read of them."""
        return list(cls.known_keys())

    @classmethod
    def known_keys(cls) -> dict[str, str]:
        """The keys as a file spells them, each with the name of its field."""
        return {field.alias or name: name for name, field in cls.model_fields.items()}


class Misplaced(ValueError):
    """Raised by a validator about something below it: `place` leads there, `cause` says what is wrong."""

    def __init__(self, place: Path, cause: str | ValueError) -> None:
        super().__init__(str(cause))
        self.place = place
        self.cause = cause


@dataclass(frozen=True, slots=True)
class _Reads:
    """A validator and nothing else: pydantic's own would also look into the type, which takes longer than all verbs."""

    validate: Callable[[object], object]

    def __get_pydantic_core_schema__(self, source: object, handler: object) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.validate)


def reads(kind: type[T], parse: Callable[[str], T]) -> _Reads:
    """A field of type `kind` that is one scalar in the file; `parse` raises `ValueError`s in plain words.

    An error with `offset` and `length` (characters of the text) gets its caret inside the scalar; the line of one with
    a true `hide` is not shown.
    """

    def validate(value: object) -> T:
        if isinstance(value, kind):
            return value
        if isinstance(value, str):
            return parse(value)
        raise PydanticKnownError("string_type")

    return _Reads(validate)


@dataclass(frozen=True, slots=True)
class FilledBy:
    """A field that follows from several keys: those of `model`, whose `meaning` it holds."""

    model: type[Model]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        kinds = get_args(source) or (source,)

        def validate(value: object, fill: Callable[[object], Any]) -> object:
            return value if isinstance(value, kinds) else fill(value).meaning

        return core_schema.no_info_wrap_validator_function(validate, handler.generate_schema(self.model))


@dataclass(frozen=True, slots=True)
class _OneOrSeveral:
    """A list, of which one alone may stand without being in one."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(_listed, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        several = handler(schema)
        return {"oneOf": [several["items"], several]}


def _listed(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


ONE_OR_SEVERAL = _OneOrSeveral()


@dataclass(frozen=True, slots=True)
class _OneOf:
    """As `Literal` of these words, for words that are known only when all parts of a model are."""

    words: tuple[str, ...]

    def __get_pydantic_core_schema__(self, source: object, handler: object) -> core_schema.CoreSchema:
        return core_schema.literal_schema(list(self.words))


def one_of(words: Sequence[str]) -> _OneOf:
    """A field that is one of these words."""
    return _OneOf(tuple(words))


def _flag(value: object) -> object:
    match value:
        case bool():
            return value
        case "true" | "false":
            return value == "true"
        case str():
            raise ValueError(f"expected true or false, found {value!r}")
    raise PydanticKnownError("bool_type")


def _whole(value: object) -> object:
    if not isinstance(value, str):
        return value
    if _WHOLE.fullmatch(value):
        return int(value)
    raise ValueError(f"expected a whole number, found {value!r}")


# Comes last in an annotation: bounds before it are checked on the number, and stand in the schema.
WHOLE = BeforeValidator(_whole)
Flag = Annotated[bool, BeforeValidator(_flag), WithJsonSchema({"type": "boolean"})]
Whole = Annotated[int, WHOLE]
Text = Annotated[str, WithJsonSchema(TEXT_SCHEMA)]


def visible(text: str) -> str:
    """Any text that a person can see and type."""
    if not text.strip() or not text.isprintable():
        raise ValueError("write at least one character, and only printable ones")
    return text


Visible = Annotated[str, AfterValidator(visible), WithJsonSchema(TEXT_SCHEMA)]
