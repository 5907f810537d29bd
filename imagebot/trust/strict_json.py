"""JSON whose meaning no two readers see differently: a key that stands twice makes it none."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any


class BadJson(ValueError):
    """Something that is signed, or said to be, and is not written as it must be; the words say what."""


def read_json(data: bytes) -> Any:
    """The value that UTF-8 bytes stand for. Raises `BadJson`."""
    try:
        return json.loads(data.decode(), object_pairs_hook=_once, parse_constant=_no_constant)
    except RecursionError:
        raise BadJson("it is JSON that is deeper than anything of its kind") from None
    except BadJson:
        raise
    except ValueError:  # no UTF-8, no JSON, or a number of thousands of digits
        raise BadJson("it is no JSON") from None


def at(value: object, *path: str) -> Any:
    """What is behind these keys; None where nothing is."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def mapping(value: object) -> Mapping[str, Any]:
    """`value`, if that is what it is, else nothing."""
    return value if isinstance(value, dict) else {}


def some(value: object, most: int) -> Sequence[Any]:
    """The first of a list; of anything else none."""
    return value[:most] if isinstance(value, list) else ()


def text(value: object) -> str:
    """`value`, if it is one, else nothing."""
    return value if isinstance(value, str) else ""


def decoded(value: object, what: str) -> bytes:
    """The bytes that base64 stands for. Raises `BadJson`; `what` names them."""
    if not isinstance(value, str):
        raise BadJson(f"it has no {what}")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise BadJson(f"its {what} is no base64") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadJson("it is JSON in which a key stands twice")
    return found


def _no_constant(name: str) -> None:
    raise BadJson(f"it is no JSON: it has {name} in it")
