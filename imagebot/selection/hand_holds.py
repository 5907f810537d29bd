"""What people keep back by hand: `imagebot hold`, `imagebot suspend`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

Place = tuple[str, str, str | None]
"""An app, an environment and a version; no version: all of them."""

EVERY = "*"
"""In a suspension: every app, or every environment; and, as no tag is like that, what its version is."""


@dataclass(frozen=True, slots=True)
class HandHold:
    """Somebody's wish that one policy leaves a version alone, until somebody lifts it.

    Without `version` every version is kept back. `version` is a tag; it counts for every image of the policy. One that
    `lifts` is the opposite: what was rolled back or refused before `since` may come again.
    """

    app: str
    environment: str
    version: str | None
    by: str
    since: datetime
    because: str
    lifts: bool = False

    @property
    def place(self) -> Place:
        """What is held. There is one hold for a place."""
        return self.app, self.environment, self.version

    @property
    def suspends(self) -> bool:
        """Whether nothing at all is to be done there: what is open is neither changed nor closed."""
        return self.version == EVERY

    def covers(self, app: str, environment: str) -> bool:
        """Whether it is about this app in this environment; a suspension may be about all of them."""
        return self.app in (EVERY, app) and self.environment in (EVERY, environment)


def in_order(holds: Iterable[HandHold]) -> tuple[HandHold, ...]:
    """Holds by app, environment and version, those of every version first."""
    return tuple(sorted(holds, key=lambda hold: (hold.app, hold.environment, hold.version or "")))


def suspension(holds: Iterable[HandHold], app: str, environment: str) -> HandHold | None:
    """Whose wish it is that nothing is done about an app in an environment: the widest that there is."""
    return next((hold for hold in in_order(holds) if hold.suspends and hold.covers(app, environment)), None)
