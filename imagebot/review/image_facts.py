"""What is known beside a change: about the images, and how long they have been known. It decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from imagebot.images.about import About
from imagebot.images.source_changes import SourceChanges
from imagebot.trust.attestation import Attestation

SOURCE = "source"
"""Among what is `unasked`: what changed in the source."""


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What goes with one update.

    `old` and `new` are the images, None where they could not be asked about; `unknown` says then why. `unasked` are
    those of the two about which the registry may tell more another time: it did not say that they are not there.
    `changes` is what their source tells about the way from one to the other, None where nobody could be asked, or is to
    be; where somebody did not answer `unasked` has `SOURCE`. `at` is when this was written.
    `attested` is what its build claims without a signature.
    `signature` tells what is known about that of the new one, if one is required, `invalid` of a better version whose
    signature does not hold.
    `first_seen` is when the bot first saw the new one, if it keeps that, and `minimum_age` how old it had to be.
    """

    old: About | None = None
    new: About | None = None
    first_seen: datetime | None = None
    minimum_age: timedelta = timedelta()
    unknown: str = ""
    unasked: tuple[str, ...] = ()
    changes: SourceChanges | None = None
    at: datetime | None = None
    signature: str = ""
    invalid: str = ""
    attested: tuple[Attestation, ...] = ()


def unasked(besides: Sequence[ImageFacts]) -> tuple[str, ...]:
    """What may be known another time, of the updates of one change in their order, as the machine block has it."""
    return tuple(f"{side} {number}" for number, beside in enumerate(besides) for side in beside.unasked)
