"""Tags that name no version, and never did: whatever replaces them, nobody can call it a step back."""

from __future__ import annotations

import re

_BETWEEN = re.compile("[-._]+", re.ASCII)
_WORD = re.compile("[A-Za-z]*", re.ASCII)
_HEX = re.compile("[a-f]+", re.ASCII)


def moves(tag: str | None) -> bool:
    """Whether a tag is made of words alone, as `latest` and `stable-alpine` are; no tag is `latest`.

    Letters that are all hexadecimal may be a commit's: `main-abc` is somebody's version.
    """
    return tag is None or all(_WORD.fullmatch(part) and not _HEX.fullmatch(part) for part in _BETWEEN.split(tag))
