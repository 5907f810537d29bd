"""A value that takes long to make keeps only its own object's readers waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from imagebot.cycle.lazy_property import once

LONG = 60.0


@dataclass
class Forge:
    """`pulls` is what `ask` returns."""

    ask: Callable[[], object]

    @once
    def pulls(self) -> object:
        return self.ask()


def test_one_that_is_silent_keeps_no_other_waiting() -> None:
    asked, over = threading.Event(), threading.Event()

    def silence() -> str:
        asked.set()
        assert over.wait(LONG)
        return "at last"

    silent = Forge(silence)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(lambda: silent.pulls)
        assert asked.wait(LONG)
        assert pool.submit(lambda: Forge(lambda: "at once").pulls).result(LONG) == "at once"
        over.set()
        assert waiting.result(LONG) == "at last"


def test_it_is_made_once_by_however_many_threads() -> None:
    made: list[int] = []
    together = threading.Barrier(4)

    def make() -> int:
        made.append(1)
        return len(made)

    def read() -> object:
        together.wait(LONG)
        return forge.pulls

    forge = Forge(make)
    with ThreadPoolExecutor(4) as pool:
        assert [each.result(LONG) for each in [pool.submit(read) for _ in range(4)]] == [1, 1, 1, 1]


def test_what_was_raised_is_not_kept() -> None:
    answers = ["yes", ""]

    def ask() -> str:
        answer = answers.pop()
        if not answer:
            raise ValueError("no")
        return answer

    forge = Forge(ask)
    with pytest.raises(ValueError, match="no"):
        assert forge.pulls
    assert forge.pulls == "yes"
