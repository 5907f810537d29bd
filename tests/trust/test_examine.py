from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA512
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebot.policy.verify import Requirement
from imagebot.publickey import PublicKey
from imagebot.trust.anchors import Anchors
from imagebot.trust.evidence import BrokenPiece, Evidence, OtherSignature, SigstoreBundle, SimpleSigning, Untold
from imagebot.trust.examine import Question, examine, state_of
from imagebot.trust.signed_claim import signed_claim_of
from imagebot.trust.state import CheckFailed, Invalid, SignatureState, Unsigned, Unverifiable, Verified, word, words
from tests.support.signing import (
    IMAGE,
    OTHER_IMAGE,
    SLSA_02,
    SLSA_1,
    Key,
    b64,
    bundle,
    envelope,
    key,
    loose,
    payload,
    pem,
    provenance,
    sign,
    simple,
    statement,
)

OURS, THEIRS = key("release"), key("theirs")
BY_RELEASE = {"keys": ["release"]}


def requirement(**keys: Any) -> Requirement:
    return Requirement.model_validate(keys or BY_RELEASE)


def anchors(**keys: Key) -> Anchors:
    return Anchors({name: PublicKey.parse(pem(one)) for name, one in (keys or {"release": OURS}).items()})


def question(*requirements: Requirement, digest: str = IMAGE, held: Anchors | None = None) -> Question:
    return Question(digest, requirements or (requirement(),), held or anchors())


def judged(pieces: Sequence[Evidence], asked: Question | None = None) -> SignatureState:
    asked = asked or question()
    return state_of(asked, [examine(asked, piece) for piece in pieces])


@pytest.mark.parametrize("kind", ["P-256", "P-384", "P-521", "Ed25519", "RSA"])
def test_what_a_key_signed_is_verified_in_each_form(kind: str) -> None:
    held = question(held=anchors(release=key("release", kind)))
    assert judged([simple(key("release", kind))], held) == Verified(("key release",))
    assert judged([bundle(key("release", kind))], held) == Verified(("key release",))


def test_a_kms_that_hashes_otherwise_is_no_stranger() -> None:
    """Keys of a KMS may be bound to SHA-512, and nothing that is signed says which hash it was."""
    signed = payload()
    piece = SimpleSigning(
        signed, {"dev.cosignproject.cosign/signature": b64(sign(key("kms", "RSA"), signed, SHA512()))}
    )
    assert judged([piece], question(held=anchors(release=key("kms", "RSA")))) == Verified(("key release",))


@pytest.mark.parametrize(
    ("piece", "because"),
    [
        pytest.param(simple(THEIRS), "it is not by key release", id="another key"),
        pytest.param(simple(OURS, payload(OTHER_IMAGE)), "is another image", id="another digest"),
        pytest.param(bundle(THEIRS), "it is not by key release", id="bundle, another key"),
        pytest.param(bundle(OURS, statement(OTHER_IMAGE)), "is another image", id="bundle, another digest"),
        pytest.param(
            SimpleSigning(payload(), simple(OURS, payload(OTHER_IMAGE)).annotations),
            "it is not by key release",
            id="the payload was swapped",
        ),
        pytest.param(
            bundle(OURS, dsseEnvelope={**envelope([OURS], statement(OTHER_IMAGE)), "payload": b64(statement())}),
            "it is not by key release",
            id="bundle, the payload was swapped",
        ),
        pytest.param(SimpleSigning(payload(), {}), "it has no signature", id="no signature"),
        pytest.param(simple(OURS, b"{"), "it is no JSON", id="payload is no JSON"),
        pytest.param(
            simple(OURS, payload().replace(b"cosign container image signature", b"something else")),
            "something other than an image",
            id="a signature of something else",
        ),
        pytest.param(
            simple(
                OURS,
                payload().replace(
                    b'{"docker-manifest-digest"', b'{"docker-manifest-digest": "", "docker-manifest-digest"'
                ),
            ),
            "a key stands twice",
            id="two readers see two digests",
        ),
        pytest.param(
            simple(
                OURS,
                payload().replace(
                    b'{"docker-manifest-digest"',
                    f'{{"Docker-manifest-digest": "{OTHER_IMAGE}", "docker-manifest-digest"'.encode(),
                ),
            ),
            "names no digest, or two",
            id="two spellings of the digest's key",
        ),
        pytest.param(bundle(OURS, mediaType="text/plain"), "no bundle of Sigstore's", id="another media type"),
        pytest.param(bundle(OURS, messageSignature={}), "over a file", id="a signature of a file"),
        pytest.param(bundle(OURS, verificationMaterial={}), "names no signer", id="no material"),
        pytest.param(
            bundle(OURS, dsseEnvelope={**envelope([OURS], statement()), "payloadType": "text/plain"}),
            "other than an in-toto statement",
            id="another payload type",
        ),
        pytest.param(
            bundle(OURS, dsseEnvelope={**envelope([OURS], statement()), "signatures": []}), "no signature", id="none"
        ),
        pytest.param(bundle(OURS, statement().replace(b"Statement/v1", b"Link/v1")), "no in-toto statement", id="type"),
        pytest.param(SigstoreBundle(b'{"a":' * 100_000), "deeper than anything", id="deep"),
        pytest.param(SigstoreBundle(b'{"a":' + b"9" * 10_000 + b"}"), "it is no JSON", id="a number without end"),
        pytest.param(SigstoreBundle(b"\xff"), "it is no JSON", id="no UTF-8"),
        pytest.param(BrokenPiece("it is too large"), "it is too large", id="not to be had"),
    ],
)
def test_what_does_not_hold_is_invalid_and_says_why(piece: Evidence, because: str) -> None:
    state = judged([piece])
    assert isinstance(state, Invalid)
    assert because in state.because


