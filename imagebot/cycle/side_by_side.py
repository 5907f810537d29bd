"""Questions to many parties at once: a few threads for each, and nobody is waited for longer than they are worth.

A deadline is kept by whoever waits. Nothing can end the thread of a question that is late: it goes on, its answer is
dropped, and it stays one of its party's, so that who never answers holds a few threads however many passes ask. They
are daemons that nobody joins, so that the process ends without them: those of `concurrent.futures` are joined at exit.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from imagebot.errors import Ask, ImagebotError, Stopped, Unavailable
from imagebot.observe.events import AnswerDropped, AnswerMissed, Event

T = TypeVar("T")
ASKING = "ask "
"""What the name of a thread begins with while it waits for an answer."""
AT_ONCE = 4
"""Threads of one party, late ones among them."""
_TICK = 0.1
"""Seconds between two looks at who is late."""
_LINGER = 5.0
"""Seconds that a thread waits for another question: to start one costs more than most answers."""


@dataclass(frozen=True, slots=True)
class Budgets:
    """Seconds that somebody else may cost a pass, each with its reason."""

    question: float = 90.0  # one to a registry, which gives up after 60 by itself: more is a name whose look-up hangs
    party: float = 600.0  # all questions to one registry in a pass: 5 000 images and some new tags take less
    judging: float = 180.0  # all that judging one image takes: a few questions, of which three may fail
    prompt: float = 2.0  # who has not answered by then is not waited for while others have something to be done
    patience: float = 5.0  # for all together before what is decided is done; twice as long from each time to the next
    notes: float = 5.0  # all questions to one forge about sources, for a repository: for people, and nothing waits
    ending: float = 9.0  # what is being written when the process is told to stop: who told kills after ten


@dataclass(frozen=True, slots=True)
class Step(Generic[T]):
    """One question to one party, asked in a thread. Without `seconds` it ends by itself, and is waited for."""

    party: str
    task: str
    question: Callable[[], T]
    seconds: float | None = None


@dataclass(eq=False, slots=True)
class _Open:
    """A step that is not answered; `since` when a thread has asked. Changed under the lock of the lanes only."""

    step: Step[Any]
    ask: Ask
    tell: Callable[[Event], None]
    answers: SimpleQueue[tuple[_Open, Any]]
    then: Callable[[Any], None]
    since: float | None = None
    answered: bool = False
    dropped: bool = False


@dataclass(slots=True)
class _Lane:
    """One party's: what waits for a thread, and what its threads have asked; `idle` ones wait for more."""

    changed: threading.Condition
    waiting: deque[_Open] = field(default_factory=deque)
    running: dict[_Open, None] = field(default_factory=dict)
    threads: int = 0
    idle: int = 0


