"""What a registry has beside an image that may speak for it, as it was sent: nothing of it is verified."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

BUNDLE = "application/vnd.dev.sigstore.bundle"
"""What the media types of all versions of `SigstoreBundle` begin with."""


@dataclass(frozen=True, slots=True)
class SimpleSigning:
    """cosign's first form, of a tag that ends in `.sig`: the payload, and in annotations what is said of it."""

    payload: bytes
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LooseEnvelope:
    """An attestation in cosign's first form, of a tag that ends in `.att`: a DSSE envelope."""

    data: bytes
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SigstoreBundle:
    """A referrer in Sigstore's form: a signature or an attestation with all that it takes to verify it."""

    data: bytes


@dataclass(frozen=True, slots=True)
class OtherSignature:
    """A signature of a kind that nobody here can verify, or what was not looked at because there is too much of it."""

    kind: str


@dataclass(frozen=True, slots=True)
class BrokenPiece:
    """Something that is said to speak for an image, and cannot be had as that."""

    because: str


@dataclass(frozen=True, slots=True)
class Untold:
    """Something was asked for, and the registry's answer is none: nobody knows what is there."""

    because: str


Evidence = SimpleSigning | LooseEnvelope | SigstoreBundle | OtherSignature | BrokenPiece | Untold
