"""What happens when: drawn from a seed, or written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Literal, get_args

from tests.faults.line import TROUBLES, Kind
from tests.faults.people import APPS, Outage

ForgeName = Literal["github", "gitlab", "gitea", "azure", "bitbucket cloud", "bitbucket data center"]
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
    "update-by-rebase",
    "rebuild",
    *("close",) * 2,
    *("merge",) * 2,
    "merge-keeping",
    "merge-by-rebase",
    "squash",
    "squash-title",
    "squash-keeping",
    *("revert",) * 2,
    *("amend",) * 2,
)
_OUTAGES: tuple[Outage, ...] = ("silent", "hollow", "hollow", "broken")
_CLOCKS = (-60, 60, -1440, 2880)
_LATEST = 14  # operations of a pass that opens two pull requests


At = int | Kind
"""Which operation of a pass: by its number, or the first of its kind."""


@dataclass(frozen=True)
class Round:
    """People's `actions`, then a pass of each of `bots`, all at once.

    Before, the bots named in `forgetful` are started anew without their state. `outage` is of the registry; by `clock`
    many minutes the clock on the wall is wrong, in this round alone.
    `troubles` and `meanwhile`, which people do right before an operation, are by bot and operation. A trouble is one of
    those that an operation of its kind can meet: its words, or a number that stands for one of them. `switch` is how
    likely the other bot goes on.
    """

    actions: tuple[str, ...] = ()
    bots: tuple[str, ...] = ("one",)
    troubles: Mapping[tuple[str, At], int | str] = field(default_factory=dict)
    meanwhile: Mapping[tuple[str, At], str] = field(default_factory=dict)
    switch: float = 0.0
    forgetful: tuple[str, ...] = ()
    outage: Outage = ""
    clock: int = 0

    def trouble(self, bot: str, at: At, kind: Kind) -> str:
        """What an operation of this kind meets; empty for nothing."""
        due = self.troubles.get((bot, at), "")
        if isinstance(due, int):
            return TROUBLES[kind][due % len(TROUBLES[kind])]
        return due if due in TROUBLES[kind] else ""

    def __str__(self) -> str:
        words = [f"people: {', '.join(self.actions)}"] if self.actions else []
        words += [f"{name} loses its state" for name in self.forgetful]
        words += [f"the registry is {self.outage}"] * bool(self.outage)
        words += [f"the clock is wrong by {self.clock} minutes"] * bool(self.clock)
        words.append(f"bots: {' and '.join(self.bots)}")
        words += [f"{bot} at {at}: {what}" for (bot, at), what in [*self.troubles.items(), *self.meanwhile.items()]]
        return "; ".join(words)


@dataclass(frozen=True)
class Schedule:
    """The rounds; after them nothing goes wrong any more. `last` are the bots whose passes settle everything.

    `name` is what `make faults ONLY=` calls it, `seed` what the order of two bots is drawn from. On a forge that takes
    `twins` two who ask at the same moment may both open a pull request.
    """

    name: str
    forge: ForgeName
    rounds: tuple[Round, ...]
    last: tuple[str, ...] = ("one", "one", "one")
    seed: int = 0
    grouped: bool = False
    twins: bool = False

    def __str__(self) -> str:
        lines = [f"  {number}. {each}" for number, each in enumerate(self.rounds, 1)]
        what = f"{self.forge}{', one group' * self.grouped}{', with twins' * self.twins}"
        return "\n".join([f"{self.name}: {what}, in the end {', '.join(self.last)}", *lines])


LIFE = (
    Round(),
    Round(("publish shop",)),
    Round(("commit shop",)),
    Round(("rebuild shop",)),
    Round(("by-hand shop",)),
    Round(("publish shop",)),
    Round(("squash-keeping shop",)),
    Round(("revert shop", "amend cart")),
    Round(("publish cart",), outage="hollow"),
)
"""Of a pull request: opened, brought to a newer version, left to a person, rebuilt for them, closed as moot. Of the
next: opened, merged with nothing but its title, taken back while the base is rewritten, unknown for want of manifests.
"""


def struck(name: str, forge: ForgeName, phase: int, trouble: tuple[int, str]) -> Schedule:
    """A phase of a life in which the operation of this number meets trouble."""
    number, what = trouble
    return Schedule(name, forge, (replace(LIFE[phase - 1], troubles={("one", number): what}),))


def drawn(seed: int) -> Schedule:
    """The schedule of a seed, the same one on every machine."""
    dice = Random(seed)
    forge = dice.choices(FORGES, (2, *(1 for _ in FORGES[1:])))[0]
    two = dice.random() < 0.4
    rounds = tuple(_round(dice, two=two) for _ in range(dice.randint(2, 4)))
    last = tuple(dice.choice(BOTS if two else BOTS[:1]) for _ in range(2))
    last = (*last, *(BOTS if two else BOTS[:1]))
    twins = forge == "gitea" and two and dice.random() < 0.7
    return Schedule(str(seed), forge, rounds, last, seed, grouped=dice.random() < 0.25, twins=twins)


def _round(dice: Random, *, two: bool) -> Round:
    actions = tuple(_deed(dice) for _ in range(dice.choice((0, 1, 1, 2, 3))))
    bots = BOTS if two and dice.random() < 0.7 else (dice.choice(BOTS if two else BOTS[:1]),)
    troubles = {_at(dice, bots): dice.randrange(10**6) for _ in range(dice.randint(0, 3))}
    meanwhile = {_at(dice, bots): _deed(dice) for _ in range(dice.choice((0, 0, 1, 2)))}
    forgetful = tuple(bot for bot in bots if dice.random() < 0.1)
    outage = dice.choice(_OUTAGES) if dice.random() < 0.15 else ""
    clock = dice.choice(_CLOCKS) if dice.random() < 0.15 else 0
    return Round(actions, bots, troubles, meanwhile, dice.choice((0.1, 0.3, 0.5)), forgetful, outage, clock)


def _at(dice: Random, bots: tuple[str, ...]) -> tuple[str, At]:
    """Half of them by kind: a push is the only one of its kind in a pass, and the most delicate."""
    places: tuple[At, ...] = (dice.randint(1, _LATEST), dice.choice(("push", "push", "save", "fetch")))
    return dice.choice(bots), dice.choice(places)


def _deed(dice: Random) -> str:
    return f"{dice.choice(_DEEDS)} {dice.choice(APPS)}"
