"""What forges answer, checked field by field before anything is believed."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from imagebot.errors import BadResponse


class Answer(BaseModel):
    """A part of an answer that we read; what else there is, is passed over."""

    model_config = ConfigDict(frozen=True, strict=True)


class GraphAnswer(Answer):
    """The same from GraphQL, where names are written `likeThis`."""

    model_config = ConfigDict(alias_generator=to_camel)


_Shape = TypeVar("_Shape", bound=Answer)


def checked(shape: type[_Shape], answer: object, whose: str) -> _Shape:
    """`answer` in this shape. `whose` begins the error, as in "GitHub's answer about acme/environments"."""
    try:
        return shape.model_validate(answer)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "all of it"
        raise BadResponse(f"{whose} is not what it should be ({where}: {first['msg']})") from None
