"""What happens with signatures, and with what they are held against."""

from __future__ import annotations

from dataclasses import dataclass

from imagebot.observe.events import Event


@dataclass(frozen=True, slots=True)
class SignatureRefused(Event):
    """Somebody pushed an image whose signature does not hold: it is not taken."""

    name = "signature.refused"
    level = "error"
    app: str
    environment: str
    image: str
    because: str


@dataclass(frozen=True, slots=True)
class TrustUnrefreshed(Event):
    """What keyless signatures are held against could not be asked for anew: what is known is used until it ends."""

    name = "trust.unrefreshed"
    level = "warning"
    because: str
    until: str
