"""How many pulls a registry has left for an account, as Docker Hub tells: a GET of a manifest is one, a HEAD is none.

https://docs.docker.com/docker-hub/usage/pulls/: `ratelimit-limit: 100;w=21600`, `ratelimit-remaining: 76;w=21600`. What
the bot pulls is missing to the cluster behind the same account, or the same address; nothing is pulled with none left.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass

_COUNT = re.compile(r"([0-9]{1,9})(?:;w=([0-9]{1,9}))?", re.ASCII)
ASKED_AGAIN_S = 600.0
"""With none left, in seconds: the window goes by six hours, of which nobody tells when they began."""
_FEW = 10


@dataclass(frozen=True, slots=True)
class PullsLeft:
    """`left` of `limit` pulls in a window of `window_s` seconds, None where the registry does not say how long."""

    registry: str
    left: int
    limit: int
    window_s: int | None

    @property
    def are_few(self) -> bool:
        """Whether somebody should know: less than a tenth is left."""
        return self.left * _FEW < self.limit

    @property
    def words(self) -> str:
        """`0 of 100 pulls in 6 hours`."""
        within = f" in {self.window_s / 3600:g} hours" if self.window_s else ""
        return f"{self.left} of {self.limit} pulls{within}"


def pulls_left(registry: str, headers: Mapping[str, str]) -> PullsLeft | None:
    """What the headers of an answer say, if they do."""
    limit, left = (_COUNT.fullmatch(headers.get(f"ratelimit-{name}", "")) for name in ("limit", "remaining"))
    if limit is None or left is None:
        return None
    window = left[2] or limit[2]
    return PullsLeft(registry, int(left[1]), int(limit[1]), int(window) if window else None)


class Pulls:
    """The last that one registry said, by account; shared by all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, PullsLeft] = {}

    def saw(self, account: str, left: PullsLeft) -> None:
        """What an answer said."""
        with self._lock:
            self._known[account] = left

    @property
    def fewest(self) -> PullsLeft | None:
        """Of the account that has the fewest; None where the registry does not count."""
        with self._lock:
            return min(self._known.values(), key=lambda known: known.left, default=None)
