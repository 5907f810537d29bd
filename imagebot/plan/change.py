"""A change: edits that travel together as one branch, one commit, one pull request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from imagebot.images.reference import ImageName
from imagebot.selection.verdict import Version


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field's value before and after, for the body, the trailers and the report."""

    file: str
    line: int
    path: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class ImageUpdate:
    """One image of an app moved to one version."""

    image: ImageName
    old: tuple[Version, ...]
    new: Version
    kind: str
    because: str
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What one pull request does. `before` and `files` hold the whole old and new content of each changed file."""

    repository: str
    base: str
    environment: str
    app: str
    branch: str
    updates: tuple[ImageUpdate, ...]
    before: Mapping[str, bytes]
    files: Mapping[str, bytes]
    title: str
    body: str
    message: str
    labels: tuple[str, ...]
    reviewers: tuple[str, ...]
    assignees: tuple[str, ...]
