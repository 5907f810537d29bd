"""Where the changes can be read: links made from what an image claims about its source, to hosts that are known.

Nothing of a label gets into a link but a path and two commits of the plainest grammar. The worst that a hostile image
can have is a link to another repository of a forge that the reader already trusts not to run code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, assert_never
from urllib.parse import quote

from imagebot.images.about import About
from imagebot.images.reference import ImageName
from imagebot.plan.change import ImageUpdate
from imagebot.review.image_source import inherited, revision_of, same_place, source_of

HostKind = Literal["gitea", "github", "gitlab"]

HOSTS: Mapping[str, HostKind] = {
    "codeberg.org": "gitea",
    "gitea.com": "gitea",
    "github.com": "github",
    "gitlab.com": "gitlab",
}
"""Those that are linked to without being told, in lower case; another may have its port: `git.acme.internal:8443`."""

# A link to github.com in a pull request leaves a mark in what it links to; this host only sends the reader on.
_WITHOUT_A_MARK = {"github.com": "redirect.github.com"}
_SOURCE = re.compile(r"(?i:https)://([A-Za-z0-9.:-]+)/([A-Za-z0-9._/-]+?)(?:\.git)?/?(?:#[^\n]*)?", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{7,64}", re.ASCII)
_LONGEST = 1000
_NOT_IN_A_PATH = frozenset({"", ".", "..", "-"})


@dataclass(frozen=True, slots=True)
class Links:
    """Whole URLs, safe between `](` and `)`. Where there is no `compare`, `because` says why, in our own words."""

    compare: str | None = None
    notes: str | None = None
    because: str = ""


def links(old: About | None, new: About | None, update: ImageUpdate, hosts: Mapping[str, HostKind] = HOSTS) -> Links:
    """The commits between two images, and the release notes of the new one."""
    if new is None:
        return Links(because="the image could not be asked where its source is")
    doubt = _doubt(old, new, update.image)
    repository = None if doubt else _repository(source_of(new), hosts)
    if repository is None:
        return Links(because=doubt or "its source is on no forge that is linked to")
    version = _version(new, update)
    notes = _notes(repository, version) if version else None
    match _commits(old, new):
        case (before, after):
            return Links(_compare(repository, f"{before}...{after}"), notes)
        case str(because):
            return Links(None, notes, because)


@dataclass(frozen=True, slots=True)
class _Repository:
    kind: HostKind
    url: str


def _doubt(old: About | None, new: About, image: ImageName) -> str:
    """Why the source is not believed, if it is not."""
    if not source_of(new):
        return "the image does not say where its source is"
    if inherited(new, image):
        return "the source that it names looks like that of its base image"
    if old is not None and source_of(old) and not same_place(source_of(old), source_of(new)):
        return "the image names another source than before"
    return ""


def _repository(source: str, hosts: Mapping[str, HostKind]) -> _Repository | None:
    match = _SOURCE.fullmatch(source) if len(source) <= _LONGEST else None
    if match is None:
        return None
    host, path = match[1].lower(), match[2]
    kind, parts = hosts.get(host), path.split("/")
    if kind is None or _NOT_IN_A_PATH.intersection(parts) or not 2 <= len(parts) <= (20 if kind == "gitlab" else 2):
        return None
    return _Repository(kind, f"https://{_WITHOUT_A_MARK.get(host, host)}/{path}")


def _commits(old: About | None, new: About) -> tuple[str, str] | str:
    """The two commits, or why there are none."""
    if old is None:
        return "the current image could not be asked"
    if not source_of(old):
        return "the current image does not say where its source is"
    before, after = revision_of(old).lower(), revision_of(new).lower()
    if not _COMMIT.fullmatch(before) or not _COMMIT.fullmatch(after):
        return "the images do not say from which commits they were built"
    if before == after:
        return "both images were built from the same commit"
    return before, after


def _version(new: About, update: ImageUpdate) -> str:
    """What the release is called: the tag, or its beginning where the image says so, without `v`; empty for a name."""
    tag = update.new.tag.removeprefix("v")
    claimed = new.labels.get("org.opencontainers.image.version", "").strip().removeprefix("v")
    version = claimed if claimed and tag.startswith(f"{claimed}-") else tag
    return version if update.kind != "commit" and any(char in "0123456789" for char in version) else ""


def _compare(repository: _Repository, commits: str) -> str:
    match repository.kind:
        case "github" | "gitea":
            return f"{repository.url}/compare/{commits}"
        case "gitlab":
            return f"{repository.url}/-/compare/{commits}"
        case _:
            assert_never(repository.kind)


def _notes(repository: _Repository, version: str) -> str:
    """A search, so that it does not matter whether the tags of the source have a `v`."""
    wanted = quote(version, safe="")
    match repository.kind:
        case "github":
            return f"{repository.url}/releases?q={wanted}&expanded=true"
        case "gitlab":
            return f"{repository.url}/-/tags?search={wanted}"
        case "gitea":
            return f"{repository.url}/tags?q={wanted}"
        case _:
            assert_never(repository.kind)
