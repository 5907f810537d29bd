"""A model of every kind of field, and what is said about a file for it."""

from __future__ import annotations

from textwrap import dedent
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from imagebot.documents.model import WHOLE, Flag, Misplaced, Model, Whole
from imagebot.documents.read import read


class Sour(ValueError):
    offset = 2
    length = 3


def no_lemons(text: str) -> str:
    if text.startswith("a lemon"):
        raise Sour("too sour")
    if text == "outer":
        raise Misplaced((), Sour("too sour inside"))
    return text


class Cup(Model):
    size: Whole = 1
    lid: Flag = False


class Key(Model):
    confidential: ClassVar[bool] = True
    hints: ClassVar[dict[str, str]] = {"secret": "name a file"}
    file_name: str | None = None


class Cafe(Model):
    name: str
    fruits: tuple[Annotated[str, AfterValidator(no_lemons)], ...] = ()
    cups: dict[str, Cup] = {}  # noqa: RUF012
    best: Cup | None = None
    mood: Literal["calm", "busy"] = "calm"
    door_key: Key = Key()
    seats: Annotated[int, Field(ge=2, le=9), WHOLE] = 4
    walls: Annotated[tuple[str, ...], Field(min_length=1)] = ("a",)


def said(text: str | bytes, model: type[Model] = Cafe) -> str:
    """What is wrong with `text`, as a person reads it."""
    data = text if isinstance(text, bytes) else dedent(text).encode()
    found = read(model, "cafe.yaml", data)
    assert isinstance(found, tuple), found
    return "\n".join(str(problem) for problem in found)
