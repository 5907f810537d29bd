"""The choice by tags alone: what `imagebot select` and the tests of a policy ask for, where nothing else is known."""

from __future__ import annotations

from dataclasses import dataclass

from imagebot.selection.rank import Ranking
from imagebot.selection.reasons import downgrade, newest, nothing_fits, now_says
from imagebot.selection.verdict import Deployed


@dataclass(frozen=True, slots=True)
class Choice:
    """The tag that should be deployed (`None`: none fits), the state in a word or two, and why."""

    tag: str | None
    state: str
    because: str


def choose(ranking: Ranking, current: str | None, where: str) -> Choice:
    """What should be deployed where `current` is; `where` names its place for people."""
    if ranking.needs:
        return Choice(None, "unknown", f"nobody says when {_some(ranking.needs)} made")
    if ranking.best is None:
        return Choice(None, "no candidate", nothing_fits(ranking))
    why = newest(ranking, ranking.best)
    if current is None:
        return Choice(ranking.best.tag, "chosen", why)
    if current == ranking.best.tag:
        return Choice(current, "up to date", why)
    field = Deployed(current, None, where)
    here, best = ranking.place(current), ranking.place(ranking.best.tag)
    if here is not None and best is not None and here > best:
        return Choice(current, "held (downgrade)", downgrade(ranking, field, current, why))
    return Choice(ranking.best.tag, "update", f"{why} ({now_says(ranking, ranking.best, [field])})")


def _some(tags: tuple[str, ...]) -> str:
    more = f" and {len(tags) - 1} more were" if len(tags) > 1 else " was"
    return f"{tags[0]}{more}"
