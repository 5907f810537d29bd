"""Signatures of Sigstore's, held against a Sigstore of our own: no network, no clock."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from imagebot.policy.verify import Requirement
from imagebot.trust.anchors import Anchors
from imagebot.trust.evidence import SigstoreBundle
from imagebot.trust.examine import Question, examine, state_of
from imagebot.trust.signed_claim import OLD_KEYLESS
from imagebot.trust.state import CheckFailed, Invalid, SignatureState, Unverifiable, Verified
from tests.support.fulcio import ISSUER, WORKFLOW, Sigstore
from tests.support.signing import IMAGE, OTHER_IMAGE, SLSA_1, bundle, envelope, key, provenance, simple, statement

OURS, THEIRS = Sigstore(), Sigstore()
BY_WORKFLOW = {"identity": WORKFLOW, "issuer": ISSUER}
SIGNER = f"{WORKFLOW}, vouched for by {ISSUER}"


def question(root: bytes | str = OURS.root, **keys: Any) -> Question:
    requirement = Requirement.model_validate({"keyless": BY_WORKFLOW, **keys})
    return Question(IMAGE, (requirement,), Anchors({}, root))


def judged(piece: Any, asked: Question | None = None) -> SignatureState:
    asked = asked or question()
    return state_of(asked, [examine(asked, piece)])


def test_what_a_workflow_signed_is_verified_and_names_it() -> None:
    assert judged(OURS.bundle()) == Verified((SIGNER,))


@pytest.mark.parametrize(
    ("wanted", "holds"),
    [
        ({"identity": {"match": "https://github.com/acme/[^/]+/.*"}, "issuer": {"match": "https://token.*"}}, True),
        ({"identity": {"match": "https://github.com/acme/api"}, "issuer": ISSUER}, False),
        ({"identity": {"match": "github.com/acme/.*"}, "issuer": ISSUER}, False),
        ({"identity": f"{WORKFLOW}x", "issuer": ISSUER}, False),
        ({"identity": WORKFLOW, "issuer": "https://token.example"}, False),
    ],
)
def test_identity_and_issuer_are_whole_texts(wanted: dict[str, Any], holds: bool) -> None:
    state = judged(OURS.bundle(), question(keyless=wanted))
    assert isinstance(state, Verified) is holds
    if isinstance(state, Invalid):
        assert state.because.startswith(f"it is by {SIGNER}, and not by ")


def test_a_mail_address_is_an_identity_too() -> None:
    keyless = {"identity": "ada@example.com", "issuer": "https://accounts.example"}
    signed = OURS.bundle(identity="ada@example.com", issuer="https://accounts.example")
    assert isinstance(judged(signed, question(keyless=keyless)), Verified)


def test_an_attestation_is_signed_the_same_way() -> None:
    said = statement(kind=SLSA_1, predicate=provenance("https://ci.example"))
    asked = question(attestation="provenance", builder="https://ci.example")
    assert judged(OURS.bundle(said), asked) == Verified((SIGNER,))


def _other_entry(parts: dict[str, Any]) -> None:
    """The entry of another image's signature: GHSA-whqx-f9j3-ch6m."""
    others = OURS.parts(statement(OTHER_IMAGE))
    parts["verificationMaterial"]["tlogEntries"] = others["verificationMaterial"]["tlogEntries"]


def _other_certificate(parts: dict[str, Any]) -> None:
    parts["verificationMaterial"]["certificate"] = OURS.parts()["verificationMaterial"]["certificate"]


def _no_promise(parts: dict[str, Any]) -> None:
    del parts["verificationMaterial"]["tlogEntries"][0]["inclusionPromise"]


def _no_entry(parts: dict[str, Any]) -> None:
    parts["verificationMaterial"]["tlogEntries"] = []


def _later(parts: dict[str, Any]) -> None:
    """The time is what the log promised, and not what somebody writes."""
    parts["verificationMaterial"]["tlogEntries"][0]["integratedTime"] = "1767268900"


def _swapped(parts: dict[str, Any]) -> None:
    parts["dsseEnvelope"]["payload"] = envelope([key()], statement(annotations={"more": "x"}))["payload"]


def _two_envelopes(parts: dict[str, Any]) -> None:
    """Another reader may take the one with the other spelling."""
    parts["dsse_envelope"] = parts["dsseEnvelope"]
    parts["dsseEnvelope"] = envelope([key()], statement(annotations={"more": "x"}))


@pytest.mark.parametrize(
    "change",
    [_other_entry, _other_certificate, _no_promise, _no_entry, _later, _swapped, _two_envelopes],
    ids=lambda change: change.__name__,
)
def test_what_was_put_together_otherwise_does_not_hold(change: Callable[[dict[str, Any]], None]) -> None:
    parts = copy.deepcopy(OURS.parts())
    change(parts)
    assert isinstance(judged(SigstoreBundle(json.dumps(parts).encode())), Invalid)


@pytest.mark.parametrize(
    "piece",
    [
        pytest.param(THEIRS.bundle(), id="another Sigstore's"),
        pytest.param(OURS.bundle(logged=timedelta(hours=1)), id="the certificate had expired"),
        pytest.param(OURS.bundle(logged=-timedelta(hours=1)), id="the certificate was not made out yet"),
        pytest.param(OURS.bundle(statement(OTHER_IMAGE)), id="another image"),
        pytest.param(bundle(key()), id="by a key"),
        pytest.param(simple(key()), id="by a key, in cosign's first form"),
    ],
)
def test_what_does_not_hold_is_invalid(piece: Any) -> None:
    assert isinstance(judged(piece), Invalid)


def test_cosigns_first_form_holds_no_proof_of_the_log() -> None:
    piece = simple(key(), None, **{"dev.sigstore.cosign/certificate": "-----BEGIN CERTIFICATE-----"})
    assert judged(piece) == Unverifiable(OLD_KEYLESS)


@pytest.mark.parametrize(
    ("root", "words"),
    [
        (Anchors().root, "imagebot.yaml names no `rootFile` and no `tuf`"),
        ("cannot read the trusted root", "cannot read the trusted root"),
        (b"{}", "the trusted root cannot be used"),
        (b"no JSON", "the trusted root cannot be used"),
    ],
)
def test_without_a_root_nobody_knows(root: bytes | str, words: str) -> None:
    state = judged(OURS.bundle(), question(root))
    assert isinstance(state, CheckFailed)
    assert state.because.startswith(words)


def test_a_keyless_signature_is_none_by_a_key() -> None:
    requirement = Requirement.model_validate({"keys": ["release"]})
    asked = Question(IMAGE, (requirement,), Anchors({}, OURS.root))
    assert isinstance(judged(OURS.bundle(), asked), CheckFailed | Invalid)