class Lanes:
    """The threads of a process, by party; passes share them, and late ones are theirs together."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lanes: dict[str, _Lane] = {}

    def put(self, one: _Open) -> None:
        """Have a thread ask it, now or after others of its party."""
        party = one.step.party
        with self._lock:
            lane = self._lanes.setdefault(party, _Lane(threading.Condition(self._lock)))
            lane.waiting.append(one)
            lane.changed.notify()
            if lane.threads == AT_ONCE or len(lane.waiting) <= lane.idle:
                return
            lane.threads += 1
        threading.Thread(target=self._work, args=(lane, party), daemon=True).start()

    def drop(self, one: _Open) -> bool:
        """Wait for it no more. False if it was answered just now."""
        with self._lock:
            if one.answered:
                return False
            if one.since is None:
                self._lanes[one.step.party].waiting.remove(one)
            one.dropped = True
            return True

    def running(self, party: str) -> list[_Open]:
        """What a party is asked at this moment and is still waited for."""
        with self._lock:
            return [one for one in self._lanes[party].running if not one.dropped]

    def is_stuck(self, party: str) -> bool:
        """Whether all threads of a party are late, so that nothing more is asked of it."""
        with self._lock:
            return sum(one.dropped for one in self._lanes[party].running) >= AT_ONCE

    def _work(self, lane: _Lane, party: str) -> None:
        me = threading.current_thread()
        while (one := self._next(lane)) is not None:
            me.name = f"{ASKING}{party}"
            try:
                answer: Any = one.ask(one.step.task, one.step.question)
            except Stopped as error:
                answer = error
            with self._lock:
                del lane.running[one]
                one.answered = True
            if not one.dropped:
                one.answers.put((one, answer))
            elif one.since is not None:
                took = round(time.monotonic() - one.since, 1)
                one.tell(AnswerDropped(one.step.party, one.step.task, took))
            me.name = f"idle {party}"

    def _next(self, lane: _Lane) -> _Open | None:
        """The next to ask; None if there was none for a while, and the thread should end."""
        with self._lock:
            if not lane.waiting:
                lane.idle += 1
                lane.changed.wait_for(lambda: lane.waiting, _LINGER)
                lane.idle -= 1
            if not lane.waiting:
                lane.threads -= 1
                return None
            one = lane.waiting.popleft()
            one.since = time.monotonic()
            lane.running[one] = None
            return one


class SideBySide:
    """What one pass asks. All answers are handled in the thread of the pass, one after another."""

    def __init__(self, lanes: Lanes, ask: Ask, tell: Callable[[Event], None], budgets: Budgets) -> None:
        self._lanes = lanes
        self._ask = ask
        self._tell = tell
        self._budgets = budgets
        self._answers: SimpleQueue[tuple[_Open, Any]] = SimpleQueue()
        self._open: dict[str, dict[_Open, None]] = {}
        self._began: dict[str, float] = {}
        self._spent: dict[str, float] = {}
        self._slow: set[str] = set()
        self._looked = time.monotonic()

    def __len__(self) -> int:
        """The questions without an answer."""
        return sum(map(len, self._open.values()))

    def start(self, step: Step[T], then: Callable[[T | ImagebotError], None]) -> None:
        """Ask; `then` is called by `wait`, with the answer or why there is none."""
        one = _Open(step, self._ask, self._tell, self._answers, then)
        if step.party not in self._open:
            self._began[step.party] = time.monotonic()
        self._open.setdefault(step.party, {})[one] = None
        self._lanes.put(one)

    def wait(self, seconds: float = _TICK) -> bool:
        """Handle an answer, or what is late, within `seconds`. False if there was neither. Raises `Stopped`."""
        if not self._open:
            return False
        try:
            one, answer = self._answers.get(timeout=min(seconds, _TICK))
        except Empty:
            return self._give_up()
        self._close(one)
        if one.since is not None and time.monotonic() - one.since > self._budgets.prompt:
            self._slow.add(one.step.party)
        if isinstance(answer, Stopped):
            raise answer
        one.then(answer)
        if time.monotonic() >= self._looked + _TICK:
            self._give_up()
        return True

    def awaits_prompt(self, parties: Collection[str] | None = None) -> bool:
        """Whether an answer is still to come, of these parties or of all, from one that was always prompt so far."""
        return any(party not in self._slow for party in self._open if parties is None or party in parties)

    def abandon(self, seconds: float) -> None:
        """Wait for nothing any more but for what ends by itself, and for that so long."""
        for one in [one for mine in self._open.values() for one in mine]:
            if one.step.seconds is not None or one.since is None:
                self._lanes.drop(one)
                self._close(one)
        ends = time.monotonic() + seconds
        while self._open and time.monotonic() < ends:
            with suppress(Empty):
                self._close(self._answers.get(timeout=_TICK)[0])

    def _close(self, one: _Open) -> None:
        party = one.step.party
        mine = self._open.get(party, {})
        mine.pop(one, None)
        if not mine and party in self._open:
            del self._open[party]
            self._spent[party] = self._spent.get(party, 0.0) + time.monotonic() - self._began[party]

    def _give_up(self) -> bool:
        """Drop what is late, and tell whoever asked."""
        self._looked = time.monotonic()
        dropped = [(one, because) for one, because in self._late() if self._lanes.drop(one)]
        for one, because in dropped:
            self._close(one)
            if one.since is not None:
                self._tell(AnswerMissed(one.step.party, one.step.task, because))
        for one, because in dropped:
            one.then(Unavailable(because))
        return bool(dropped)

    def _late(self) -> list[tuple[_Open, str]]:
        now, found = time.monotonic(), []
        for party, mine in self._open.items():
            running = self._lanes.running(party)
            if any(one.since and now > one.since + self._budgets.prompt for one in running):
                self._slow.add(party)
            if self._spent.get(party, 0.0) + now - self._began[party] >= self._budgets.party:
                because = f"{party} took {self._budgets.party:g} s of this pass; the next one goes on"
                found += [(one, because) for one in mine if one.step.seconds is not None]
                continue
            for one in running:
                seconds = one.step.seconds
                if one in mine and seconds is not None and one.since is not None and now >= one.since + seconds:
                    found.append((one, f"{party} did not answer within {seconds:g} s, asked to {one.step.task}"))
            if self._lanes.is_stuck(party):
                because = (
                    f"{party} leaves {AT_ONCE} questions without an answer; it is asked again when one of them ends"
                )
                found += [(one, because) for one in mine if one.since is None]
        return found
