"""Which troubles a process has told loudly, and when."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

_AGAIN_AFTER = timedelta(hours=1)


class SaidLoudly:
    """One process's, over its passes."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str], tuple[str, datetime]] = {}

    def is_due(self, kind: str, key: str, cause: str, now: datetime) -> bool:
        """Whether to say this loudly now; if so, it counts as said."""
        before = self._said.get((kind, key))
        due = before is None or before[0] != cause or not timedelta() <= now - before[1] < _AGAIN_AFTER
        if due:
            self._said[kind, key] = cause, now
        return due

    def is_over(self, kind: str, key: str) -> None:
        """A trouble is no more: if it comes again, it is a new one."""
        self._said.pop((kind, key), None)

    def are_over(self, kind: str, *, but: Collection[str]) -> None:
        """All of one kind are over but these."""
        self._said = {(one, key): said for (one, key), said in self._said.items() if one != kind or key in but}
