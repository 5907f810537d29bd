"""The bot's part of a pull request's body, and what people wrote around it, which stays when that part is written anew.

The part begins with a mark and ends with the machine block. Where people took the mark away it begins with the heading,
else at the very top; where they took the block away it ends with the body. In between nothing of theirs is kept.
"""

from __future__ import annotations

import re

from imagebot.pulls import block

BEGIN = "<!-- imagebot:begin -->"
YOURS = (
    "**Your own words** stay if they stand above or below this description, and so does a title of your own; what is"
    " written into the description goes when that is written anew."
)
_HEADING = re.compile(r"^### `", re.MULTILINE)
# Ours in their words: copied from elsewhere, it would be heeded for ever.
_MARK = re.compile(r"<!-- imagebot:[^>\n]*-->")
_UPDATING = "updating "
_NOTICE = "> **Being updated**: what stands here is about what the branch held before."


def framed(description: str) -> str:
    """A description as the bot's part of a body; the machine block is to follow."""
    return f"{BEGIN}\n{description}"


def words(body: str) -> tuple[str, str]:
    """What people wrote above and below the bot's part, with no mark of ours in it."""
    begin, end = _span(body)
    above, below = (_MARK.sub("", text).replace("\r\n", "\n").strip() for text in (body[:begin], body[end:]))
    return above, below


def around(there: str, wanted: str) -> str:
    """The wanted body, which is the bot's alone, with the words that people wrote around the one there."""
    if BEGIN not in wanted:
        return wanted
    above, below = words(there)
    return "\n\n".join(text for text in (above, wanted.strip(), below) if text) + "\n"


def updating(body: str) -> str:
    """The body while its branch moves: it says so, and the next pass knows that there is more to do."""
    found = block.read(body)
    if found is None or found.fingerprint.startswith(_UPDATING):
        return body
    begin, _ = _span(body)
    rest = body[begin:].removeprefix(BEGIN).lstrip()
    marked = f"{body[:begin]}{framed(_NOTICE)}\n\n{rest}"
    return block.stamped(marked, fingerprint=_UPDATING + found.fingerprint)


def settled(body: str) -> str:
    """The body as it was before `updating`."""
    found = block.read(body)
    if found is None or not found.fingerprint.startswith(_UPDATING):
        return body
    fingerprint = found.fingerprint.removeprefix(_UPDATING)
    return block.stamped(re.sub(rf"{re.escape(_NOTICE)}\s*", "", body, count=1), fingerprint=fingerprint)


def _span(body: str) -> tuple[int, int]:
    """Where the bot's part begins and ends."""
    ending = block.last(body)
    end = len(body) if ending is None else ending.end()
    begin = body.rfind(BEGIN, 0, end)
    if begin < 0:
        heading = _HEADING.search(body, 0, end)
        begin = heading.start() if heading else end if ending is None else 0
    return begin, end