def test_the_specification_spells_the_digests_key_with_a_capital_letter() -> None:
    assert judged([simple(OURS, payload().replace(b"docker-manifest", b"Docker-manifest"))]) == Verified(
        ("key release",)
    )


def test_one_that_holds_is_enough_however_many_do_not() -> None:
    others: list[Evidence] = [
        simple(THEIRS),
        BrokenPiece("gone"),
        OtherSignature("a Notation signature"),
        simple(OURS, payload(OTHER_IMAGE)),
    ]
    assert judged([*others, bundle(OURS)]) == Verified(("key release",))


def test_nothing_at_all_is_unsigned() -> None:
    assert judged([]) == Unsigned("there is not a signature by key release")


def test_a_signature_that_nobody_here_verifies_is_no_proof() -> None:
    assert judged([OtherSignature("a Notation signature")]) == Unverifiable("a Notation signature")


def test_what_the_registry_does_not_tell_leaves_it_unknown_and_hides_no_other() -> None:
    assert judged([Untold("sent a page"), simple(THEIRS)]) == CheckFailed("sent a page")
    assert isinstance(judged([Untold("sent a page"), simple(OURS)]), Verified)


def test_a_key_that_cannot_be_read_leaves_it_unknown() -> None:
    held = Anchors({"release": "cannot read the key release.pub: no such file"})
    assert judged([simple(OURS)], question(held=held)) == CheckFailed("cannot read the key release.pub: no such file")
    assert isinstance(judged([simple(OURS)], question(held=Anchors({}))), CheckFailed)


def test_one_key_that_cannot_be_read_hides_no_other() -> None:
    either = requirement(keys=["gone", "release"])
    held = Anchors({"gone": "cannot read the key gone", "release": PublicKey.parse(pem(OURS))})
    assert judged([simple(OURS)], question(either, held=held)) == Verified(("key release",))
    assert judged([simple(THEIRS)], question(either, held=held)) == CheckFailed("cannot read the key gone")
    assert not held.is_blind(either)


def test_any_of_the_keys_may_have_signed() -> None:
    either = requirement(keys=["old", "release"])
    assert judged([simple(OURS)], question(either, held=anchors(old=THEIRS, release=OURS))) == Verified(
        ("key release",)
    )


def test_a_key_may_be_written_out() -> None:
    state = judged([simple(OURS)], question(requirement(keys=[pem(OURS)])))
    assert isinstance(state, Verified)
    assert state.by[0].startswith("key ")
    assert judged([simple(THEIRS)], question(requirement(keys=[pem(OURS)]))) != state


def test_each_requirement_holds_by_itself() -> None:
    both = (requirement(keys=["release"]), requirement(keys=["security"]))
    asked = question(*both, held=anchors(release=OURS, security=THEIRS))
    assert judged([simple(OURS)], asked) == Invalid("it is not by key security")
    assert judged([simple(OURS), bundle(THEIRS)], asked) == Verified(("key release", "key security"))


