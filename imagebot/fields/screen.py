"""Which files are worth parsing, told from their bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable

from imagebot.images.reference import DOCKER_HUB, ImageName


def is_yaml(file: str) -> bool:
    """Whether a file is looked into without being named in a policy."""
    return file.endswith((".yaml", ".yml"))


def screen(data: bytes, names: Iterable[ImageName]) -> bool:
    """Whether a file may hold a field of one of these images: every spelling ends in the last component of the name."""
    return any(_last(name) in data for name in names)


def mentions(data: bytes, name: ImageName) -> bool:
    """Whether bytes that cannot be parsed hold this image's name, whole and not under another registry."""
    repository = name.repository.removeprefix("library/") if name.registry == DOCKER_HUB else name.repository
    before, after = rb"(?:(?<=//)|(?<![A-Za-z0-9_./@-]))", rb"(?![A-Za-z0-9_/-]|\.[A-Za-z0-9])"
    whole = before + rb"((?:[A-Za-z0-9.-]+(?::[0-9]+)?/)*)" + re.escape(repository.encode()) + after
    return any(_same(match[1] + repository.encode(), name) for match in re.finditer(whole, data))


def _same(written: bytes, name: ImageName) -> bool:
    if written.decode() == name.repository:
        return True
    try:
        return ImageName.parse(written.decode()) == name
    except ValueError:
        return False


def _last(name: ImageName) -> bytes:
    return name.repository.rpartition("/")[2].encode()
