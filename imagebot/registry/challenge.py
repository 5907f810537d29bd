"""`WWW-Authenticate`: what a registry wants to see before it answers. RFC 9110, section 11.6.1."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from imagebot.registry.limits import CHALLENGES

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_SEPARATORS = re.compile(r"[\s,]*+", re.ASCII)
_PARAMETER = re.compile(rf'({_TOKEN})\s{{0,9}}=\s{{0,9}}(?:"((?:[^"\\]|\\.)*+)"|({_TOKEN})(?=[\s,]|$))', re.ASCII)
_SCHEME = re.compile(rf"({_TOKEN})(?=[\s,]|$)", re.ASCII)
_BLOB = re.compile(r"[^\s,]+", re.ASCII)
_ESCAPE = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way to authenticate: scheme and parameter names in lower case, values as they came."""

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict)


def parse_challenges(header: str) -> tuple[Challenge, ...]:
    """Every challenge of a header; several headers are read as one, joined by commas. Never raises.

    Registries send several in one header (`Bearer …,Basic …`), in several, some with a token instead of parameters
    (`Negotiate`), and some with a realm that is no URL. What cannot be read is passed over, and so is what comes after
    `CHALLENGES` of them.
    """
    found: list[tuple[str, dict[str, str]]] = []
    position = _skip(header, 0)
    while position < len(header) and len(found) <= CHALLENGES:
        if found and (match := _PARAMETER.match(header, position)):
            value = _ESCAPE.sub(r"\1", match[2]) if match[2] is not None else match[3]
            found[-1][1][match[1].lower()] = value
        elif match := _SCHEME.match(header, position):
            found.append((match[1].lower(), {}))
        else:
            match = _BLOB.match(header, position)
        position = _skip(header, match.end() if match else position + 1)
    return tuple(Challenge(scheme, parameters) for scheme, parameters in found[:CHALLENGES])


def _skip(header: str, position: int) -> int:
    match = _SEPARATORS.match(header, position)
    return match.end() if match else position
