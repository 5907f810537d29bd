"""What the bot says under a pull request: each once, and in the same words however often it is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from imagebot.plan.change import Change
from imagebot.plan.obsolete import Moot, Why
from imagebot.pulls.block import Proposed
from imagebot.pulls.commands import Command
from imagebot.review.escape import code, prose

_MOST_TOLD = 20


_CLOSED = {
    Why.SETTLED: "{base} already has what this proposed",
    Why.OVERTAKEN: "{base} has moved on from what this proposed",
    Why.TAKEN_BACK: "this is taken back, for now",
    Why.DOWNGRADE: "this would be a step down now",
    Why.BY_HAND: "this version is held by hand",
    Why.ROLLED_BACK: "this version was rolled back",
    Why.EXCLUDED: "the policy does not let this version in any more",
    Why.NOTHING_FITS: "nothing fits the policy any more",
    Why.WITHDRAWN: "the registry no longer has what this proposed",
    Why.MOVED: "this is proposed elsewhere now",
    Why.GONE: "no policy asks for this any more",
}


def closing(moot: Moot, base: str) -> str:
    """The comment with which the bot closes its own pull request into `base`."""
    after = " What may run then is proposed anew." if moot.why is Why.TAKEN_BACK else ""
    because = _CLOSED[moot.why].format(base=code(base))
    return f"Closed by imagebot: {because}. {_capital(prose(moot.because))}.{after}"


def closed_because(moot: Moot, base: str) -> str:
    """The same for the report and the log."""
    return f"{_CLOSED[moot.why].format(base=base)}: {moot.because}"


def superseded(before: Sequence[Proposed], change: Change) -> str:
    """What an open pull request proposes now instead of `before`; empty if that is the same."""
    told = list(_moved(before, change))
    if not told:
        return ""
    more = [f"- and {len(told) - _MOST_TOLD} more"] if len(told) > _MOST_TOLD else []
    if len(told) == 1:
        return f"Updated: {told[0]}."
    return "\n".join(["Updated:", "", *(f"- {line}" for line in told[:_MOST_TOLD]), *more])


def doubled(number: int) -> str:
    """The comment with which the bot closes the younger of two pull requests of one branch."""
    return (
        f"Closed by imagebot: pull request {number} is about the same branch, and one is enough. What was written here"
        " can still be read here; nothing is refused by this."
    )


def frozen_comment(who: str, commit: str, branch: str, *, labels: bool) -> str:
    """Said once, when the bot first meets a commit of somebody else on its branch. `labels`: whether there are any."""
    boxes = f"tick **Rebuild** above or add the label {code(Command.REBUILD.label)}"
    way = boxes if labels else f"say {code(f'imagebot {Command.REBUILD}')} in a comment, and nothing else there"
    return (
        f"{code(who)} committed {code(commit)} to {code(branch)}. That is safe: imagebot leaves branch and"
        f" words to people from now on. To let it rebuild the branch without that commit, {way}."
    )


def _moved(before: Sequence[Proposed], change: Change) -> Iterator[str]:
    known = {item.image: item for item in before}
    proposed = {str(update.image): update for update in change.updates}
    several = len(known.keys() | proposed.keys()) > 1
    for image, update in proposed.items():
        item = known.get(image)
        name = f"{code(update.image.familiar)} " if several else ""
        because = f", because {prose(update.because)}"
        if item is None:
            yield f"{name}{code(update.new.tag)} is new here{because}"
        elif item.tag != update.new.tag:
            yield f"{name}{code(item.tag)} → {code(update.new.tag)}{because}"
        elif item.digest != update.new.digest:
            yield f"{name}{code(update.new.tag)} is {code(update.new.digest or 'without a digest')} now{because}"
    for image in sorted(known.keys() - proposed.keys()):
        yield f"{code(image)} {code(known[image].tag)} is no longer part of this"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
