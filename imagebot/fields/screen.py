"""Which files are worth parsing, told from their bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from imagebot.images.reference import DOCKER_HUB, ImageName

_AFTER = rb"(?![A-Za-z0-9_-]|[/.][A-Za-z0-9])"
# `ghcr.io/acme/` and `localhost:5000/` from their ends to their beginnings, and what may stand before those.
_BACKWARDS = re.compile(rb"((?:/(?:[0-9]+:)?[A-Za-z0-9.-]*[A-Za-z0-9])*)(?=//|-:|[^A-Za-z0-9_./@-]|\Z)")
_LONGEST = 255


def screen(data: bytes, names: Iterable[ImageName]) -> bool:
    """Whether a file may hold a field of one of these images: all parts of its name are in it, the last as a word.

    Parts, because `registry: ghcr.io/acme` may stand apart from `repository: api`; a word, because of `apiVersion`.
    """
    return any(all(part in data for part in parts) and word.search(data) for parts, word in map(_marks, names))


@cache
def _marks(name: ImageName) -> tuple[tuple[bytes, ...], re.Pattern[bytes]]:
    parts = tuple(part.encode() for part in name.repository.removeprefix("library/").split("/"))
    return parts, re.compile(rb"(?<![a-z0-9])" + re.escape(parts[-1]) + _AFTER)


def mentions(data: bytes, name: ImageName) -> bool:
    """Whether bytes that cannot be parsed hold this image's name, whole and not under another registry.

    From each place of the repository it looks back no further than a name may reach: anybody may write the bytes.
    """
    repository = name.repository.removeprefix("library/") if name.registry == DOCKER_HUB else name.repository
    seen = {_before(data, match.start()) for match in re.finditer(re.escape(repository.encode()) + _AFTER, data)}
    return any(before is not None and _same(before + repository.encode(), name) for before in seen)


def _before(data: bytes, at: int) -> bytes | None:
    """The registry, and the owners that are none of the name's, written before this place; None if it is no name's."""
    match = _BACKWARDS.match(data[max(at - _LONGEST, 0) : at][::-1])
    return match[1][::-1] if match else None


def _same(written: bytes, name: ImageName) -> bool:
    if written.decode() == name.repository:
        return True
    try:
        return ImageName.parse(written.decode()) == name
    except ValueError:
        return False
