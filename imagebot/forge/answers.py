"""What forges answer, read as far as it goes: a value that is odd is as good as none, and spoils no other.

Only what the bot cannot do without has to be sound: in a field that is declared as a plain `str`, `int` or model, or as
a `Number`, anything else is an error of the answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, TypeAdapter, ValidationError, WrapValidator
from pydantic.alias_generators import to_camel

from imagebot.errors import BadResponse, printable
from imagebot.forge.refusals import quoted

_Item = TypeVar("_Item")
_HIGHEST = 2**53
_DIGITS = re.compile(r"[0-9]{1,16}", re.ASCII)
_URL = re.compile(r"https?://[!-~]{1,2000}", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-", re.ASCII)
_MOST_NAME = 255
_TIME = TypeAdapter(AwareDatetime)


class Answer(BaseModel):
    """A part of an answer that we read; what else there is, is passed over."""

    model_config = ConfigDict(frozen=True, strict=True)


class GraphAnswer(Answer):
    """The same from GraphQL, and from Azure DevOps, where names are written `likeThis`."""

    model_config = ConfigDict(alias_generator=to_camel)


def _number(value: object) -> object:
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < _HIGHEST:
        raise ValueError("expected a number from 1 on")
    return value


def _moment(value: object) -> datetime | None:
    """In UTC; a time without a zone could be any."""
    if not isinstance(value, str) or not _DAY.match(value):
        return None
    with suppress(ValidationError, OverflowError):
        return _TIME.validate_python(value).astimezone(UTC)
    return None


def _sound(value: object, read: Callable[[Any], tuple[_Item, ...]]) -> tuple[_Item, ...]:
    found: list[_Item] = []
    for one in value if isinstance(value, list) else ():
        with suppress(ValidationError):
            found += read((one,))
    return tuple(found)


def _or_none(value: object, read: Callable[[Any], _Item]) -> _Item | None:
    with suppress(ValidationError):
        return read(value)
    return None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _name(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("expected a name")
    return printable(value)[:_MOST_NAME]


Number = Annotated[int, BeforeValidator(_number)]
"""What counts pull requests and the like: from 1 on; as text too."""
Name = Annotated[str, BeforeValidator(_name)]
"""A login, a label: on one line, never empty."""
Text = Annotated[str, BeforeValidator(_text)]
"""Any text; nothing else is one."""
Link = Annotated[str, BeforeValidator(lambda value: value if isinstance(value, str) and _URL.fullmatch(value) else "")]
"""Where a person may look; nothing that is no web address."""
Flag = Annotated[bool, BeforeValidator(lambda value: value is True)]
Moment = Annotated[datetime | None, BeforeValidator(_moment)]
Some = Annotated[tuple[_Item, ...], WrapValidator(_sound)]
"""Those of a list that are sound."""
Maybe = Annotated[_Item | None, WrapValidator(_or_none)]
"""It, if it is sound."""

_Shape = TypeVar("_Shape", bound=Answer)


def checked(shape: type[_Shape], answer: object, whose: str) -> _Shape:
    """`answer` in this shape. `whose` begins the error, as in "GitHub's answer about acme/environments"."""
    try:
        return shape.model_validate(answer)
    except ValidationError as error:
        raise BadResponse(f"{whose} is not what it should be ({_first(error)})") from None


def _first(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "all of it"
    return quoted(f"{where}: {first['msg']}")


def sound(shape: type[_Shape], answers: Iterable[object]) -> list[_Shape]:
    """Those of a list that have this shape, where the others do not matter."""
    found: list[_Shape] = []
    for answer in answers:
        with suppress(ValidationError):
            found.append(shape.model_validate(answer))
    return found


def iso(moment: datetime | None) -> str:
    """ISO 8601; empty for none."""
    return moment.isoformat() if moment else ""
