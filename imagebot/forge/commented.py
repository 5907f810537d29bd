"""What people ask for by a comment, where pull requests have neither labels nor boxes that tick: `imagebot rebuild`.

To the other rooms it is as if a label were there. Taking that off says in a comment of ours up to which one we heard:
so the pull request itself remembers it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from imagebot.pulls.commands import RELEASE, Command

_ASKED = re.compile(r"(?i:imagebot) +(rebuild|hold|retry|release)", re.ASCII)
_HEARD = re.compile(r"imagebot:heard ([0-9]{1,16})\b", re.ASCII)
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
    marks = (found for one in there if us and one.author == us for found in _HEARD.finditer(one.text))
    heard = max((int(found[1]) for found in marks), default=0)
    asked = [(one, found[1]) for one in there if (found := _ASKED.fullmatch(one.text.strip()))]
    wishes = [(one.number, wish) for one, wish in asked if may(one.author)]
    holding = [wish for _, wish in wishes if wish in _STAYS][-1:]
    wanted = {wish for number, wish in wishes if number > heard and wish not in _STAYS}.union(holding)
    return tuple(wish.label for wish in Command if wish in wanted)


def done(said: Iterable[PullComment], names: Sequence[str]) -> str:
    """The comment that says that these labels are seen to."""
    last = max((one.number for one in said), default=0)
    words = " and ".join(f"`{name.removeprefix('imagebot/')}`" for name in names)
    return f"Heard: {words}.\n\n<!-- imagebot:heard {last} -->"
