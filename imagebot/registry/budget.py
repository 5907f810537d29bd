"""Bytes in memory that all questions together may hold: whoever wants more than there is waits for its turn."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

from imagebot.registry.allowance import NotAsked
from imagebot.registry.limits import HELD_BYTES, PASS_TAGS_BYTES, Deadline


class MemoryBudget:
    """Shared by all threads and hosts. A host holds something once at a time, so that one cannot keep all waiting."""

    def __init__(self, size: int = HELD_BYTES) -> None:
        self._left = size
        self._hosts: set[str] = set()
        self._freed = threading.Condition()

    def take(self, size: int, host: str, deadline: Deadline) -> None:
        """Wait until `size` bytes are there for `host`. Raises `NotAsked` when that is not before `deadline`."""
        with self._freed:
            if not self._freed.wait_for(lambda: self._left >= size and host not in self._hosts, deadline.remaining):
                raise NotAsked(f"{host} sent a large answer, for which there was no memory in time")
            self._left -= size
            self._hosts.add(host)

    def give_back(self, size: int, host: str) -> None:
        """What was taken."""
        with self._freed:
            self._left += size
            self._hosts.remove(host)
            self._freed.notify_all()


class Lists:
    """The tag lists that one pass holds to its end. A registry that keeps to its equal share is never turned away."""

    def __init__(self, size: int = PASS_TAGS_BYTES) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._held: dict[str, int] = {}

    def keep(self, size: int, host: str) -> None:
        """Count a list of `host` of `size` bytes. Raises `NotAsked` where there is no room for it in this pass."""
        with self._lock:
            own = self._held.get(host, 0) + size
            everything = sum(self._held.values()) + size
            if everything > self._size and own > self._size // len(self._held.keys() | {host}):
                raise NotAsked(f"{host} lists more tags than one pass has memory for")
            self._held[host] = own


class MemoryShare:
    """What one question holds of a budget: nothing, until it needs more than most do; then until its block ends.

    It takes one time only, so no two questions wait for each other.
    """

    def __init__(self, budget: MemoryBudget, host: str) -> None:
        self._budget = budget
        self._host = host
        self._held = 0

    def take(self, size: int, deadline: Deadline) -> None:
        """Make sure that the question holds something; `size` bytes, if it does not yet. Raises `NotAsked`."""
        if not self._held:
            self._budget.take(size, self._host, deadline)
            self._held = size

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._held:
            self._budget.give_back(self._held, self._host)
