"""What cosign and imagebot are both asked: one image each, what hangs beside it, and what is required."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from imagebot.trust.evidence import SigstoreBundle, SimpleSigning
from tests.support.fulcio import ISSUER, WORKFLOW, Sigstore
from tests.support.signed_images import Piece
from tests.support.signing import (
    OTHER_IMAGE,
    SLSA_1,
    Key,
    bundle,
    key,
    loose,
    payload,
    provenance,
    simple,
    statement,
)

OURS, THEIRS = Sigstore(), Sigstore()
KEYLESS = {"keyless": {"identity": WORKFLOW, "issuer": ISSUER}}
KEYED = {"keys": ["release"]}


@dataclass(frozen=True, slots=True)
class Case:
    """`pieces` hang beside the image; `required` is what a policy would say. `stricter`: why imagebot alone says no."""

    name: str
    pieces: Sequence[Piece]
    required: dict[str, Any] = field(default_factory=lambda: KEYED)
    kind: str = "P-256"
    stricter: str = ""


_ANY_STATEMENT = "cosign 3.0 takes any signed statement about an image for its signature, one that tells of holes too"


def cases(digest: str) -> list[Case]:
    """All of them, for one image."""
    return [*_keyed(digest), *_attested(digest), *_keyless(digest)]


def _keyed(digest: str) -> list[Case]:
    found = []
    for kind in ("P-256", "P-384", "P-521", "RSA", "Ed25519"):
        ours: Key = key("release", kind)
        found.append(Case(f"tag, {kind}", [simple(ours, payload(digest))], kind=kind))
    for kind in ("P-256", "RSA", "Ed25519"):
        found.append(Case(f"bundle, {kind}", [bundle(key("release", kind), statement(digest))], kind=kind))
    ours, other = key(), key("theirs")
    swapped = SimpleSigning(payload(digest), simple(ours, payload(OTHER_IMAGE)).annotations)
    annotated = {**KEYED, "annotations": {"env": "prod"}}
    return [
        *found,
        Case("tag, another key", [simple(other, payload(digest))]),
        Case("tag, another digest", [simple(ours, payload(OTHER_IMAGE))]),
        Case("tag, a swapped payload", [swapped]),
        Case("tag, the second of two", [simple(other, payload(digest)), simple(ours, payload(digest))]),
        Case("tag, annotated", [simple(ours, payload(digest, {"env": "prod"}))], annotated),
        Case("tag, annotated otherwise", [simple(ours, payload(digest, {"env": "dev"}))], annotated),
        Case("tag, no payload", [simple(ours, b"{}")]),
        Case("bundle, another key", [bundle(other, statement(digest))]),
        Case("bundle, another digest", [bundle(ours, statement(OTHER_IMAGE))]),
        Case("bundle, the second of two", [bundle(other, statement(digest)), bundle(ours, statement(digest))]),
        Case("bundle, annotated", [bundle(ours, statement(digest, annotations={"env": "prod"}))], annotated),
        Case("bundle, annotated otherwise", [bundle(ours, statement(digest, annotations={"env": "dev"}))], annotated),
        Case(
            "bundle, an attestation is no signature", [bundle(ours, statement(digest, SLSA_1))], stricter=_ANY_STATEMENT
        ),
        Case("nothing", []),
    ]


def _attested(digest: str) -> list[Case]:
    required = {**KEYED, "attestation": "https://slsa.dev/provenance/v1"}
    said = statement(digest, SLSA_1, provenance("https://ci.example"))
    sbom = statement(digest, "https://spdx.dev/Document")
    return [
        Case("attestation, bundle", [bundle(key(), said)], required),
        Case("attestation, bundle, another key", [bundle(key("theirs"), said)], required),
        Case("attestation, bundle, another kind", [bundle(key(), sbom)], required),
        Case("attestation, tag", [loose(key(), said, predicateType=SLSA_1)], required),
        Case("attestation, tag, another digest", [loose(key(), statement(OTHER_IMAGE, SLSA_1))], required),
        Case("attestation, tag, another kind", [loose(key(), sbom)], required),
    ]


def _with_entry_of_another(digest: str) -> SigstoreBundle:
    parts, other = OURS.parts(statement(digest)), OURS.parts(statement(OTHER_IMAGE))
    parts["verificationMaterial"]["tlogEntries"] = other["verificationMaterial"]["tlogEntries"]
    return SigstoreBundle(json.dumps(parts).encode())


def _keyless(digest: str) -> list[Case]:
    said = statement(digest)
    someone = {"keyless": {"identity": "https://github.com/eve/api", "issuer": ISSUER}}
    elsewhere = {"keyless": {"identity": WORKFLOW, "issuer": "https://token.example"}}
    pattern = {"keyless": {"identity": {"match": "https://github\\.com/acme/.*"}, "issuer": ISSUER}}
    return [
        Case("keyless", [OURS.bundle(said)], KEYLESS),
        Case("keyless, by a pattern", [OURS.bundle(said)], pattern),
        Case("keyless, another identity", [OURS.bundle(said)], someone),
        Case("keyless, another issuer", [OURS.bundle(said)], elsewhere),
        Case("keyless, another Sigstore", [THEIRS.bundle(said)], KEYLESS),
        Case("keyless, expired", [OURS.bundle(said, logged=timedelta(hours=1))], KEYLESS),
        Case("keyless, the log entry of another signature", [_with_entry_of_another(digest)], KEYLESS),
        Case(
            "keyless, an attestation is no signature",
            [OURS.bundle(statement(digest, SLSA_1))],
            KEYLESS,
            stricter=_ANY_STATEMENT,
        ),
        Case("keyless, another digest", [OURS.bundle(statement(OTHER_IMAGE))], KEYLESS),
    ]
