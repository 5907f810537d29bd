"""Whether a verdict is enough to close a pull request by: what that proposes may only be missing from a list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from imagebot.cycle.checkout import Checkout
from imagebot.cycle.fetch_facts import FactQuestion, witnesses
from imagebot.cycle.tag_lists import Listed
from imagebot.errors import WorldError
from imagebot.images.reference import ImageName
from imagebot.plan.decision import WatchDecision
from imagebot.policy.model import Policy
from imagebot.selection.doubts import Cut, Doubt, cut_short
from imagebot.selection.verdict import Unknown, Update


def believed(question: FactQuestion, listed: Listed, line: WatchDecision) -> WatchDecision:
    """`line`, and whether it is sure of what is not on the list of tags.

    What an open pull request proposes is asked for by name if it is not listed, also where it would be moved to another
    version: a list that was cut long ago is still cut. Not where a branch says that there is none.
    """
    checkout, image = question.here.checkout, line.watch.image
    if listed.doubt is not None and listed.doubt.stands(checkout.memory.now):
        return _doubted(line, listed.doubt)
    if isinstance(line.verdict, Unknown) or question.branch not in checkout.heads.branches:
        return line
    moves = isinstance(line.verdict, Update)
    try:
        tags = proposed(checkout, question.policy, image, [question.branch])
        odd = witnesses(question.here).listing(listed, tags, ())
    except WorldError:
        return line if moves else replace(line, believed=False)
    if isinstance(odd, Cut):
        return replace(line, verdict=Unknown(cut_short(image.familiar, odd)))
    return line if moves or odd is None or not odd.stands(checkout.memory.now) else _doubted(line, odd)


def _doubted(line: WatchDecision, doubt: Doubt) -> WatchDecision:
    """What is decided closes nothing, and says why."""
    verdict = line.verdict
    told = verdict if str(doubt) in verdict.because else replace(verdict, because=f"{verdict.because}; {doubt}")
    return replace(line, verdict=told, believed=False)


def proposed(checkout: Checkout, policy: Policy, image: ImageName, branches: Iterable[str]) -> list[str]:
    """The tags of an image that the open pull requests of these branches propose. Raises `WorldError`."""
    found: list[str] = []
    for branch in branches:
        told = checkout.pull_requests.told(branch) if branch in checkout.heads.branches else None
        if told is not None:
            wanted = (policy.app, str(image))
            found += [item.tag for item in told.proposed if (item.app, item.image) == wanted]
    return found
