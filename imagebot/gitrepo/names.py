"""Names that end up in git's arguments: what does not fit the grammar never reaches git."""

from __future__ import annotations

import re

from imagebot.errors import BadInput

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|\Z)|\A[-/.]|[/.]\Z", re.ASCII)
_COMPONENT_BYTES = 240


def branch_name(text: str) -> str:
    """`text`, if git would take it as a branch's name; raises `BadInput`.

    The rules are those of git-check-ref-format(1) with `--branch`, and a length that fits into a file's name.
    """
    if not text or _FORBIDDEN.search(text) or text in ("@", "HEAD") or not _fits(text):
        raise BadInput(f"{text!r} is no name for a git branch: see `git help check-ref-format`")
    return text


def branch_prefix(text: str) -> str:
    """`text`, if branch names may begin with it; raises `BadInput`."""
    branch_name(f"{text}x")
    return text


def commit_id(text: str) -> str:
    """`text`, if it is a full object id (SHA-1 or SHA-256); raises `BadInput`."""
    if not _COMMIT.fullmatch(text):
        raise BadInput(f"{text!r} is no commit id: it has 40 or 64 hexadecimal digits, in lower case")
    return text


def _fits(text: str) -> bool:
    try:
        return all(len(part.encode()) <= _COMPONENT_BYTES for part in text.split("/"))
    except UnicodeEncodeError:
        return False
