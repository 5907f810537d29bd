"""What can be asked about the source of an image: its repository, two commits and two versions.

Nothing of a label gets into a question but a path, two commits and a version of the plainest grammar, and none is asked
of a host that nobody named.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from imagebot.images.about import About
from imagebot.plan.change import ImageUpdate
from imagebot.review.image_source import inherited, revision_of, same_place, source_of

_SOURCE = re.compile(r"(?i:https)://([A-Za-z0-9.:-]+)/([A-Za-z0-9._/-]+?)(?:\.git)?/?(?:#[^\n]*)?", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{7,64}", re.ASCII)
_VERSION = re.compile(r"[0-9A-Za-z_][0-9A-Za-z._+-]{0,127}", re.ASCII)
_LONGEST = 1000
_NOT_IN_A_PATH = frozenset({"", ".", "..", "-"})


@dataclass(frozen=True, slots=True)
class SourceRepository:
    """A repository by host, in lower case and with its port, and path: plain names between slashes."""

    host: str
    path: str

    @property
    def parts(self) -> list[str]:
        return self.path.split("/")


@dataclass(frozen=True, slots=True)
class SourceQuestion:
    """What changed in `repository` from one version to another; empty where that is not known.

    `commits` are the two that the images say they were built from.
    """

    repository: SourceRepository
    commits: tuple[str, str] | None
    was: str
    becomes: str

    @property
    def asks(self) -> bool:
        return self.commits is not None or bool(self.becomes)


def question(old: About | None, new: About | None, update: ImageUpdate) -> SourceQuestion | None:
    """What to ask about an update; None where the source is not known, or not believed."""
    if new is None:
        return None
    repository = None if doubt(old, new, update) else repository_of(update.source or source_of(new))
    if repository is None:
        return None
    pair = commits(old, new, update)
    was = next((version.tag for version in update.old), "")
    asked = SourceQuestion(
        repository,
        None if isinstance(pair, str) else pair,
        _plain(version_of(old, was)) if old is not None else "",
        _plain(version_of(new, update.new.tag)) if update.kind != "commit" else "",
    )
    return asked if asked.asks else None


def doubt(old: About | None, new: About, update: ImageUpdate) -> str:
    """Why the source is not believed, if it is not; what a policy says is."""
    if update.source:
        return ""
    if not source_of(new):
        return "the image does not say where its source is"
    if inherited(new, update.image):
        return "the source that it names looks like that of its base image"
    if old is not None and source_of(old) and not same_place(source_of(old), source_of(new)):
        return "the image names another source than before"
    return ""


def repository_of(source: str) -> SourceRepository | None:
    """The repository at a URL of the plainest grammar."""
    match = _SOURCE.fullmatch(source) if len(source) <= _LONGEST else None
    if match is None or _NOT_IN_A_PATH.intersection(match[2].split("/")):
        return None
    return SourceRepository(match[1].lower(), match[2])


def commits(old: About | None, new: About, update: ImageUpdate) -> tuple[str, str] | str:
    """The two commits, or why there are none."""
    if old is None:
        return "the current image could not be asked"
    if not source_of(old) and not update.source:
        return "the current image does not say where its source is"
    before, after = revision_of(old).lower(), revision_of(new).lower()
    if not _COMMIT.fullmatch(before) or not _COMMIT.fullmatch(after):
        return "the images do not say from which commits they were built"
    if before == after:
        return "both images were built from the same commit"
    return before, after


def version_of(about: About, tag: str) -> str:
    """What a release is called: the tag, or its beginning where the image says so, without `v`; empty for a name."""
    tag = tag.removeprefix("v")
    claimed = about.labels.get("org.opencontainers.image.version", "").strip().removeprefix("v")
    version = claimed if claimed and tag.startswith(f"{claimed}-") else tag
    return version if any(char in "0123456789" for char in version) else ""


def _plain(version: str) -> str:
    return version if _VERSION.fullmatch(version) and ".." not in version else ""
