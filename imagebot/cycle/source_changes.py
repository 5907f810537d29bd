"""What changed in the sources of images, as one pass may ask: of the forges that settings name, and of no other.

It is for people, and nothing waits for it: a forge has a few seconds of a pass, and what it did not answer by then is
asked in a later one, which writes the pull request once more. What it answered is kept for ever, by the two digests.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from imagebot.bans import ToldToWait
from imagebot.cycle.pass_store import PassStore
from imagebot.cycle.side_by_side import Step
from imagebot.cycle.world import World
from imagebot.errors import BadResponse, ImagebotError, NotFound
from imagebot.forge.source_forge import SourceSpan
from imagebot.images.source_changes import SourceChanges
from imagebot.observe.events import SourceUnasked
from imagebot.plan.change import ImageUpdate
from imagebot.review.image_facts import SOURCE, ImageFacts
from imagebot.review.source_question import SourceQuestion, question

NOTES_COME = timedelta(days=1)
"""How long after the first question notes of a new version may still come: many images are pushed before them."""
_ASKED = "source asked"
Answers = Mapping[int, SourceChanges]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A question about two digests, and the key that its answer is kept by."""

    question: SourceQuestion
    key: str


class SourceNotes:
    """One pass's; good for several threads."""

    def __init__(self, world: World, memory: PassStore) -> None:
        self._world = world
        self._memory = memory
        self._lock = threading.Lock()
        self._left: dict[str, float] = defaultdict(lambda: world.budgets.notes)
        self._begun: set[str] = set()

    def with_changes(self, updates: Sequence[ImageUpdate], besides: Sequence[ImageFacts]) -> list[ImageFacts]:
        """The facts of each update, with what changed. `SOURCE` is unasked where more may be known another time."""
        wanted = {number: self._wanted(*pair) for number, pair in enumerate(zip(updates, besides, strict=True))}
        asked = {number: one for number, one in wanted.items() if one is not None}
        known = {number: self._memory.source_changes(one.key) for number, one in asked.items()}
        due = {number: one for number, one in asked.items() if self._is_due(one.key, known[number])}
        fresh = self._ask_all(due)
        return [
            beside if number not in asked else _with(beside, fresh.get(number) or _told(known[number]))
            for number, beside in enumerate(besides)
        ]

    def _wanted(self, update: ImageUpdate, beside: ImageFacts) -> _Wanted | None:
        found = question(beside.old, beside.new, update)
        if found is None or beside.new is None or not self._may_ask(found):
            return None
        digests = f"{beside.old.digest if beside.old else ''}..{beside.new.digest}"
        return _Wanted(found, f"{update.image}@{digests} {found.repository.host}/{found.repository.path}")

    def _may_ask(self, wanted: SourceQuestion) -> bool:
        settings = self._world.settings.source_forges.get(wanted.repository.host)
        if settings is None:
            return False
        return not settings.owners or any(wanted.repository.path.startswith(f"{one}/") for one in settings.owners)

    def _is_due(self, key: str, known: tuple[datetime, SourceChanges] | None) -> bool:
        """What more may come of is asked for again each hour of a day."""
        is_settled = known is not None and (not known[1].awaited or self._memory.now - known[0] >= NOTES_COME)
        return not is_settled and not self._memory.counted(_ASKED, key)

    def _ask_all(self, wanted: Mapping[int, _Wanted]) -> Answers:
        by_host: dict[str, dict[int, _Wanted]] = defaultdict(dict)
        for number, one in wanted.items():
            by_host[one.question.repository.host][number] = one
        return {number: found for host, mine in by_host.items() for number, found in self._ask(host, mine).items()}

    def _ask(self, host: str, wanted: Mapping[int, _Wanted]) -> Answers:
        with self._lock:
            left = self._left[host]
        if left <= 0:
            return {}
        began = time.monotonic()
        steps = [
            Step(f"notes {host}", f"ask {host} what changed", partial(self._answer, one), left)
            for one in wanted.values()
        ]
        answers = self._world.ask_quietly(steps, left)
        with self._lock:
            self._left[host] -= time.monotonic() - began
        for one, answer in zip(wanted.values(), answers, strict=True):
            if isinstance(answer, ImagebotError):
                place = one.question.repository
                self._world.tell(SourceUnasked(f"{place.host}/{place.path}", str(answer)))
        return {
            number: answer for number, answer in zip(wanted, answers, strict=True) if isinstance(answer, SourceChanges)
        }

    def _answer(self, one: _Wanted) -> SourceChanges:
        """In a thread, which may end after the pass: what it hears is kept for the next one."""
        place = one.question.repository
        forge = self._world.source_forge(self._world.settings.source_forges[place.host])
        with self._lock:
            if place.host not in self._begun:
                self._begun.add(place.host)
                forge.begin(self._memory)
        wanted = SourceSpan(one.question.commits, one.question.was, one.question.becomes)
        try:
            changes = forge.changes(place.path, wanted)
        except NotFound:
            changes = SourceChanges(because=f"{place.host} shows us no such repository", unsure=True)
        except BadResponse:
            because = f"{place.host} answers nothing that makes sense when asked what changed"
            changes = SourceChanges(because=because, unsure=True)
        except ToldToWait:
            raise
        except ImagebotError:
            self._memory.count(_ASKED, one.key, [self._memory.now])
            raise
        if changes.awaited:
            self._memory.count(_ASKED, one.key, [self._memory.now])
        self._memory.has_source_changes(one.key, changes)
        return changes


def _with(beside: ImageFacts, changes: SourceChanges | None) -> ImageFacts:
    if changes is not None and not changes.awaited:
        return replace(beside, changes=changes)
    return replace(beside, changes=changes, unasked=(*beside.unasked, SOURCE))


def _told(known: tuple[datetime, SourceChanges] | None) -> SourceChanges | None:
    return None if known is None else known[1]
