"""The choice by tags alone: what `imagebot select` and the tests of a policy ask for, where nothing else is known."""

from __future__ import annotations

from dataclasses import dataclass

from imagebot.policy.trial import PolicyTest, Trial
from imagebot.selection.rank import Ranking, rank
from imagebot.selection.reasons import downgrade, newest, nothing_fits, now_says
from imagebot.selection.verdict import Deployed
from imagebot.versions.commit import History
from imagebot.versions.known import OrderInputs


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


def failure(trial: Trial) -> str | None:
    """Why a test of a policy fails, in words; `None` if it does not."""
    test = trial.test
    deployed = () if test.current is None else (test.current,)
    ranking = rank(trial.watch, test.tags, deployed, _known(test))
    choice = choose(ranking, test.current, "current")
    if choice.tag != test.chosen:
        chosen = "nothing" if choice.tag is None else choice.tag
        return f"{chosen} is chosen: {choice.because}{_instead(ranking, test.chosen)}"
    if test.because is not None and test.because not in choice.because:
        return f"{choice.tag or 'nothing'} is chosen for another reason: {choice.because}"
    return None


def _known(test: PolicyTest) -> OrderInputs:
    return OrderInputs(dict(test.created), History("the branch", test.history) if test.history else None)


def _instead(ranking: Ranking, wanted: str | None) -> str:
    """What is said of the tag that the test wants."""
    if wanted is None:
        return ""
    if wanted not in ranking.tags:
        return f"; {wanted} is not among the tags"
    for refusal in ranking.among([wanted]).refused:
        return f"; {refusal.because}"
    return f"; {wanted} fits, too, and comes after it"


def _some(tags: tuple[str, ...]) -> str:
    more = f" and {len(tags) - 1} more were" if len(tags) > 1 else " was"
    return f"{tags[0]}{more}"
