"""Signatures without a key of the signer's own: who signed, by Sigstore's certificates and log. Asks no network.

`sigstore` is an extra: it is imported where the first such signature is held against a root. It wants a bundle with
the log's proof and checkpoint, so the certificate's short life is told by the log's time and not by this machine's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from imagebot.trust.state import CheckFailed, Invalid
from imagebot.trust.statement import PAYLOAD_TYPE, Envelope

MISSING = "keyless signatures need the extra `keyless`: install imagebot[keyless]"
_LONGEST = 2000
_V2 = "1.3.6.1.4.1.57264.1.8"
_V1 = "1.3.6.1.4.1.57264.1.1"
"""Of Fulcio's extensions those that name the issuer: https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md."""
_OTHER_NAME = "1.3.6.1.4.1.57264.1.7"
_UTF8_STRING = 0x0C
_UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, AssertionError, RecursionError)
"""What reading anybody's bytes may end in, besides the library's own errors, which names no others."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Whom a certificate names, and who says so."""

    identities: tuple[str, ...]
    issuer: str

    @property
    def named(self) -> str:
        return self.identities[0]


def signer_of(bundle: bytes, root: bytes, signed: bytes) -> Signer | Invalid | CheckFailed:
    """Who signed the envelope in `bundle`, once all of it was verified against `root`, a `trusted_root.json`.

    `signed` is what the signature must be over: two readers of one bundle may find two envelopes in it.
    """
    try:
        from sigstore.errors import Error
        from sigstore.models import Bundle
    except ImportError:
        return CheckFailed(MISSING)
    verifier = _verifier(root)
    if isinstance(verifier, CheckFailed):
        return verifier
    caught = _Caught()
    try:
        kind, payload = verifier.verify_dsse(Bundle.from_json(bundle), caught)
    except (Error, *_UNREADABLE) as error:
        return Invalid(f"its certificate, log entry or signature does not hold: {_plain(error)}")
    if kind != PAYLOAD_TYPE or Envelope(payload, ()).signed != signed:
        return Invalid("it is a bundle with two envelopes")
    assert caught.signer is not None, "the verifier asks it"
    return caught.signer


def unusable_root(root: bytes) -> str:
    """Why nothing can be held against this `trusted_root.json`, in words; empty if something can."""
    try:
        verifier = _verifier(root)
    except ImportError:
        return MISSING
    return verifier.because if isinstance(verifier, CheckFailed) else ""


@lru_cache(maxsize=4)
def _verifier(root: bytes) -> Any:
    """Kept, as the same root comes for every signature."""
    from sigstore.errors import Error
    from sigstore.models import TrustedRoot
    from sigstore.verify import Verifier
    from sigstore_models.trustroot.v1 import TrustedRoot as Written

    try:
        return Verifier(trusted_root=TrustedRoot(Written.from_json(root)))
    except (Error, ValueError) as error:
        return CheckFailed(f"the trusted root cannot be used: {_plain(error)}")


class _Caught:
    """What Sigstore asks about the certificate that it verifies: keeps whom it names, who is compared afterwards."""

    signer: Signer | None = None

    def verify(self, cert: Any) -> None:
        """Raises `VerificationError` for one that names nobody."""
        from sigstore.errors import VerificationError

        identities, issuer = tuple(_identities(cert)), _issuer(cert)
        if not identities or not issuer:
            raise VerificationError("its certificate names nobody, or nobody who says so")
        self.signer = Signer(identities, issuer)


def _identities(cert: Any) -> list[str]:
    from cryptography.x509 import ExtensionNotFound, OtherName, RFC822Name, SubjectAlternativeName
    from cryptography.x509 import UniformResourceIdentifier as Uri

    try:
        names = cert.extensions.get_extension_for_class(SubjectAlternativeName).value
    except ExtensionNotFound:
        return []
    found = [*names.get_values_for_type(Uri), *names.get_values_for_type(RFC822Name)]
    others = [one.value for one in names.get_values_for_type(OtherName) if one.type_id.dotted_string == _OTHER_NAME]
    return [one for one in (*found, *map(_der_text, others)) if one and len(one) <= _LONGEST]


def _issuer(cert: Any) -> str:
    from cryptography.x509 import ExtensionNotFound, ObjectIdentifier

    for oid in (_V2, _V1):
        try:
            value = cert.extensions.get_extension_for_oid(ObjectIdentifier(oid)).value.value
        except ExtensionNotFound:
            continue
        found = _der_text(value) if oid == _V2 else value.decode(errors="replace")
        return found if len(found) <= _LONGEST else ""
    return ""


def _der_text(value: bytes) -> str:
    """A DER UTF8String; empty for anything else."""
    if len(value) < 2 or value[0] != _UTF8_STRING:
        return ""
    size, start = value[1], 2
    if size & 0x80:
        start = 2 + (size & 0x7F)
        size = int.from_bytes(value[2:start])
    return value[start:].decode(errors="replace") if len(value) == start + size else ""


def _plain(error: Exception) -> str:
    """The first line, without what the library quotes of the bundle."""
    return str(error).partition("\n")[0].partition(" (encountered")[0][:200] or type(error).__name__
