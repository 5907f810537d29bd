"""What every forge asks of a proposal before it writes: what is still lacking, and what must not be lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from imagebot.errors import WorldError
from imagebot.plan import block

TEAM = "team:"
_DRAFT = re.compile(r"(?:draft:|\[draft\]|\(draft\)|wip:|\[wip\])\s*", re.ASCII | re.IGNORECASE)


def lacking(there: Iterable[str], wanted: Sequence[str]) -> list[str]:
    """Those of `wanted` that are not there; on no forge do labels or logins differ by case alone."""
    known = {name.lower() for name in there}
    return [name for name in dict.fromkeys(wanted) if name.lower() not in known]


def unfinished(body: str) -> str:
    """The body with another fingerprint. Some forges take labels, reviewers and assignees only once the pull request is
    open; until the true body is written at the end, a pass that was killed in between leaves one to be rewritten.
    """
    found = block.read(body)
    if found is None:
        return body
    return body.replace(block.write(found), block.write(replace(found, fingerprint="unfinished")))


def ask_for_review(
    reviewers: Sequence[str],
    send: Callable[[str, Mapping[str, Sequence[str]]], object],
    not_given: tuple[type[WorldError], ...],
) -> list[str]:
    """Ask people and teams for a review where the forge refuses all if it refuses one: all at once, then one by one.

    `send` is handed their names in words and the body of the request. Returns what the forge would not do, in words.
    """
    if not reviewers:
        return []
    people = [name for name in reviewers if not name.startswith(TEAM)]
    teams = [name.removeprefix(TEAM) for name in reviewers if name.startswith(TEAM)]
    body = {key: names for key, names in (("reviewers", people), ("team_reviewers", teams)) if names}
    try:
        send(", ".join(reviewers), body)
    except not_given as error:
        if len(reviewers) == 1:
            return [str(error)]
        return [warning for name in reviewers for warning in ask_for_review([name], send, not_given)]
    return []


def still_draft(there: str, wanted: str) -> str:
    """The wanted title. Where a draft is one by the beginning of its title, that was a person's deed and stays."""
    drafted = _DRAFT.match(there)
    return drafted[0] + wanted if drafted and not _DRAFT.match(wanted) else wanted


def said_before(comment: str, said: Iterable[str]) -> bool:
    """Whether somebody said just this; forges take space off the end of what they are given."""
    return comment.strip() in (text.replace("\r\n", "\n").strip() for text in said)
