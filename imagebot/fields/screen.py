"""Which files are worth parsing, told from their bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from imagebot.images.reference import DOCKER_HUB, ImageName


def is_yaml(file: str) -> bool:
    """Whether a file is looked into without being named in a policy."""
    return file.endswith((".yaml", ".yml"))


def screen(data: bytes, names: Iterable[ImageName]) -> bool:
    """Whether a file may hold a field of one of these images: all parts of its name are in it, the last as a word.

    Parts, because `registry: ghcr.io/acme` may stand apart from `repository: api`; a word, because of `apiVersion`.
    """
    return any(all(part in data for part in parts) and word.search(data) for parts, word in map(_marks, names))


@cache
def _marks(name: ImageName) -> tuple[tuple[bytes, ...], re.Pattern[bytes]]:
    parts = tuple(part.encode() for part in name.repository.removeprefix("library/").split("/"))
    return parts, re.compile(rb"(?<![a-z0-9])" + re.escape(parts[-1]) + rb"(?![A-Za-z0-9_/-]|\.[A-Za-z0-9])")


def mentions(data: bytes, name: ImageName) -> bool:
    """Whether bytes that cannot be parsed hold this image's name, whole and not under another registry."""
    repository = name.repository.removeprefix("library/") if name.registry == DOCKER_HUB else name.repository
    before, after = rb"(?:(?<=//)|(?<=:-)|(?<![A-Za-z0-9_./@-]))", rb"(?![A-Za-z0-9_/-]|\.[A-Za-z0-9])"
    whole = before + rb"((?:[A-Za-z0-9.-]+(?::[0-9]+)?/)*)" + re.escape(repository.encode()) + after
    return any(_same(match[1] + repository.encode(), name) for match in re.finditer(whole, data))


def _same(written: bytes, name: ImageName) -> bool:
    if written.decode() == name.repository:
        return True
    try:
        return ImageName.parse(written.decode()) == name
    except ValueError:
        return False
