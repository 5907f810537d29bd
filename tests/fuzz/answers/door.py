"""A door at which answers come in: who asks what there, what the other side honestly says, and which answer slips."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from tests.fuzz.answers.http_slips import Http, with_slips
from tests.support.raw_server import Request

MOST_REQUESTS = 400
"""More than any question here has a use for: whoever sends more goes in a circle."""


@dataclass(frozen=True)
class Question:
    """`name` is for people; `honest` is the other side, `ask` is us, who are given its `host:port`."""

    name: str
    honest: Callable[[Request], Http]
    ask: Callable[[str], object]


class Circle(Exception):
    """Ours: the question was never done."""


@dataclass
class Slipping:
    """The other side, with slips. The `first` answer that slips is followed by others now and then; some stay wrong
    when they are asked for again.
    """

    question: Question
    host: str
    dice: Random
    first: int
    lasting: bool
    seen: int = 0
    slipped: int = 0
    told: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def reply(self, request: Request) -> bytes:
        """What goes out."""
        number, self.seen = self.seen, self.seen + 1
        key = (request.method, request.target)
        if key in self.told:
            return self.told[key]
        answer = self.question.honest(request)
        if number == self.first or (number > self.first and self.dice.random() < 0.1):
            self.slipped += 1
            raw = with_slips(answer, self.dice)
        else:
            raw = answer.raw()
        raw = raw.replace(b"HOST", self.host.encode())
        if self.slipped and self.lasting:
            self.told[key] = raw
        return raw


def slipping(question: Question, host: str, dice: Random) -> Slipping:
    """Most questions are over after one answer, so mostly the first one slips."""
    return Slipping(question, host, dice, dice.choice((0, 0, 0, 0, 1, 1, 2, 3)), dice.random() < 0.5)
