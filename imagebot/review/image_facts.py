"""What is known beside a change: about the images, and how long they have been known. It decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from imagebot.images.about import About


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What goes with one update.

    `old` and `new` are the images, None where they could not be asked about; `unknown` says then why. `first_seen` is
    when the bot first saw the new one, if it keeps that, and `minimum_age` how old it had to be.
    """

    old: About | None = None
    new: About | None = None
    first_seen: datetime | None = None
    minimum_age: timedelta = timedelta()
    unknown: str = ""
