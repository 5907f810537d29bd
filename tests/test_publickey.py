from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from imagebot.errors import HoldsSecret
from imagebot.publickey import PublicKey
from tests.support.signing import key, pem, private_pem, sign


def _pem(of: object) -> str:
    return of.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()  # type: ignore[attr-defined,no-any-return]


def test_two_spellings_of_a_key_are_one_key() -> None:
    text = pem(key())
    assert PublicKey.parse(text) == PublicKey.parse(f"\n{text}\n")
    assert PublicKey.parse(text) != PublicKey.parse(pem(key("theirs")))


def test_a_private_key_is_not_read_and_not_shown() -> None:
    with pytest.raises(HoldsSecret, match="nobody but the signer") as caught:
        PublicKey.parse(private_pem(key()))
    assert caught.value.hide


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("", "no public key in PEM", id="nothing"),
        pytest.param(pem(key()) + pem(key("theirs")), "2 keys, of which one alone would count", id="two"),
        pytest.param("-----BEGIN PUBLIC KEY-----\n!\n-----END PUBLIC KEY-----", "no public key in PEM", id="no base64"),
        pytest.param(_pem(rsa.generate_private_key(65537, 1024).public_key()), "2048 to 16384 bits", id="short"),
        pytest.param(_pem(ec.generate_private_key(ec.SECP256K1()).public_key()), "this is another", id="curve"),
        pytest.param(_pem(x25519.X25519PrivateKey.generate().public_key()), "this is another", id="no signing key"),
    ],
)
def test_what_signs_no_images_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        PublicKey.parse(text)


def test_a_signature_is_of_one_key_and_one_message() -> None:
    ours = PublicKey.parse(pem(key()))
    assert ours.verifies(sign(key(), b"message"), b"message")
    assert not ours.verifies(sign(key(), b"message"), b"another")
    assert not ours.verifies(sign(key("theirs"), b"message"), b"message")
    assert not ours.verifies(b"", b"message")
