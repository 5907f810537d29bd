"""Registries that told us to wait, and the token servers and stores of blobs that they name: kept over restarts.

Each is left alone for the login that was told, for all images: a server counts by account, or by address where nobody
logged in. What another registry is told there by the same host counts for that one alone: else one that sends its
readers elsewhere could silence others.
"""

from __future__ import annotations

import threading
from contextlib import suppress

from imagebot.bans import Ban, Bans, Remembers, ToldToWait
from imagebot.errors import ImagebotError


class Waits:
    """Those of a process, for all its registries and threads."""

    def __init__(self, bans: Bans | None = None) -> None:
        self._bans = bans or Bans()
        self._lock = threading.Lock()
        self._remembers: Remembers | None = None
        self._recalled: set[str] = set()

    def new_pass(self, remembers: Remembers | None) -> None:
        """From now on heed what is remembered there, and have what comes remembered."""
        with self._lock:
            self._remembers = remembers
            self._recalled = set()

    def check(self, account: str) -> None:
        """Raises `ToldToWait` while a ban is in force."""
        with self._lock:  # whoever comes second knows what the first was told
            if account not in self._recalled:
                self._recalled.add(account)
                self._recall(account)
        self._bans.check(account)

    def _recall(self, account: str) -> None:
        # What cannot be remembered now is heeded by this process; whoever saves what the pass learnt tells of it.
        with suppress(ImagebotError):
            if self._remembers is not None:
                self._bans.recall_from(self._remembers, account)

    def begin(self, account: str, because: str, told_s: float | None) -> ToldToWait:
        """The account was told to wait so many seconds, or for no certain time; the error to raise."""
        ban: Ban = self._bans.begin(account, because, told_s)
        with suppress(ImagebotError):
            if self._remembers is not None:
                self._remembers.is_banned(ban)
        return ToldToWait(ban, self._bans.left(account))
