"""How patient we are with a forge, and how gentle."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from imagebot.bans import Bans
from imagebot.settings.resolve import RepositorySettings


@dataclass
class _Lane:
    """One host's turn, and when (by `time.monotonic`) the next may begin."""

    turn: threading.Lock = field(default_factory=threading.Lock)
    free_at: float = 0.0


class WriteLanes:
    """Writes to one host, one after another and apart, whichever repository they are for: limits count them all."""

    def __init__(self) -> None:
        self._lanes: defaultdict[str, _Lane] = defaultdict(_Lane)
        self._lock = threading.Lock()

    @contextmanager
    def write(self, host: str, apart_s: float) -> Iterator[None]:
        """Wait for this host's turn; the next one begins `apart_s` seconds after the end of this at the earliest."""
        with self._lock:
            lane = self._lanes[host]
        with lane.turn:
            time.sleep(max(lane.free_at - time.monotonic(), 0.0))
            try:
                yield
            finally:
                lane.free_at = time.monotonic() + apart_s

    def read(self, host: str, apart_s: float) -> None:
        """Wait until `apart_s` seconds after the last question began: answers that are slow hold nobody else up."""
        if not apart_s:
            return
        with self._lock:
            lane = self._lanes[f"{host} is asked"]
            begins_at = max(lane.free_at, time.monotonic())
            lane.free_at = begins_at + apart_s
        time.sleep(max(begins_at - time.monotonic(), 0.0))


@dataclass(frozen=True, slots=True)
class Manners:
    """How long to wait for an answer (GitHub gives itself 10 s) and how far apart writes are, if not as settings say.

    All forges of a process share one of these, for the sake of its `lanes` and its `bans`.
    """

    timeout_s: int = 15
    between_writes_s: float | None = None
    lanes: WriteLanes = field(default_factory=WriteLanes, compare=False, repr=False)
    bans: Bans = field(default_factory=Bans, compare=False, repr=False)

    def apart_s(self, settings: RepositorySettings) -> float:
        """From the end of a write to the beginning of the next."""
        return settings.pace.apart_s if self.between_writes_s is None else self.between_writes_s
