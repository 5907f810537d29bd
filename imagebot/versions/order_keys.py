"""What an order brings along: its keys in a policy file, its flags, and all that others need to know about it.

Each order's file has one `OrderKeys`. The policy's schema, the flags of `imagebot select`, the words of `lint` and the
pages of the reference are made from them: no other module names an order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from imagebot.documents.model import Model
from imagebot.versions.known import OrderInputs
from imagebot.versions.order import Order

Need = Literal["created", "history"]
"""What an order asks the world for besides tags: a part of `OrderInputs`."""


@dataclass(frozen=True, slots=True)
class OrderFlag:
    """A flag of `imagebot select`, without its dashes. It takes a text, one of some choices, or nothing.

    `commits`: its text is the name of a file with the commits of a branch, the newest first.
    """

    name: str
    help: str
    metavar: str = ""
    choices: tuple[str, ...] = ()
    commits: bool = False

    @property
    def is_switch(self) -> bool:
        """Whether it takes nothing."""
        return not self.metavar and not self.choices


@dataclass(frozen=True, slots=True)
class Settled:
    """Another key of the image that has one value beside an order, and why, where a person writes a different one."""

    value: str
    because: str


def _as_written(flags: Mapping[str, Any]) -> Mapping[str, Any]:
    return flags


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    """What is true of one order, whatever a person writes behind its key. All sentences are for people.

    `example` is a line of a policy file. `steps` are the kinds of updates that its `step` may answer besides `other`.
    `keys_from` makes of its flags what a policy file would have; where it is left out, each flag is the key of its
    name. `settles` are keys of the image by name, `excludes` are places below the image that mean nothing beside this
    order. `beside_others` says of each key of its own what it is told beside another `{order}` that does not have it.
    `moves`: it follows a tag that stands for another image each time. `finds_inside`: where nothing says which part
    of a tag is the version, it looks for it in the whole tag.
    """

    order: type[Order]
    example: str
    steps: tuple[str, ...] = ()
    flags: tuple[OrderFlag, ...] = ()
    keys_from: Callable[[Mapping[str, Any]], Mapping[str, Any]] = _as_written
    needs: frozenset[Need] = frozenset()
    settles: Mapping[str, Settled] = field(default_factory=dict)
    excludes: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    beside_others: Mapping[str, str] = field(default_factory=dict)
    moves: bool = False
    finds_inside: bool = False


class OrderKeys(Model):
    """An order's key in a policy file, named like the order, and keys that mean something beside it alone."""

    facts: ClassVar[OrderFacts]

    def build(self, known: OrderInputs) -> Order:
        """The order that its key, which is there, describes."""
        raise NotImplementedError
