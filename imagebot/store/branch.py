"""A store on a branch of an environment repository, for runs without a disk: one file.

In it are first sightings, holds and bans. All else is kept in this process, and forgotten with it: lengths of lists and
names of digests would be a commit for each new tag, and a registry can be asked instead.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime

from imagebot.errors import BadInput, Unavailable
from imagebot.selection.hand_holds import HandHold, Place, in_order
from imagebot.store import document
from imagebot.store.ages import told
from imagebot.store.document import StateDocument
from imagebot.store.protocol import BANS, LastVerdict, Shelf, broken, standing

_TRIES = 8


@dataclass
class Caches:
    """What may be forgotten, by the process that has it."""

    recalled: dict[tuple[str, str], str] = field(default_factory=dict)
    verdicts: dict[tuple[str, str], tuple[LastVerdict, ...]] = field(default_factory=dict)


class BranchStore:
    """What one file remembers, read when this is made; sightings are written by `save`, holds at once."""

    def __init__(self, shelf: Shelf, caches: Caches) -> None:
        self._shelf = shelf
        self._caches = caches
        self._version, self._memory = self._read()
        self._unsaved = False
        self._lock = threading.RLock()

    def first_seen(self, image: str, digests: Collection[str], now: datetime) -> Mapping[str, datetime]:
        with self._lock:
            after = self._change(self._memory.see([(image, digest) for digest in sorted(set(digests))], now))
        return {digest: told(after.seen[image, digest], now) for digest in digests}

    def seen(self, image: str, keys: Collection[str], now: datetime) -> Mapping[str, datetime]:
        known = self._memory.seen
        return {key: told(known[image, key], now) for key in keys if (image, key) in known}

    def unbroken(self, image: str, tag: str, digest: str, now: datetime) -> datetime:
        key = standing(tag, digest)
        with self._lock:
            self._change(self._memory.stand(image, tag, digest, now))
        return self.first_seen(image, [key], now)[key]

    def moved(self, image: str, tag: str, digest: str) -> None:
        with self._lock:
            known = [key for _, key in self._memory.standing(image, tag)]
            self.forget(image, broken(known, tag, digest))

    def forget(self, image: str, keys: Collection[str]) -> None:
        with self._lock:
            self._change(self._memory.forget([(image, key) for key in keys]))

    def holds(self) -> tuple[HandHold, ...]:
        return in_order(self._memory.holds.values())

    def hold(self, hold: HandHold) -> HandHold:
        self._write(lambda memory: memory.hold(hold), f"hold {_named(hold.place)}")
        return self._memory.holds[hold.place]

    def unhold(self, place: Place) -> HandHold | None:
        before = self._write(lambda memory: memory.unhold(place), f"unhold {_named(place)}")
        return before.holds.get(place)

    def recalled(self, kind: str, keys: Collection[str]) -> Mapping[str, str]:
        if kind == BANS:
            bans = self._memory.bans
            return {key: bans[key] for key in keys if key in bans}
        known = self._caches.recalled
        return {key: known[kind, key] for key in keys if (kind, key) in known}

    def recall(self, kind: str, values: Mapping[str, str]) -> None:
        if kind == BANS:
            with self._lock:
                self._change(self._memory.ban(values))
            return
        self._caches.recalled.update({(kind, key): value for key, value in values.items()})

    def last_verdicts(self) -> tuple[LastVerdict, ...]:
        every = [verdict for verdicts in self._caches.verdicts.values() for verdict in verdicts]
        return tuple(sorted(every, key=lambda verdict: (verdict.app, verdict.environment, verdict.image)))

    def judged(self, judged: Sequence[LastVerdict]) -> None:
        by_policy: dict[tuple[str, str], tuple[LastVerdict, ...]] = {}
        for verdict in judged:
            policy = verdict.app, verdict.environment
            by_policy[policy] = (*by_policy.get(policy, ()), verdict)
        self._caches.verdicts.update(by_policy)

    def kept(self) -> AbstractContextManager[None]:
        return nullcontext()

    def save(self) -> None:
        if self._unsaved:
            self._write(lambda memory: memory, "what this pass saw and was told")

    def _change(self, after: StateDocument) -> StateDocument:
        """Take `after` for what is remembered; it is written by `save`."""
        self._unsaved = self._unsaved or after is not self._memory
        self._memory = after
        return after

    def _write(self, change: Callable[[StateDocument], StateDocument], task: str) -> StateDocument:
        """Write the file with what this store saw and `change`; returns what it said just before `change`.

        Where somebody else wrote it meanwhile, all is done again upon what they wrote.
        """
        with self._lock:
            for _ in range(_TRIES):
                before = self._memory
                after = change(before)
                if after == before and not self._unsaved:
                    return before
                version = self._shelf.write(document.write(after), self._version, task)
                if version is not None:
                    self._version, self._memory, self._unsaved = version, after.written(), False
                    return before
                self._version, theirs = self._read()
                self._memory = theirs.saw_too(before)
        raise Unavailable(f"{self._shelf.name} is written by somebody else all the time; try again")

    def _read(self) -> tuple[str | None, StateDocument]:
        found = self._shelf.read()
        if found is None:
            return None, StateDocument()
        data, version = found
        try:
            return version, document.read(data)
        except ValueError as error:
            hint = "run the imagebot that wrote it, or delete the branch: then soak clocks start again, holds are gone"
            raise BadInput(f"{self._shelf.name} cannot be used: {error}; {hint}") from None


def branch_store(shelf: Callable[[], Shelf]) -> Callable[[], BranchStore]:
    """What reads the file anew each time; what may be forgotten stays from one time to the next."""
    caches = Caches()
    return lambda: BranchStore(shelf(), caches)


def _named(place: Place) -> str:
    app, environment, version = place
    return f"{app}@{environment}" + (f" {version}" if version else "")
