"""What an attestation claims, in the words of its own kind: who built the image, and from which commit.

https://slsa.dev/spec/v1.0/provenance, https://slsa.dev/spec/v0.2/provenance. These are claims: that they are true is
what the signature over them is for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from imagebot.policy.key_grammar import ATTESTATIONS
from imagebot.trust.statement import Statement
from imagebot.trust.strict_json import at, mapping, some, text

_V1, _V02 = ATTESTATIONS["provenance"]
_MOST_MATERIALS = 200
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Attestation:
    """One attestation: `kind` has a name here or is its `predicateType`. What it does not say is empty."""

    kind: str
    builder: str = ""
    source: str = ""
    commit: str = ""


def attestation_of(statement: Statement) -> Attestation:
    """What a statement claims. Raises nothing."""
    kind = next((name for name, types in ATTESTATIONS.items() if statement.predicate_type in types), "")
    said = statement.predicate
    if statement.predicate_type == _V1:
        definition = at(said, "buildDefinition")
        found = _resolved(some(at(definition, "resolvedDependencies"), _MOST_MATERIALS))
        return Attestation(kind, _cut(at(said, "runDetails", "builder", "id")), *found)
    if statement.predicate_type == _V02:
        source, commit = _material(at(said, "invocation", "configSource"))
        found = (source, commit) if commit else _resolved(some(at(said, "materials"), _MOST_MATERIALS))
        return Attestation(kind, _cut(at(said, "builder", "id")), *found)
    return Attestation(kind or statement.predicate_type[:_LONGEST])


def _resolved(materials: Iterable[object]) -> tuple[str, str]:
    """The first that is a commit: the source stands before what it needs."""
    found = map(_material, materials)
    return next(((source, commit) for source, commit in found if commit), ("", ""))


def _material(one: object) -> tuple[str, str]:
    digest: Mapping[str, Any] = mapping(at(one, "digest"))
    return _cut(at(one, "uri")), _cut(digest.get("gitCommit") or digest.get("sha1"))


def _cut(value: object) -> str:
    return text(value)[:_LONGEST]
