"""What happens when: drawn from a seed, or written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Literal, get_args

from tests.faults.line import TROUBLES, Kind
from tests.faults.people import APPS

ForgeName = Literal["github", "gitlab", "gitea"]
FORGES: tuple[ForgeName, ...] = get_args(ForgeName)
BOTS = ("one", "two")
_DEEDS = (
    *("publish",) * 4,
    "withdraw",
    "elsewhere",
    "by-hand",
    "back",
    "commit",
    "update-branch",
    "rebuild",
    *("close",) * 2,
    *("merge",) * 2,
    "merge-keeping",
    "squash",
)
_LATEST = 14  # operations of a pass that opens two pull requests


At = int | Kind
"""Which operation of a pass: by its number, or the first of its kind."""


@dataclass(frozen=True)
class Round:
    """People's `deeds`, then a pass of each of `bots`, all at once.

    Before, the bots named in `forgetful` are started anew without their state; in a `silent` round no registry answers.
    `troubles` and `meanwhile`, which people do right before an operation, are by bot and operation. A trouble is one of
    those that an operation of its kind can meet: its words, or a number that stands for one of them. `switch` is how
    likely the other bot goes on.
    """

    deeds: tuple[str, ...] = ()
    bots: tuple[str, ...] = ("one",)
    troubles: Mapping[tuple[str, At], int | str] = field(default_factory=dict)
    meanwhile: Mapping[tuple[str, At], str] = field(default_factory=dict)
    switch: float = 0.0
    forgetful: tuple[str, ...] = ()
    silent: bool = False

    def trouble(self, bot: str, at: At, kind: Kind) -> str:
        """What an operation of this kind meets; empty for nothing."""
        due = self.troubles.get((bot, at), "")
        if isinstance(due, int):
            return TROUBLES[kind][due % len(TROUBLES[kind])]
        return due if due in TROUBLES[kind] else ""

    def __str__(self) -> str:
        words = [f"people: {', '.join(self.deeds)}"] if self.deeds else []
        words += [f"{name} loses its state" for name in self.forgetful]
        words += ["no registry answers"] * self.silent
        words.append(f"bots: {' and '.join(self.bots)}")
        words += [f"{bot} at {at}: {what}" for (bot, at), what in [*self.troubles.items(), *self.meanwhile.items()]]
        return "; ".join(words)


@dataclass(frozen=True)
class Schedule:
    """The rounds; after them nothing goes wrong any more. `last` are the bots whose passes settle everything.

    `name` is what `make faults ONLY=` calls it, `seed` what the order of two bots is drawn from.
    """

    name: str
    forge: ForgeName
    rounds: tuple[Round, ...]
    last: tuple[str, ...] = ("one", "one", "one")
    seed: int = 0
    grouped: bool = False

    def __str__(self) -> str:
        lines = [f"  {number}. {each}" for number, each in enumerate(self.rounds, 1)]
        return "\n".join(
            [f"{self.name}: {self.forge}{', one group' * self.grouped}, in the end {', '.join(self.last)}", *lines]
        )


LIFE = (
    Round(),
    Round(("publish shop",)),
    Round(("commit shop",)),
    Round(("rebuild shop",)),
    Round(("by-hand shop",)),
)
"""Of a pull request: opened, brought to a newer version, left to a person, rebuilt for them, closed as moot."""


def called(name: str) -> Schedule:
    """The schedule of that name: a seed, or `FORGE/PHASE/NUMBER/TROUBLE` for one trouble in one phase of a life."""
    if name.isdecimal():
        return drawn(int(name))
    forge, phase, number, trouble = name.split("/")
    assert forge in FORGES, f"{name}: one of {FORGES} comes first"
    return struck(forge, int(phase), int(number), trouble)


def struck(forge: ForgeName, phase: int, number: int, trouble: str) -> Schedule:
    """A life in which this operation of this phase meets trouble."""
    *before, last = LIFE[:phase]
    rounds = (*before, replace(last, troubles={("one", number): trouble}))
    return Schedule(f"{forge}/{phase}/{number}/{trouble}", forge, rounds)


def drawn(seed: int) -> Schedule:
    """The schedule of a seed, the same one on every machine."""
    dice = Random(seed)
    forge = dice.choices(FORGES, (6, 1, 1))[0]
    two = dice.random() < 0.4
    rounds = tuple(_round(dice, two=two) for _ in range(dice.randint(2, 4)))
    last = tuple(dice.choice(BOTS if two else BOTS[:1]) for _ in range(2))
    return Schedule(str(seed), forge, rounds, (*last, *(BOTS if two else BOTS[:1])), seed, dice.random() < 0.25)


def _round(dice: Random, *, two: bool) -> Round:
    deeds = tuple(_deed(dice) for _ in range(dice.choice((0, 1, 1, 2, 3))))
    bots = BOTS if two and dice.random() < 0.7 else (dice.choice(BOTS if two else BOTS[:1]),)
    troubles = {_at(dice, bots): dice.randrange(10**6) for _ in range(dice.randint(0, 3))}
    meanwhile = {_at(dice, bots): _deed(dice) for _ in range(dice.choice((0, 0, 1, 2)))}
    forgetful = tuple(bot for bot in bots if dice.random() < 0.1)
    return Round(deeds, bots, troubles, meanwhile, dice.choice((0.1, 0.3, 0.5)), forgetful, dice.random() < 0.05)


def _at(dice: Random, bots: tuple[str, ...]) -> tuple[str, At]:
    """Half of them by kind: a push is the only one of its kind in a pass, and the most delicate."""
    places: tuple[At, ...] = (dice.randint(1, _LATEST), dice.choice(("push", "push", "save", "fetch")))
    return dice.choice(bots), dice.choice(places)


def _deed(dice: Random) -> str:
    return f"{dice.choice(_DEEDS)} {dice.choice(APPS)}"
