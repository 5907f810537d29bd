"""in-toto statements in DSSE envelopes: what is said, of which digest, over which bytes a signature must be.

https://github.com/secure-systems-lab/dsse/blob/master/protocol.md and
https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from imagebot.trust.strict_json import BadJson, at, decoded, mapping, read_json, some, text

PAYLOAD_TYPE = "application/vnd.in-toto+json"
SIGN = "https://sigstore.dev/cosign/sign/v1"
"""The `predicateType` of a signature: https://github.com/sigstore/cosign/blob/main/pkg/types/predicate.go."""
_STATEMENTS = frozenset({"https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"})
_MOST_SIGNATURES = 4  # DSSE lets several people sign one envelope; Sigstore's tools write one
_MOST_SUBJECTS = 1000


@dataclass(frozen=True, slots=True)
class Envelope:
    """Bytes and the signatures over them; `signed` is what these must be over."""

    payload: bytes
    signatures: tuple[bytes, ...]

    @property
    def signed(self) -> bytes:
        """DSSE's pre-authentication encoding."""
        kind = PAYLOAD_TYPE.encode()
        return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(self.payload), self.payload)


@dataclass(frozen=True, slots=True)
class Statement:
    """What a payload says: a predicate of that type about these subjects, each a digest with its annotations."""

    predicate_type: str
    subjects: Mapping[str, Mapping[str, Any]]
    predicate: Mapping[str, Any] = field(default_factory=dict)


def envelope_of(value: object) -> Envelope:
    """Read an envelope. Raises `BadJson`."""
    if at(value, "payloadType") != PAYLOAD_TYPE:
        raise BadJson("it is an envelope of something other than an in-toto statement")
    signatures = at(value, "signatures")
    if not isinstance(signatures, list) or not 0 < len(signatures) <= _MOST_SIGNATURES:
        raise BadJson(f"its envelope has no signature, or more than {_MOST_SIGNATURES}")
    return Envelope(
        decoded(at(value, "payload"), "payload"), tuple(decoded(at(one, "sig"), "signature") for one in signatures)
    )


def statement_of(payload: bytes) -> Statement:
    """Read a statement. Raises `BadJson`."""
    value = read_json(payload)
    if at(value, "_type") not in _STATEMENTS:
        raise BadJson("it is no in-toto statement")
    kind = at(value, "predicateType")
    if not isinstance(kind, str) or not kind:
        raise BadJson("it is a statement without a predicateType")
    subjects: dict[str, Mapping[str, Any]] = {}
    for one in some(at(value, "subject"), _MOST_SUBJECTS):
        for algorithm, encoded in mapping(at(one, "digest")).items():
            subjects.setdefault(f"{algorithm}:{text(encoded)}", mapping(at(one, "annotations")))
    return Statement(kind, subjects, mapping(at(value, "predicate")))
