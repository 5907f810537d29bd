"""What one piece of evidence is worth for each of the requirements, and what all pieces together come to.

Every piece is looked at by itself, so that nothing has to be held but what was found; none that does not hold hides
another that does. The rules are those that verifiers learnt from their advisories: the digest is compared here and not
believed, and an attestation of another kind than the one that is asked for proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from imagebot.policy.verify import Requirement, key_name, says, told
from imagebot.publickey import PublicKey
from imagebot.trust.anchors import Anchors
from imagebot.trust.evidence import (
    BrokenPiece,
    Evidence,
    LooseEnvelope,
    OtherSignature,
    SigstoreBundle,
    SimpleSigning,
    Untold,
)
from imagebot.trust.keyless import Signer, signer_of
from imagebot.trust.signed_claim import SignedClaim, signed_claim_of
from imagebot.trust.state import CheckFailed, Invalid, SignatureState, Unsigned, Unverifiable, Verified
from imagebot.trust.statement import SIGN
from imagebot.trust.strict_json import BadJson

_SHOWN = 200


Finding = Mapping[int, Verified | Invalid | Unverifiable | CheckFailed]
"""One piece: for each requirement, by its place, who fulfils it or why this piece does not.

A requirement that it says nothing about is left out.
"""


@dataclass(frozen=True, slots=True)
class Question:
    """What all pieces are asked: whether `digest` has what is required, held against `anchors`.

    Two are one question if they are about one digest by one `rule`.
    """

    digest: str
    requirements: tuple[Requirement, ...] = field(compare=False)
    anchors: Anchors = field(compare=False)
    rule: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rule", self.anchors.rule(self.requirements))

    @property
    def predicate_types(self) -> frozenset[str]:
        """The types of statements that can fulfil anything here."""
        return frozenset(kind for one in self.requirements for kind in one.predicate_types or (SIGN,))


def examine(question: Question, piece: Evidence) -> Finding:
    """What one piece is worth. Raises nothing."""
    match piece:
        case BrokenPiece(because=because):
            return _of_signatures(question, Invalid(because))
        case Untold(because=because):
            return _of_signatures(question, CheckFailed(because))
        case OtherSignature(kind=kind):
            return _of_signatures(question, Unverifiable(kind))
        case SimpleSigning() | LooseEnvelope() | SigstoreBundle():
            try:
                claim = signed_claim_of(piece)
            except BadJson as error:
                return _of_signatures(question, Invalid(str(error)))
            return _held_against_all(question, claim)
    assert_never(piece)


def state_of(question: Question, findings: Iterable[Finding]) -> SignatureState:
    """What all pieces come to."""
    every = list(findings)
    states = [_of_one(question, place, every) for place in range(len(question.requirements))]
    for kind in (Invalid, Unsigned, Unverifiable, CheckFailed):
        for state in states:
            if isinstance(state, kind):
                return state
    return Verified(tuple(by for state in states if isinstance(state, Verified) for by in state.by))


def _of_one(question: Question, place: int, findings: Sequence[Finding]) -> SignatureState:
    """One requirement: the best that any piece does for it; where none does anything, it lacks."""
    requirement = question.requirements[place]
    found = [finding[place] for finding in findings if place in finding]
    if lacks := question.anchors.lacks(requirement):
        found.append(CheckFailed(lacks))
    for kind in (Verified, CheckFailed, Invalid, Unverifiable):
        for state in found:
            if isinstance(state, kind):
                return state
    return Unsigned(f"there is not {requirement}")


def _of_signatures(question: Question, state: Invalid | Unverifiable | CheckFailed) -> Finding:
    """What cannot be read may have been meant for any of them."""
    return dict.fromkeys(range(len(question.requirements)), state)


def _held_against_all(question: Question, claim: SignedClaim) -> Finding:
    return {
        place: _held_against(question, requirement, claim)
        for place, requirement in enumerate(question.requirements)
        if claim.predicate_type in (requirement.predicate_types or (SIGN,))
    }


def _held_against(
    question: Question, requirement: Requirement, claim: SignedClaim
) -> Verified | Invalid | Unverifiable | CheckFailed:
    """The signature first: what nobody signed says nothing."""
    signer = _signer(question, requirement, claim)
    if not isinstance(signer, str):
        return signer
    if question.digest not in claim.digests:
        return Invalid(
            f"what {signer} signed is another image, {_short(next(iter(claim.digests), 'without a digest'))}"
        )
    wrong = _says_otherwise(requirement, claim, question.digest)
    return Invalid(f"what {signer} signed {wrong}") if wrong else Verified((signer,))


def _signer(
    question: Question, requirement: Requirement, claim: SignedClaim
) -> str | Invalid | Unverifiable | CheckFailed:
    """Who signed, of those who may."""
    if requirement.keyless is None:
        keys = [(name, question.anchors.key(name)) for name in requirement.keys]
        for name, key in keys:
            if isinstance(key, PublicKey) and any(key.verifies(one, claim.signed) for one in claim.signatures):
                return key_name(name)
        return Invalid(f"it is not by {requirement.signer}")
    if claim.unverifiable:
        return Unverifiable(claim.unverifiable)
    if claim.bundle is None:
        return Invalid(f"it is by a key, and not by {requirement.signer}")
    return _keyless_signer(question, requirement, claim.bundle, claim.signed)


def _keyless_signer(
    question: Question, requirement: Requirement, bundle: bytes, signed: bytes
) -> str | Invalid | CheckFailed:
    wanted, root = requirement.keyless, question.anchors.root
    assert wanted is not None, "it was asked"
    if isinstance(root, str):
        return CheckFailed(root)
    signer = signer_of(bundle, root, signed)
    if not isinstance(signer, Signer):
        return signer
    if says(wanted.issuer, signer.issuer) and any(says(wanted.identity, one) for one in signer.identities):
        return f"{signer.named}, vouched for by {signer.issuer}"
    return Invalid(
        f"it is by {signer.named[:_SHOWN]}, vouched for by {signer.issuer[:_SHOWN]}, and not by {requirement.signer}"
    )


def _says_otherwise(requirement: Requirement, claim: SignedClaim, digest: str) -> str:
    """What it lacks of what it must say, in words."""
    said = claim.digests[digest]
    for name, value in requirement.annotations.items():
        if said.get(name) != value:
            return f"does not say {name}={value}"
    if requirement.builder is None:
        return ""
    builder = claim.attestation.builder if claim.attestation is not None else ""
    if says(requirement.builder, builder):
        return ""
    return f"names the builder {builder[:_SHOWN] or 'of nobody'}, and not {told(requirement.builder)}"


def _short(digest: str) -> str:
    return digest[:19]
