"""YAML within YAML: `helm.values`, the text of a values file in an Argo CD `Application` or `ApplicationSet`.

https://argo-cd.readthedocs.io/en/stable/user-guide/helm/#values
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from imagebot.fields.place import Trail
from imagebot.fields.texts import texts
from imagebot.yamledit.events import Budget
from imagebot.yamledit.parse import parse_within
from imagebot.yamledit.replace import why_fixed
from imagebot.yamledit.tree import Alias, Document, NotYaml, Scalar

_HINTS = (b"helm:", b'helm":', b"helm':")


@dataclass(frozen=True, slots=True)
class Nested:
    """A document that is the text of a scalar: the way to it, its bytes, and why these cannot be edited if so."""

    document: Document
    trail: Trail
    data: bytes
    fixed: str | None


def may_nest(data: bytes) -> bool:
    """Whether the documents of a file are worth a look: asked once, as a file may have very many."""
    return any(hint in data for hint in _HINTS)


def nested(data: bytes, document: Document, budget: Budget) -> Iterator[Nested | NotYaml]:
    """The values files in the text of a document of the file `data`, or that one is beyond the limits.

    What is no YAML by itself is only text.
    """
    aliases = {id(alias.target): alias for alias in reversed(document.aliases)}
    for scalar, trail in texts(document):
        if trail and trail.step == "values" and trail.before and trail.before.step == "helm":
            match list(parse_within(data, scalar, budget)):
                case [Document() as inner]:
                    yield Nested(inner, trail, scalar.value.encode(), _fixed(data, scalar, aliases.get(id(scalar))))
                case [*_, NotYaml(beyond=True) as why]:
                    yield why


def _fixed(data: bytes, scalar: Scalar, other: Alias | None) -> str | None:
    if other:
        return f"the text around it has the anchor &{other.name}, also used on line {other.line}: write it out there"
    return why_fixed(data, scalar)
