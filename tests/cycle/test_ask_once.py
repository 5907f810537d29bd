"""One question, many who ask."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from imagebot.cycle.ask_once import AskOnce
from imagebot.errors import NotFound, Stopped


def test_whoever_asks_meanwhile_waits_for_the_one_answer() -> None:
    begun, go_on = threading.Event(), threading.Event()
    asked: list[str] = []

    def slow(key: str) -> str:
        asked.append(key)
        begun.set()
        assert go_on.wait(10)
        return key.upper()

    once = AskOnce(slow)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(once, "a")
        assert begun.wait(10)
        assert once.known("a") is None
        others = [pool.submit(once, "a") for _ in range(6)]
        go_on.set()
        assert {one.result(10) for one in (first, *others)} == {"A"}
    assert (asked, once.known("a"), once.known("b")) == (["a"], "A", None)


def test_a_failure_is_an_answer_too() -> None:
    asked: list[str] = []

    def none(key: str) -> str:
        asked.append(key)
        raise NotFound(f"no {key}")

    once = AskOnce(none)
    for _ in range(3):
        with pytest.raises(NotFound, match="no a"):
            once("a")
    assert (asked, once.known("a")) == (["a"], None)


def test_being_told_to_stop_is_none() -> None:
    stops: list[type[BaseException]] = [Stopped, KeyboardInterrupt]

    def stopped_at_first(key: str) -> str:
        if stops:
            raise stops.pop()
        return key

    once = AskOnce(stopped_at_first)
    for stop in list(reversed(stops)):
        with pytest.raises(stop):
            once("a")
    assert once("a") == "a"
