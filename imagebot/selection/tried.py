"""The tests of a policy: each is the choice by tags alone that it asks for, and what is wrong with that."""

from __future__ import annotations

from imagebot.policy.trial import PolicyTest, Trial
from imagebot.selection.choice import choose
from imagebot.selection.rank import Ranking, rank
from imagebot.versions.branch import History
from imagebot.versions.known import OrderInputs


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
