"""Names that end up in git's arguments: what does not fit the grammar never reaches git."""

from __future__ import annotations

import re

from imagebot import gitnames
from imagebot.errors import BadInput

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)


def branch_name(text: str) -> str:
    """`text`, if it may name a branch; raises `BadInput`."""
    try:
        return gitnames.branch_name(text)
    except ValueError as error:
        raise BadInput(str(error)) from None


def is_branch(text: str) -> bool:
    """Whether a branch may have this name; remotes tell of others."""
    try:
        gitnames.branch_name(text)
    except ValueError:
        return False
    return True


def branch_prefix(text: str) -> str:
    """`text`, if a branch's name may begin with it or be it; raises `BadInput`."""
    branch_name(f"{text}x")
    return text


def commit_id(text: str) -> str:
    """`text`, if it is a full object id (SHA-1 or SHA-256); raises `BadInput`."""
    if not _COMMIT.fullmatch(text):
        raise BadInput(f"{text!r} is no commit id: it has 40 or 64 hexadecimal digits, in lower case")
    return text
