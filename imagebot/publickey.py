"""Public keys that signatures are held against: PEM, as cosign, openssl and every KMS write them.

What cosign does is followed: https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md. Nothing that is
signed names its hash, so each of SHA-2's that goes with the key is tried: a KMS may be bound to another than cosign's.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from imagebot.errors import HoldsSecret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.hashes import HashAlgorithm

BEGINS = "-----BEGIN "
MOST_BYTES = 16 * 1024
"""Of a file with a key: an RSA key of 16 384 bits has 3 KiB."""
_LEAST_RSA_BITS = 2048
_MOST_RSA_BITS = 16_384


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key of ECDSA (P-256, P-384, P-521), Ed25519 or RSA; two spellings of one key have one `fingerprint`."""

    fingerprint: str
    loaded: Any = field(compare=False, repr=False)

    def __str__(self) -> str:
        return f"key {self.fingerprint[:16]}"

    @classmethod
    def parse(cls, text: str) -> PublicKey:
        """Read PEM. Raises `ValueError`; its `hide` is true where the text must not be shown."""
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

        if "PRIVATE KEY" in text:
            raise HoldsSecret("this is a private key, which nobody but the signer may have; write the public one")
        if (count := text.count(BEGINS)) > 1:
            raise ValueError(f"this holds {count} keys, of which one alone would count: give each a name of its own")
        try:
            loaded = load_pem_public_key(text.encode())
        except (ValueError, UnsupportedAlgorithm):
            raise ValueError("this is no public key in PEM: it begins with -----BEGIN PUBLIC KEY-----") from None
        _check_kind(loaded)
        shape = loaded.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return cls(hashlib.sha256(shape).hexdigest(), loaded)

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether `signature` is this key's over `message`."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512

        if isinstance(self.loaded, Ed25519PublicKey):
            return _holds(lambda: self.loaded.verify(signature, message))
        return any(
            _holds(lambda kind=kind: self._verify(signature, message, kind())) for kind in (SHA256, SHA384, SHA512)
        )

    def _verify(self, signature: bytes, message: bytes, algorithm: HashAlgorithm) -> None:
        from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

        if isinstance(self.loaded, EllipticCurvePublicKey):
            self.loaded.verify(signature, message, ECDSA(algorithm))
        else:
            self.loaded.verify(signature, message, PKCS1v15(), algorithm)


def _holds(verify: Any) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        verify()
    except InvalidSignature:
        return False
    return True


def _check_kind(loaded: object) -> None:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    match loaded:
        case Ed25519PublicKey():
            return
        case EllipticCurvePublicKey() if loaded.curve.name in ("secp256r1", "secp384r1", "secp521r1"):
            return
        case RSAPublicKey() if _LEAST_RSA_BITS <= loaded.key_size <= _MOST_RSA_BITS:
            return
        case RSAPublicKey():
            raise ValueError(f"an RSA key has {_LEAST_RSA_BITS} to {_MOST_RSA_BITS} bits, this one {loaded.key_size}")
    raise ValueError("images are signed with keys of ECDSA (P-256, P-384, P-521), Ed25519 or RSA, and this is another")
