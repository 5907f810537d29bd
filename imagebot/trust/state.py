"""What is known about the signatures of one digest: a closed union, and never a boolean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never


@dataclass(frozen=True, slots=True)
class Verified:
    """All that is required holds; `by` says who signed, for each requirement in their order."""

    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Invalid:
    """There is a signature, and it does not hold."""

    because: str


@dataclass(frozen=True, slots=True)
class Unsigned:
    """There is none of what is required."""

    because: str


@dataclass(frozen=True, slots=True)
class Unverifiable:
    """There is something that nobody here can verify: `kind` says what."""

    kind: str


@dataclass(frozen=True, slots=True)
class CheckFailed:
    """Nobody knows: something that is needed to tell could not be had."""

    because: str


SignatureState = Verified | Invalid | Unsigned | Unverifiable | CheckFailed


def word(state: SignatureState) -> str:
    """A state in a word."""
    match state:
        case Verified():
            return "verified"
        case Invalid():
            return "invalid"
        case Unsigned():
            return "unsigned"
        case Unverifiable():
            return "unverifiable"
        case CheckFailed():
            return "error"
    assert_never(state)


def words(state: SignatureState) -> str:
    """A state for people: what was found, without the image's name."""
    match state:
        case Verified(by=by):
            return f"verified, signed by {'; by '.join(by)}"
        case Invalid(because=because):
            return f"an invalid signature: {because}"
        case Unsigned(because=because):
            return because
        case Unverifiable(kind=kind):
            return f"nothing that can be verified: {kind}"
        case CheckFailed(because=because):
            return f"signatures that could not be looked at: {because}"
    assert_never(state)
