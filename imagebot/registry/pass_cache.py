"""What one pass has learnt from the registries, so that nobody is asked the same twice: failures, and short documents.

Failures are remembered as long as the pass lasts, documents as long as there is room.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from imagebot.errors import WorldError
from imagebot.registry.allowance import NotAsked
from imagebot.registry.limits import FAILURES_REMEMBERED, REMEMBERED_BYTES, Deadline

T = TypeVar("T")


class Failures:
    """By question; shared by all threads of a pass."""

    def __init__(self) -> None:
        self._known: dict[Hashable, WorldError] = {}

    @contextmanager
    def of(self, question: Hashable) -> Iterator[None]:
        """Raise what the same question met before in this pass, else remember what the block meets."""
        known = self._known.get(question)
        if known is not None:
            raise copy.copy(known)  # an error that is raised again would keep every frame that it passed
        try:
            yield
        except WorldError as error:
            if len(self._known) < FAILURES_REMEMBERED:
                self._known[question] = copy.copy(error)
            raise


class Documents(Generic[T]):
    """By digest and the like; a question that is being asked is waited for, and not asked a second time."""

    def __init__(self, room: int = REMEMBERED_BYTES) -> None:
        self._room = room
        self._known: dict[Hashable, T] = {}
        self._lock = threading.Lock()
        self._locks: dict[Hashable, threading.Lock] = {}

    def get(self, key: Hashable, fetch: Callable[[], tuple[T, int]], deadline: Deadline) -> T:
        """What is known under `key`, else what `fetch` gives, with its size in bytes.

        Raises what `fetch` raises, and `NotAsked` when another thread's answer did not come in time.
        """
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        if not lock.acquire(timeout=deadline.remaining):
            raise NotAsked("the same question was not answered in time")
        try:
            known = self._known.get(key)
            return self._fetched(key, fetch) if known is None else known
        finally:
            lock.release()

    def _fetched(self, key: Hashable, fetch: Callable[[], tuple[T, int]]) -> T:
        document, size = fetch()
        with self._lock:
            if size <= self._room:
                self._room -= size
                self._known[key] = document
        return document
