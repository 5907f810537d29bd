"""What people ask of the bot in a pull request: a box that they tick in its body, or a label that they put on it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum


class Command(StrEnum):
    """Its value is the name of the box's mark and of the label: `imagebot/rebuild`."""

    REBUILD = "rebuild"
    HOLD = "hold"
    RETRY = "retry"

    @property
    def label(self) -> str:
        return f"imagebot/{self}"


RELEASE = "release"
"""What ends a hold, where people ask by comments."""
_SAYS = {
    Command.REBUILD: "**Rebuild** the branch from {base}, also if somebody committed to it: their commits go",
    Command.HOLD: "**Hold**: leave branch and words as they are for as long as this is {stands}",
    Command.RETRY: "**Try again**: write this with fresh facts or, if it was closed, propose these versions after all",
}
_TICKED = re.compile(r"^ {0,3}[-*+] \[[xX]\] <!-- imagebot:(rebuild|hold|retry) -->", re.MULTILINE)


def boxes(base: str) -> str:
    """The boxes to tick; `base` is the branch that is merged into, made inert."""
    lines = [
        f"- [ ] <!-- imagebot:{wish} --> {says.format(base=base, stands='ticked')} (or the label `{wish.label}`)"
        for wish, says in _SAYS.items()
    ]
    return "\n".join(lines)


def comments(base: str) -> str:
    """The same where pull requests have neither boxes nor labels: what a comment may say."""
    stands = f"the last word: `imagebot {RELEASE}` ends it"
    lines = [f"- `imagebot {wish}`: {says.format(base=base, stands=stands)}" for wish, says in _SAYS.items()]
    return "\n".join(["**Ask imagebot** by a comment that says just one of these, if you may write here:", "", *lines])


def asked(body: str, labels: Iterable[str]) -> frozenset[Command]:
    """What a pull request asks for; a mark of ours counts only right behind a ticked box at the beginning of a line."""
    ticked = {Command(name) for name in _TICKED.findall(body)}
    there = {label.strip().lower() for label in labels}
    return frozenset(ticked | {wish for wish in Command if wish.label in there})
