"""Signatures made by the specification, with `cryptography` alone: cosign's first form, bundles, attestations.

https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md and
https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from imagebot.trust.evidence import LooseEnvelope, SigstoreBundle, SimpleSigning
from imagebot.trust.statement import PAYLOAD_TYPE, SIGN, Envelope

Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey

IMAGE = "sha256:" + "a" * 64
OTHER_IMAGE = "sha256:" + "b" * 64
SLSA_1 = "https://slsa.dev/provenance/v1"
SLSA_02 = "https://slsa.dev/provenance/v0.2"
BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
SIMPLE_TYPE = "application/vnd.dev.cosign.simplesigning.v1+json"
DSSE_TYPE = "application/vnd.dsse.envelope.v1+json"


def key(name: str = "release", kind: str = "P-256") -> Key:
    """The same key for the same words, as long as the process lasts."""
    return _key(name, kind)


@cache
def _key(name: str, kind: str) -> Key:
    del name
    match kind:
        case "P-256":
            return ec.generate_private_key(ec.SECP256R1())
        case "P-384":
            return ec.generate_private_key(ec.SECP384R1())
        case "P-521":
            return ec.generate_private_key(ec.SECP521R1())
        case "Ed25519":
            return ed25519.Ed25519PrivateKey.generate()
        case "RSA":
            return rsa.generate_private_key(65537, 2048)
    raise ValueError(kind)


def pem(of: Key) -> str:
    """The public half."""
    return of.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def private_pem(of: Key) -> str:
    """What nobody may be shown."""
    return of.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def sign(by: Key, data: bytes, algorithm: HashAlgorithm | None = None) -> bytes:
    """As cosign does: SHA-256, whatever the key, unless another is asked for."""
    algorithm = algorithm or SHA256()
    match by:
        case ed25519.Ed25519PrivateKey():
            return by.sign(data)
        case rsa.RSAPrivateKey():
            return by.sign(data, padding.PKCS1v15(), algorithm)
        case _:
            return by.sign(data, ec.ECDSA(algorithm))


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def payload(digest: str = IMAGE, optional: Mapping[str, str] | None = None) -> bytes:
    """What is signed in cosign's first form."""
    critical = {
        "identity": {"docker-reference": "registry.example/app"},
        "image": {"docker-manifest-digest": digest},
        "type": "cosign container image signature",
    }
    return json.dumps({"critical": critical, "optional": optional}).encode()


def simple(by: Key, signed: bytes | None = None, **annotations: str) -> SimpleSigning:
    """A layer of the tag that ends in `.sig`."""
    signed = payload() if signed is None else signed
    return SimpleSigning(signed, {"dev.cosignproject.cosign/signature": b64(sign(by, signed)), **annotations})


def statement(
    digest: str = IMAGE,
    kind: str = SIGN,
    predicate: Mapping[str, Any] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> bytes:
    """An in-toto statement about one digest."""
    algorithm, _, encoded = digest.partition(":")
    subject: dict[str, Any] = {"name": "", "digest": {algorithm: encoded}}
    if annotations:
        subject["annotations"] = annotations
    said = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [subject],
        "predicateType": kind,
        "predicate": predicate or {},
    }
    return json.dumps(said).encode()


def envelope(by: Sequence[Key], said: bytes, algorithm: HashAlgorithm | None = None) -> dict[str, Any]:
    """A DSSE envelope around a statement."""
    signed = Envelope(said, ()).signed
    return {
        "payloadType": PAYLOAD_TYPE,
        "payload": b64(said),
        "signatures": [{"sig": b64(sign(one, signed, algorithm))} for one in by],
    }


def bundle(by: Key, said: bytes | None = None, **instead: Any) -> SigstoreBundle:
    """A bundle as `cosign sign --key` writes it; `instead` puts other things in it."""
    inside = {
        "mediaType": BUNDLE_TYPE,
        "verificationMaterial": {"publicKey": {"hint": "of no use"}},
        "dsseEnvelope": envelope([by], statement() if said is None else said),
        **instead,
    }
    return SigstoreBundle(json.dumps(inside).encode())


def loose(by: Key, said: bytes, **annotations: str) -> LooseEnvelope:
    """A layer of the tag that ends in `.att`, where cosign leaves the signature's annotation empty."""
    notes = {"dev.cosignproject.cosign/signature": "", **annotations}
    return LooseEnvelope(json.dumps(envelope([by], said)).encode(), notes)


def provenance(builder: str, commit: str = "c" * 40, version: str = SLSA_1) -> dict[str, Any]:
    """The predicate of one that says who built it and of what."""
    source = {"uri": "git+https://git.example/acme/app@refs/heads/main", "digest": {"sha1": commit}}
    if version == SLSA_02:
        return {"builder": {"id": builder}, "invocation": {"configSource": source}}
    source["digest"] = {"gitCommit": commit}
    return {
        "buildDefinition": {"resolvedDependencies": [source]},
        "runDetails": {"builder": {"id": builder}},
    }
