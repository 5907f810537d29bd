"""Where a policy file reaches beyond its fence: at each place, what stands there and what may."""

from __future__ import annotations

from collections.abc import Iterator

from imagebot.documents.model import Path
from imagebot.images.reference import ImageName
from imagebot.policy.fence import FolderFence
from imagebot.policy.model import PolicyFile
from imagebot.policy.paths import covers, within


def beyond(file: PolicyFile, fence: FolderFence) -> Iterator[tuple[Path, str]]:
    """Where a policy file, defaults and all, reaches beyond its fence, and what it may have there."""
    places: list[tuple[str, Path, str]] = [("apps", ("app",), file.app)]
    places += [("repositories", place, name) for _, place, name in file.named_in_settings()]
    places += [("environments", ("environments", name), name) for name in file.environments]
    places += [("registries", place, str(image)) for place, image in images(file)]
    for kind, place, name in places:
        patterns: tuple[str, ...] | None = getattr(fence.may, kind)
        if patterns is not None and not covers(patterns, name):
            yield place, _words(fence, name, kind, patterns)
    if fence.may.paths is not None:
        yield from _paths(file, fence, fence.may.paths)


def images(file: PolicyFile) -> Iterator[tuple[Path, ImageName]]:
    """Every image name that is asked for, and where it stands."""
    for index, watch in enumerate(file.images):
        yield ("images", index, "image"), watch.image
        if watch.upstream is not None:
            yield ("images", index, "upstream"), watch.upstream


def _paths(file: PolicyFile, fence: FolderFence, allowed: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    for name, environment in file.environments.items():
        if not environment.paths:
            yield ("environments", name), f"{name} reaches every file: write `paths` within {_listed(allowed)}"
        for index, pattern in enumerate(environment.paths):
            if not pattern.startswith("!") and not within(pattern, allowed):
                yield ("environments", name, "paths", index), _words(fence, pattern, "paths", allowed)
    for index, watch in enumerate(file.images):
        for at, field in enumerate(watch.fields):
            if not covers(allowed, field.file):
                yield ("images", index, "fields", at, "file"), _words(fence, field.file, "paths", allowed)


def _words(fence: FolderFence, name: str, kind: str, patterns: tuple[str, ...]) -> str:
    return f"{name} is beyond the fence of {fence.folder}, which may have the {kind} {_listed(patterns)}"


def _listed(patterns: tuple[str, ...]) -> str:
    return ", ".join(pattern.removeprefix("/") for pattern in patterns)
