"""Questions that are asked once, whoever asks them and from whichever thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from imagebot.errors import ImagebotError, Stopped

Key = TypeVar("Key", bound=Hashable)
Answer = TypeVar("Answer")


@dataclass
class _Asked(Generic[Answer]):
    """One question; no `answers` yet: nobody got that far."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    answers: list[Answer | ImagebotError] = field(default_factory=list)


class AskOnce(Generic[Key, Answer]):
    """Remembers what `question` answered for each key, and what it failed with: who asks meanwhile waits for that.

    What ends the thread that asks, such as being told to stop, is no answer: the next one asks anew.
    """

    def __init__(self, question: Callable[[Key], Answer]) -> None:
        self._question = question
        self._lock = threading.Lock()
        self._asked: dict[Key, _Asked[Answer]] = {}

    def __call__(self, key: Key) -> Answer:
        with self._lock:
            asked = self._asked.setdefault(key, _Asked())
        with asked.lock:
            if not asked.answers:
                asked.answers.append(self._answer(key))
        (answer,) = asked.answers
        if isinstance(answer, ImagebotError):
            raise answer
        return answer

    def known(self, key: Key) -> Answer | None:
        """The answer, if there is one already."""
        with self._lock:
            asked = self._asked.get(key)
        found = [] if asked is None else [each for each in asked.answers if not isinstance(each, ImagebotError)]
        return found[0] if found else None

    def _answer(self, key: Key) -> Answer | ImagebotError:
        try:
            return self._question(key)
        except Stopped:
            raise
        except ImagebotError as error:
            return error
