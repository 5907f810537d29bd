"""What an examination finds: one line a check, and how bad it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from imagebot.errors import FINE, NOT_ALL_DONE, WRONG_INPUT, BadInput, ImagebotError


class Health(StrEnum):
    """`look`: it works, and a person should look at it. `wrong`: it does not, until somebody changes something."""

    OK = "ok"
    LOOK = "look"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One check of one party. `said` tells what was found and, unless all is well, what to do.

    `exit_code` is what is wrong alone makes of it.
    """

    check: str
    party: str
    health: Health
    said: str
    exit_code: int = FINE


def fine(check: str, party: str, said: str) -> Diagnosis:
    return Diagnosis(check, party, Health.OK, said)


def odd(check: str, party: str, said: str) -> Diagnosis:
    return Diagnosis(check, party, Health.LOOK, said)


def wrong(check: str, party: str, because: ImagebotError | str) -> Diagnosis:
    """Input that a person must change is told from what somebody else did not do."""
    code = WRONG_INPUT if isinstance(because, BadInput) else getattr(because, "exit_code", NOT_ALL_DONE)
    return Diagnosis(check, party, Health.WRONG, " ".join(str(because).split()), code)


def each(check: str, party: str, wrongs: Iterable[str], odds: Iterable[str]) -> list[Diagnosis]:
    """A finding for each of these."""
    return [*(wrong(check, party, one) for one in wrongs), *(odd(check, party, one) for one in odds)]
