"""What bots do to the world, one thing at a time, and the troubles that can strike it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Literal

Kind = Literal["request", "fetch", "push", "save"]
"""A request to the forge; a fetch, a push; a save of what must be remembered."""

KILLED = "killed"
KILLED_AFTER = "killed after"
TROUBLES: Mapping[Kind, tuple[str, ...]] = {
    "request": (
        KILLED,
        KILLED_AFTER,
        "500",
        "500 after",
        "502",
        "502 after",
        "slow down",
        "banned",
        "422",
        "reset",
        "reset after",
        "truncated",
        "truncated after",
        "hang",
        "hang after",
    ),
    "fetch": (KILLED, KILLED_AFTER, "hung up"),
    "push": (KILLED, KILLED_AFTER, "hung up", "hung up half way", "hung up after", "rejected", "raced"),
    "save": (KILLED, KILLED_AFTER, "no space"),
}
"""What can happen to an operation: before it has its effect or, where it says so, after."""


@dataclass(frozen=True)
class Operation:
    """What a bot is about to do; `branches` are those of a push, `moved` those of them that it does not delete.

    One thing is done at a time; `queued` is what stood in line while another was done, by another thread of the bot.
    """

    kind: Kind
    branches: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    queued: bool = False


BANS: Mapping[str, int] = {"slow down": 60, "banned": 600}
"""Troubles after which no request may come for so many seconds: the rest of a pass, or the next pass as well."""


@dataclass(frozen=True)
class Moment:
    """When a pass takes place: by the clock on the wall, which people set back and forth, and by one that only goes on,
    in seconds.
    """

    now: datetime
    seconds: float


@dataclass(frozen=True)
class Told:
    """A pass that came to its end: what was decided and done, in words, and what it cost. Without: it was given up."""

    lines: tuple[str, ...]
    pushes: int = 0
    writes: int = 0
    done: bool = True


@dataclass(frozen=True)
class Step:
    """An operation as it was met: the number `number` of its pass, and the request `call` of those the forge saw."""

    bot: str
    number: int
    operation: Operation
    trouble: str
    call: int


def in_turns(passes: Mapping[str, Iterator[None]], dice: Random, switch: float) -> None:
    """Run all of them to their end, each from one operation to the next; `switch` is how likely another one goes on."""
    alive = sorted(passes)
    now = dice.choice(alive)
    while alive:
        if now not in alive or dice.random() < switch:
            now = dice.choice(alive)
        if next(passes[now], alive) is alive:
            alive.remove(now)
