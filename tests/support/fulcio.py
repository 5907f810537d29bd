"""A Sigstore of our own, as small as one can be: a certificate authority, a certificate log's key, a log of one leaf.

What real ones do is in https://github.com/sigstore/fulcio/blob/main/docs/certificate-specification.md, RFC 6962 (the
signed certificate timestamp) and https://github.com/sigstore/rekor/blob/main/types.md (the entry of kind `dsse`).
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from imagebot.trust.evidence import SigstoreBundle
from tests.support.signing import BUNDLE_TYPE, b64, envelope, statement

ISSUER = "https://token.actions.githubusercontent.com"
WORKFLOW = "https://github.com/acme/api/.github/workflows/release.yaml@refs/heads/main"
SIGNED_AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
_ISSUER_OID = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.8")
_SCT_LIST = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
_LIFE = timedelta(minutes=10)
_YEARS = timedelta(days=3650)
_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class Sigstore:
    """One instance: everything that it vouches for is held against `root`."""

    authority: ec.EllipticCurvePrivateKey = field(default_factory=_new_key)
    certificates: ec.EllipticCurvePrivateKey = field(default_factory=_new_key)
    log: ec.EllipticCurvePrivateKey = field(default_factory=_new_key)

    @property
    def root(self) -> bytes:
        """A `trusted_root.json`."""
        return root_of(self, _der(self._authority()), _shape(self.certificates))

    def bundle(
        self,
        said: bytes | None = None,
        identity: str = WORKFLOW,
        issuer: str = ISSUER,
        logged: timedelta = timedelta(minutes=1),
    ) -> SigstoreBundle:
        """What `cosign sign` writes without a key; `logged` is when, after the certificate was made out."""
        return SigstoreBundle(json.dumps(self.parts(said, identity, issuer, logged)).encode())

    def parts(
        self,
        said: bytes | None = None,
        identity: str = WORKFLOW,
        issuer: str = ISSUER,
        logged: timedelta = timedelta(minutes=1),
    ) -> dict[str, Any]:
        """The same, to be taken apart."""
        signer = _new_key()
        leaf = self._leaf(signer, identity, issuer)
        signed = envelope([signer], statement() if said is None else said)
        return self.logged(signed, leaf, SIGNED_AT + logged)

    def logged(self, signed: dict[str, Any], leaf: x509.Certificate, at: datetime) -> dict[str, Any]:
        """The parts of a bundle about an envelope that somebody signed whom `leaf` names: our log has it."""
        return {
            "mediaType": BUNDLE_TYPE,
            "verificationMaterial": {
                "certificate": {"rawBytes": b64(_der(leaf))},
                "tlogEntries": [self._entry(signed, leaf, at)],
                "timestampVerificationData": {},
            },
            "dsseEnvelope": signed,
        }

    def _authority(self) -> x509.Certificate:
        name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "fulcio.example")])
        public = self.authority.public_key()
        made = _made(name, name, public, 1, SIGNED_AT - _YEARS, SIGNED_AT + _YEARS)
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        made = made.add_extension(_usage("key_cert_sign"), critical=True)
        made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        return made.sign(self.authority, SHA256())

    def _leaf(self, signer: ec.EllipticCurvePrivateKey, identity: str, issuer: str) -> x509.Certificate:
        """With a timestamp of the certificate log, which is over the certificate without it."""
        parent = self._authority()
        public = signer.public_key()
        made = _made(x509.Name([]), parent.subject, public, 2, SIGNED_AT, SIGNED_AT + _LIFE)
        made = made.add_extension(_usage("digital_signature"), critical=True)
        made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
        made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        made = made.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self.authority.public_key()), critical=False
        )
        name: x509.GeneralName = (
            x509.UniformResourceIdentifier(identity) if "://" in identity else x509.RFC822Name(identity)
        )
        made = made.add_extension(x509.SubjectAlternativeName([name]), critical=True)
        told = issuer.encode()
        made = made.add_extension(
            x509.UnrecognizedExtension(_ISSUER_OID, b"\x0c" + bytes([len(told)]) + told), critical=False
        )
        before = made.sign(self.authority, SHA256())
        stamp = x509.UnrecognizedExtension(_SCT_LIST, self._timestamp(before.tbs_certificate_bytes))
        return made.add_extension(stamp, critical=False).sign(self.authority, SHA256())

    def _timestamp(self, certificate: bytes) -> bytes:
        """RFC 6962, sections 3.2 and 3.3, in a DER octet string."""
        at = int(SIGNED_AT.timestamp() * 1000)
        over = struct.pack("!BBQH", 0, 0, at, 1) + _key_id(self.authority) + _sized(certificate, 3) + _sized(b"", 2)
        signature = self.certificates.sign(over, ec.ECDSA(SHA256()))
        stamp = b"\0" + _key_id(self.certificates) + struct.pack("!Q", at) + _sized(b"", 2)
        stamp += b"\x04\x03" + _sized(signature, 2)
        listed = _sized(_sized(stamp, 2), 2)
        assert len(listed) < 0x100, "a longer one has its length in two bytes"
        size = bytes([len(listed)]) if len(listed) < 0x80 else bytes([0x81, len(listed)])
        return b"\x04" + size + listed

    def _entry(self, signed: dict[str, Any], leaf: x509.Certificate, at: datetime) -> dict[str, Any]:
        """The only leaf of the log: its hash is the root of the tree."""
        verifier = b64(leaf.public_bytes(Encoding.PEM))
        said = {
            "apiVersion": "0.0.1",
            "kind": "dsse",
            "spec": {
                "envelopeHash": _hash(json.dumps(signed).encode()),
                "payloadHash": _hash(base64.b64decode(signed["payload"])),
                "signatures": [{"signature": one["sig"], "verifier": verifier} for one in signed["signatures"]],
            },
        }
        body = json.dumps(said, separators=(",", ":"), sort_keys=True).encode()
        top = hashlib.sha256(b"\0" + body).digest()
        promise = {"body": b64(body), "integratedTime": int(at.timestamp()), "logID": _key_id(self.log).hex()}
        promised = json.dumps({**promise, "logIndex": 0}, separators=(",", ":"), sort_keys=True).encode()
        return {
            "logIndex": "0",
            "logId": {"keyId": b64(_key_id(self.log))},
            "kindVersion": {"kind": "dsse", "version": "0.0.1"},
            "integratedTime": str(int(at.timestamp())),
            "inclusionPromise": {"signedEntryTimestamp": b64(self.log.sign(promised, ec.ECDSA(SHA256())))},
            "inclusionProof": {
                "logIndex": "0",
                "rootHash": b64(top),
                "treeSize": "1",
                "hashes": [],
                "checkpoint": {"envelope": self._checkpoint(top)},
            },
            "canonicalizedBody": b64(body),
        }

    def _checkpoint(self, top: bytes) -> str:
        note = f"rekor.example - 1\n1\n{b64(top)}\n"
        signature = _key_id(self.log)[:4] + self.log.sign(note.encode(), ec.ECDSA(SHA256()))
        return f"{note}\n— rekor.example {b64(signature)}\n"


def _made(
    subject: x509.Name,
    issuer: x509.Name,
    public: ec.EllipticCurvePublicKey,
    serial: int,
    begins: datetime,
    ends: datetime,
) -> x509.CertificateBuilder:
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
    return made.serial_number(serial).not_valid_before(begins).not_valid_after(ends)


def _usage(name: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{usage: usage == name for usage in _USAGES})


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def root_of(sigstore: Sigstore, authority: bytes, certificates: bytes) -> bytes:
    """A `trusted_root.json` with the log of `sigstore`, a certificate authority and the key of a certificate log."""
    said = {
        "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "tlogs": [_instance(_shape(sigstore.log), "https://rekor.example")],
        "certificateAuthorities": [
            {
                "subject": {"organization": "example", "commonName": "fulcio"},
                "uri": "https://fulcio.example",
                "certChain": {"certificates": [{"rawBytes": b64(authority)}]},
                "validFor": _always(),
            }
        ],
        "ctlogs": [_instance(certificates, "https://ct.example")],
    }
    return json.dumps(said).encode()


def _instance(shape: bytes, url: str) -> dict[str, Any]:
    return {
        "baseUrl": url,
        "hashAlgorithm": "SHA2_256",
        "publicKey": {
            "rawBytes": b64(shape),
            "keyDetails": "PKIX_ECDSA_P256_SHA_256",
            "validFor": _always(),
        },
        "logId": {"keyId": b64(hashlib.sha256(shape).digest())},
    }


def _always() -> dict[str, str]:
    return {"start": "2020-01-01T00:00:00Z"}


def _key_id(key: ec.EllipticCurvePrivateKey) -> bytes:
    return hashlib.sha256(_shape(key)).digest()


def _shape(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _hash(data: bytes) -> dict[str, str]:
    return {"algorithm": "sha256", "value": hashlib.sha256(data).hexdigest()}


def _sized(data: bytes, width: int) -> bytes:
    return len(data).to_bytes(width) + data
