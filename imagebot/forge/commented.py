"""What people ask for by a comment, where pull requests have neither labels nor boxes that tick: `imagebot rebuild`.

To the other rooms it is as if a label were there. Taking that off says in a comment of ours up to which one we heard
that wish: so the pull request itself remembers it, and another wish in between is not lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from imagebot.pulls.commands import RELEASE, Command

_ASKED = re.compile(r"(?i:imagebot) +(rebuild|hold|retry|release)", re.ASCII)
# Of no wish in particular, as it was written at first, it is of all.
_HEARD = re.compile(r"imagebot:heard ([0-9]{1,16})\b((?: (?:rebuild|retry))*)", re.ASCII)
_STAYS = (Command.HOLD, RELEASE)


@dataclass(frozen=True, slots=True)
class PullComment:
    """A comment: its number, which grows, by whom, and its text."""

    number: int
    author: str
    text: str


def labels(said: Iterable[PullComment], us: str, may: Callable[[str], bool]) -> tuple[str, ...]:
    """The labels that stand for what is asked for and not done. `us` wrote what tells how far we heard; `may` tells
    whether somebody may write to the repository: others are not heard.

    A comment counts if it says nothing else. A hold holds until a release.
    """
    there = sorted(said, key=lambda one: one.number)
    marks = [found for one in there if us and one.author == us for found in _HEARD.finditer(one.text)]

    def is_done(number: int, wish: str) -> bool:
        return any(number <= int(mark[1]) and (not mark[2] or wish in mark[2].split()) for mark in marks)

    wishes = [(one.number, wish) for one in there if (wish := _wish(one)) and may(one.author)]
    holding = [wish for _, wish in wishes if wish in _STAYS][-1:]
    wanted = {wish for number, wish in wishes if wish not in _STAYS and not is_done(number, wish)}.union(holding)
    return tuple(wish.label for wish in Command if wish in wanted)


def done(said: Iterable[PullComment], names: Sequence[str]) -> str:
    """The comment that says that these labels are seen to."""
    wishes = [name.removeprefix("imagebot/") for name in names]
    last = max((one.number for one in said if _wish(one) in wishes), default=0)
    words = " and ".join(f"`{wish}`" for wish in wishes)
    return f"Heard: {words}.\n\n<!-- imagebot:heard {last} {' '.join(wishes)} -->"


def _wish(one: PullComment) -> str:
    """What a comment asks for; empty for nothing."""
    found = _ASKED.fullmatch(one.text.strip())
    return found[1] if found else ""
