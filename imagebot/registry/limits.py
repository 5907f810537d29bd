"""How long, how much, how often: every bound on what a registry can make this process do."""

from __future__ import annotations

import time
from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB

TAGS_PAGE_BYTES = 16 * MIB
TAGS_TOTAL_BYTES = 256 * MIB
MANIFEST_BYTES = 4 * MIB  # what registries are told to take at least, so what images keep to
CONFIG_BYTES = 8 * MIB
TOKEN_BYTES = 64 * KIB
ERROR_BYTES = 64 * KIB

LABELS = 100  # Red Hat's images have about 30
LIST_ITEMS = 200  # layers, arguments, variables, ports
TEXT_CHARACTERS = 500  # of a label, an argument, a name
LAYER_BYTES = 1024 * 1024 * MIB

PAGE_SIZE = 1000  # the most that ECR takes; Docker Hub times out on large images without any
MAX_PAGES = 10_000
MAX_TAGS = 1_000_000
MAX_REDIRECTS = 3
CURSOR_CHARACTERS = 4 * KIB
URL_CHARACTERS = 8 * KIB

TOKEN_LIFE = 60.0  # seconds, where the token server does not say
TOKEN_USE = 0.8  # of its life, so that none runs out on its way
TOKENS_KEPT = 4096

PAUSE_WHEN_TOLD = 60.0  # seconds after a 429 that does not say how long
PAUSE_WHEN_DOWN = 15.0  # seconds after a connection that could not be made
PAUSE_AT_MOST = 15 * 60.0


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect, between two reads, and for one question with all its pages, tokens and redirects."""

    connect: float = 5.0
    read: float = 15.0
    total: float = 60.0


PATIENCE = Timeouts()


class Deadline:
    """When a question must be answered, however slowly its bytes drip in."""

    __slots__ = ("_ends", "timeouts")

    def __init__(self, timeouts: Timeouts) -> None:
        self.timeouts = timeouts
        self._ends = time.monotonic() + timeouts.total

    def for_connect(self) -> float:
        """Seconds that connecting may take from now. Raises `TimeoutError` when none is left."""
        return min(self.timeouts.connect, self._left())

    def for_read(self) -> float:
        """Seconds that the next read may take. Raises `TimeoutError` when none is left."""
        return min(self.timeouts.read, self._left())

    def _left(self) -> float:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time for this question is over")
        return left