def test_annotations_are_those_that_were_signed() -> None:
    wanted = question(requirement(keys=["release"], annotations={"env": "prod"}))
    assert judged([simple(OURS, payload(optional={"env": "prod", "more": "x"}))], wanted) == Verified(("key release",))
    assert judged([bundle(OURS, statement(annotations={"env": "prod"}))], wanted) == Verified(("key release",))
    assert judged([simple(OURS, payload(optional={"env": "dev"}))], wanted) == Invalid(
        "what key release signed does not say env=prod"
    )
    assert isinstance(judged([simple(OURS, env="prod")], wanted), Invalid)


ATTESTED = {"keys": ["release"], "attestation": "provenance", "builder": "https://ci.example/builder"}


@pytest.mark.parametrize("version", [SLSA_1, SLSA_02])
@pytest.mark.parametrize("form", [bundle, loose])
def test_provenance_names_its_builder_and_its_commit(version: str, form: Any) -> None:
    asked = question(requirement(**ATTESTED))
    piece = form(OURS, statement(kind=version, predicate=provenance("https://ci.example/builder", version=version)))
    assert judged([piece], asked) == Verified(("key release",))
    claims = signed_claim_of(piece).attestation
    assert claims is not None
    assert (claims.kind, claims.commit) == ("provenance", "c" * 40)
    assert claims.source.startswith("git+https://git.example/acme/app")


def test_a_signature_of_another_kind_proves_nothing() -> None:
    """Right signer, right image, wrong statement: GHSA-w6c6-c85g-mmv6."""
    asked = question(requirement(**ATTESTED))
    sbom = bundle(OURS, statement(kind="https://spdx.dev/Document"))
    assert judged([bundle(OURS), simple(OURS), sbom], asked) == Unsigned(
        "there is not an attestation (provenance) by key release, built by https://ci.example/builder"
    )
    assert judged([sbom], question(requirement())) == Unsigned("there is not a signature by key release")


def test_another_builder_is_told_by_name() -> None:
    piece = bundle(OURS, statement(kind=SLSA_1, predicate=provenance("https://evil.example")))
    asked = question(requirement(**ATTESTED))
    assert judged([piece], asked) == Invalid(
        "what key release signed names the builder https://evil.example, and not https://ci.example/builder"
    )
    pattern = {**ATTESTED, "builder": {"match": "https://evil"}}
    assert isinstance(judged([piece], question(requirement(**pattern))), Invalid)
    assert judged([piece], question(requirement(**{**pattern, "builder": {"match": "https://evil.*"}}))) == Verified(
        ("key release",)
    )


def test_what_is_remembered_is_forgotten_with_another_rule() -> None:
    held = anchors()
    rules = [
        held.rule([requirement()]),
        held.rule([requirement(keys=["release"], annotations={"a": "b"})]),
        held.rule([requirement(**ATTESTED)]),
        held.rule([requirement(), requirement(**ATTESTED)]),
        held.rule([requirement(keyless={"identity": {"match": "a"}, "issuer": "b"})]),
        held.rule([requirement(keyless={"identity": "what matches a", "issuer": "b"})]),
        anchors(release=THEIRS).rule([requirement()]),
        Anchors({}).rule([requirement()]),
    ]
    assert len(set(rules)) == len(rules)
    assert anchors().rule([requirement()]) == rules[0]


def _mutant(place: int) -> bytes:
    """A sound bundle in which one byte is another one, or is missing."""
    sound = bundle(OURS).data
    at = place % len(sound)
    return sound[:at] + (b"" if place % 2 else bytes([sound[at] ^ 1])) + sound[at + 1 :]


@given(st.binary(max_size=80) | st.integers(0, 4000).map(_mutant))
@settings(max_examples=60)
def test_no_bytes_are_verified_by_chance_or_raise(data: bytes) -> None:
    assert isinstance(judged([SimpleSigning(data, {"dev.cosignproject.cosign/signature": b64(data)})]), Invalid)
    if isinstance(judged([SigstoreBundle(data)]), Verified):
        assert signed_claim_of(SigstoreBundle(data)).signed == signed_claim_of(bundle(OURS)).signed


@pytest.mark.parametrize(
    ("state", "said", "name"),
    [
        (Verified(("key release", "key security")), "verified, signed by key release; by key security", "verified"),
        (Invalid("why"), "an invalid signature: why", "invalid"),
        (Unsigned("there is not a signature by key release"), "there is not a signature by key release", "unsigned"),
        (Unverifiable("a Notation signature"), "nothing that can be verified: a Notation signature", "unverifiable"),
        (CheckFailed("why"), "signatures that could not be looked at: why", "error"),
    ],
)
def test_each_state_has_its_words(state: SignatureState, said: str, name: str) -> None:
    assert (words(state), word(state)) == (said, name)
