"""Which files are worth parsing, told from their bytes."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import cache

from imagebot.images.reference import DOCKER_HUB, ImageName

_AFTER = rb"(?![A-Za-z0-9_-]|[/.][A-Za-z0-9])"
# `ghcr.io/acme/` and `localhost:5000/` from their ends to their beginnings, and what may stand before those.
_BACKWARDS = re.compile(rb"((?:/(?:[0-9]+:)?[A-Za-z0-9.-]*[A-Za-z0-9])*)(?=//|-:|[^A-Za-z0-9_./@-]|\Z)")
_LETTERS = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789")
_LONGEST = 255
_RUN = re.compile(rb"[a-z0-9]+")
_ESCAPED_RUN = re.compile(rb"\\\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)([a-z0-9]+)", re.DOTALL)
"""A run behind an escape of YAML or JSON, such as the `acme` of `"\\nacme"`."""
_FEW = 4
"""Names that are sought one by one: each costs less than a look at every word."""


def screen(data: bytes, name: ImageName) -> bool:
    """Whether a file may hold a field of this image: all parts of its name are in it, the last as a word.

    Parts, because `registry: ghcr.io/acme` may stand apart from `repository: api`; a word, because of `apiVersion`.
    """
    parts, word = _marks(name)
    return all(part in data for part in parts) and any(
        match.start() == 0 or data[match.start() - 1] not in _LETTERS for match in word.finditer(data)
    )


class Screen:
    """Tells of which images a file may hold a field, in one look at it, however many there are."""

    def __init__(self, names: Iterable[ImageName]) -> None:
        self._names = tuple(sorted(names))
        common = Counter(run for name in self._names for run in _runs(name))
        self._by_rarest: dict[bytes, list[ImageName]] = defaultdict(list)
        for name in self._names:
            self._by_rarest[min(_runs(name), key=lambda run: (common[run], run))].append(name)

    def held(self, data: bytes) -> tuple[ImageName, ...]:
        """Those that may be in these bytes."""
        near = self._names if len(self._names) <= _FEW else self._near(data)
        return tuple(name for name in near if screen(data, name))

    def _near(self, data: bytes) -> list[ImageName]:
        words = set(_RUN.findall(data))
        if b"\\" in data:
            words |= set(_ESCAPED_RUN.findall(data))
        return sorted(name for word in words for name in self._by_rarest.get(word, ()))


@cache
def _runs(name: ImageName) -> frozenset[bytes]:
    """The runs of letters and digits in a name: each stands as a word wherever the name is written."""
    return frozenset(_RUN.findall(name.repository.removeprefix("library/").encode()))


@cache
def _marks(name: ImageName) -> tuple[tuple[bytes, ...], re.Pattern[bytes]]:
    parts = tuple(part.encode() for part in name.repository.removeprefix("library/").split("/"))
    # What may not stand before it is looked at afterwards: a pattern that begins with letters is sought like a word.
    return parts, re.compile(re.escape(parts[-1]) + _AFTER)


def mentions(data: bytes, name: ImageName) -> bool:
    """Whether bytes that cannot be parsed hold this image's name, whole and not under another registry.

    From each place of the repository it looks back no further than a name may reach: anybody may write the bytes.
    """
    repository = _written(name)
    if repository not in data:
        return False  # asked of each line of a broken file of megabytes
    seen = {_before(data, match.start()) for match in _found(data, repository)}
    return any(before is not None and _same(before + repository, name) for before in seen)


def places_of(line: bytes, name: ImageName) -> Iterator[tuple[int, int]]:
    """Where a line holds the image's name, from its registry or owner on, if one is written."""
    repository = _written(name)
    for match in _found(line, repository):
        before = _before(line, match.start())
        if before is not None and _same(before + repository, name):
            yield match.start() - len(before), match.end()


def _written(name: ImageName) -> bytes:
    """The part of a name that cannot be left out."""
    repository = name.repository.removeprefix("library/") if name.registry == DOCKER_HUB else name.repository
    return repository.encode()


def _found(data: bytes, repository: bytes) -> Iterator[re.Match[bytes]]:
    return re.finditer(re.escape(repository) + _AFTER, data)


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
