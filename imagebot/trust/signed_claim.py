"""One piece of evidence, read: what it says about which digest, and what a signature over it must be held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from imagebot.trust.attestation import Attestation, attestation_of
from imagebot.trust.evidence import BUNDLE, LooseEnvelope, SigstoreBundle, SimpleSigning
from imagebot.trust.statement import SIGN, Envelope, envelope_of, statement_of
from imagebot.trust.strict_json import BadJson, at, decoded, mapping, read_json, text

_SIMPLE_SIGNING = "cosign container image signature"
_DIGEST_KEYS = ("docker-manifest-digest", "Docker-manifest-digest")
_SIGNATURE = "dev.cosignproject.cosign/signature"
_CERTIFICATE = "dev.sigstore.cosign/certificate"
OLD_KEYLESS = "a keyless signature in cosign's first form, which holds no proof of the log; sign with cosign 3"


@dataclass(frozen=True, slots=True)
class SignedClaim:
    """What a piece says, none of it verified: `digests` with their annotations, in a predicate of `predicate_type`.

    `signed` are the bytes that one of `signatures` must be over. `bundle` are those of a keyless one, which are to be
    verified as a whole; `unverifiable` says why nobody here can.
    """

    predicate_type: str
    digests: Mapping[str, Mapping[str, Any]]
    signed: bytes
    signatures: tuple[bytes, ...]
    attestation: Attestation | None = None
    bundle: bytes | None = None
    unverifiable: str = ""


def signed_claim_of(piece: SimpleSigning | LooseEnvelope | SigstoreBundle) -> SignedClaim:
    """Read a piece. Raises `BadJson`."""
    match piece:
        case SimpleSigning():
            return _simple(piece)
        case LooseEnvelope():
            claim = _enveloped(envelope_of(read_json(piece.data)))
            return replace(claim, unverifiable=OLD_KEYLESS) if piece.annotations.get(_CERTIFICATE) else claim
        case SigstoreBundle():
            return _bundled(piece.data)


def _simple(piece: SimpleSigning) -> SignedClaim:
    """https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md#simple-signing."""
    said = read_json(piece.payload)
    critical = at(said, "critical")
    if at(critical, "type") != _SIMPLE_SIGNING:
        raise BadJson("its payload is of something other than an image")
    digests = [text(at(critical, "image", key)) for key in _DIGEST_KEYS if key in mapping(at(critical, "image"))]
    if len(digests) != 1:
        raise BadJson("its payload names no digest, or two")
    signature = decoded(piece.annotations.get(_SIGNATURE), "signature")
    claim = SignedClaim(SIGN, {digests[0]: mapping(at(said, "optional"))}, piece.payload, (signature,))
    return replace(claim, unverifiable=OLD_KEYLESS) if piece.annotations.get(_CERTIFICATE) else claim


def _enveloped(envelope: Envelope) -> SignedClaim:
    statement = statement_of(envelope.payload)
    told = None if statement.predicate_type == SIGN else attestation_of(statement)
    return SignedClaim(statement.predicate_type, statement.subjects, envelope.signed, envelope.signatures, told)


def _bundled(data: bytes) -> SignedClaim:
    """https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto."""
    value = read_json(data)
    if not text(at(value, "mediaType")).startswith(BUNDLE):
        raise BadJson("it is no bundle of Sigstore's")
    if at(value, "messageSignature") is not None:
        raise BadJson("it is a signature over a file, and none over a statement about an image")
    claim = _enveloped(envelope_of(at(value, "dsseEnvelope")))
    material = mapping(at(value, "verificationMaterial"))
    kinds = [key for key in ("publicKey", "certificate", "x509CertificateChain") if key in material]
    if len(kinds) != 1:
        raise BadJson("it names no signer, or two")
    return claim if kinds == ["publicKey"] else replace(claim, bundle=data)
