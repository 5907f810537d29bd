"""What one registry may still cost in this pass: nobody waits again and again for who fails again and again.

A circuit breaker of two sizes, one for an image and one for the whole host; both close again with the next pass.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from imagebot.bans import ToldToWait
from imagebot.errors import Unavailable, WorldError
from imagebot.registry.limits import (
    FAILURES_OF_HOST,
    FAILURES_OF_IMAGE,
    PASS_BYTES,
    PASS_REQUESTS,
    QUESTIONS_AT_ONCE,
    SLOW_SECONDS,
    USUAL_SECONDS,
    Deadline,
)


class NotAsked(Unavailable):
    """Nobody was asked, so nobody failed."""


class RegistryAllowance:
    """One registry's, in one pass; shared by its threads."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(QUESTIONS_AT_ONCE)
        self._failures: dict[str, int] = {}
        self._in_a_row: set[str] = set()
        self._last = ""
        self._seconds = 0.0
        self._requests = self._bytes = 0

    @contextmanager
    def question(self, repository: str, deadline: Deadline) -> Iterator[None]:
        """Ask one question in this block, as one of a few at a time; how the block ends is counted.

        Raises `NotAsked` if `repository`, or the whole registry, has failed too often, or is busy for too long.
        """
        self._check(repository)
        with self._slot(deadline):
            self._check(repository)
            began = time.monotonic()
            try:
                yield
            except (NotAsked, ToldToWait):
                raise
            except Unavailable as error:
                self._failed(repository, error)
                raise
            except WorldError:
                self._answered(repository)
                raise
            else:
                self._answered(repository)
            finally:
                self.took(time.monotonic() - began)

    def spend(self, requests: int = 0, size: int = 0) -> None:
        """Count requests and the bytes of their answers. Raises `NotAsked` where that was too much for one pass."""
        with self._lock:
            self._requests += requests
            self._bytes += size
            if self._requests > PASS_REQUESTS or self._bytes > PASS_BYTES:
                raise self._over(f"took {self._requests} requests and {self._bytes} bytes of this pass")

    @contextmanager
    def _slot(self, deadline: Deadline) -> Iterator[None]:
        if not self._slots.acquire(timeout=deadline.remaining):
            raise NotAsked(f"{self._host} was busy with {QUESTIONS_AT_ONCE} other questions for too long")
        try:
            yield
        finally:
            self._slots.release()

    def _check(self, repository: str) -> None:
        with self._lock:
            count = self._failures.get(repository, 0)
            if count >= FAILURES_OF_IMAGE:
                raise self._over(f"failed {count} times in this pass for {repository} (last: {self._last})")
            if len(self._in_a_row) >= FAILURES_OF_HOST:
                raise self._over(f"failed for {len(self._in_a_row)} images in this pass (last: {self._last})")
            if self._seconds > SLOW_SECONDS:
                raise self._over(f"took {self._seconds:.0f} s of this pass more than is usual")

    def _over(self, what: str) -> NotAsked:
        return NotAsked(f"{self._host} {what}; not asked again until the next")

    def _failed(self, repository: str, error: Unavailable) -> None:
        with self._lock:
            self._failures[repository] = self._failures.get(repository, 0) + 1
            self._in_a_row.add(repository)
            self._last = str(error)

    def _answered(self, repository: str) -> None:
        with self._lock:
            self._failures.pop(repository, None)
            self._in_a_row.clear()

    def took(self, seconds: float) -> None:
        """Count the time that a question took, as far as it was more than is usual."""
        with self._lock:
            self._seconds += max(seconds - USUAL_SECONDS, 0.0)
