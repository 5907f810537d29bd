"""What is called about is looked at soon, each once, and not more often than is good."""

from __future__ import annotations

from dataclasses import dataclass, field

from imagebot.webhooks.hints import APART_S, MOST_PENDING, Hints
from imagebot.webhooks.subject import PushedImage, Subject

ONE, TWO = PushedImage("reg.test", "one"), PushedImage("reg.test", "two")


@dataclass
class Clock:
    now: float = 100.0
    hints: Hints = field(init=False)

    def __post_init__(self) -> None:
        self.hints = Hints(lambda: self.now)


def test_what_comes_often_is_looked_at_once() -> None:
    hints = Clock().hints
    for _ in range(3):
        assert hints.add("hub", [ONE, TWO])
    assert hints.take() == [ONE, TWO]
    assert hints.take() == []
    assert hints.seconds_left() is None


def test_what_comes_after_a_look_waits_and_is_not_lost() -> None:
    clock = Clock()
    clock.hints.add("hub", [ONE])
    clock.hints.take()
    clock.now += 5.0
    clock.hints.add("hub", [ONE])
    assert clock.hints.take() == []
    assert clock.hints.seconds_left() == APART_S - 5.0
    clock.hints.add("hub", [TWO])
    assert clock.hints.seconds_left() == 0.0
    assert clock.hints.take() == [TWO]
    clock.now += APART_S - 5.0
    assert clock.hints.take() == [ONE]


def test_a_whole_pass_has_seen_all_that_waits() -> None:
    hints = Clock().hints
    hints.add("hub", [ONE])
    hints.forget()
    assert hints.take() == []
    hints.add("hub", [ONE])
    assert hints.take() == [ONE]


def test_no_flood_of_names_takes_more_room_than_there_is() -> None:
    hints = Clock().hints
    names: list[Subject] = [PushedImage("reg.test", f"a{number}") for number in range(MOST_PENDING + 5)]
    assert not hints.add("hub", names)
    assert not hints.add("hub", [ONE])
    assert hints.add("hub", names[:1])
    assert hints.add("another", [ONE])
    assert len(hints.take()) == MOST_PENDING + 1
    assert hints.add("hub", [ONE])


def test_what_two_were_called_about_is_looked_at_once() -> None:
    hints = Clock().hints
    hints.add("hub", [ONE, TWO])
    hints.add("another", [TWO, ONE])
    assert hints.take() == [ONE, TWO]
    assert hints.seconds_left() is None
