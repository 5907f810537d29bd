"""Where the changes can be read: links made from what an image claims about its source, to hosts that are known.

Nothing of a label gets into a link but a path and two commits of the plainest grammar. The worst that a hostile image
can have is a link to another repository of a forge that the reader already trusts not to run code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from imagebot.images.about import About
from imagebot.images.reference import ImageName
from imagebot.knownforges import FACTS, ForgeKind, SourceLinks
from imagebot.plan.change import ImageUpdate
from imagebot.review.image_source import inherited, revision_of, same_place, source_of

HOSTS: Mapping[str, ForgeKind] = {host: kind for kind, facts in FACTS.items() for host in facts.hosts}
"""Those that are linked to without being told, in lower case; another may have its port: `git.acme.internal:8443`."""

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


def links(old: About | None, new: About | None, update: ImageUpdate, hosts: Mapping[str, ForgeKind] = HOSTS) -> Links:
    """The commits between two images, and the release notes of the new one."""
    if new is None:
        return Links(because="the image could not be asked where its source is")
    doubt = _doubt(old, new, update.image)
    repository = None if doubt else _repository(source_of(new), hosts)
    if repository is None:
        return Links(because=doubt or "its source is on no forge that is linked to")
    version = _version(new, update)
    notes = _versions(repository, version) if version else None
    match _commits(old, new):
        case (before, after):
            return Links(_compare(repository, before, after), notes)
        case str(because):
            return Links(None, notes, because)


@dataclass(frozen=True, slots=True)
class _Repository:
    pages: SourceLinks
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


def _repository(source: str, hosts: Mapping[str, ForgeKind]) -> _Repository | None:
    match = _SOURCE.fullmatch(source) if len(source) <= _LONGEST else None
    if match is None:
        return None
    host, path = match[1].lower(), match[2]
    facts, parts = FACTS.get(hosts[host]) if host in hosts else None, path.split("/")
    if (
        facts is None
        or facts.links is None
        or _NOT_IN_A_PATH.intersection(parts)
        or len(parts) not in facts.links.parts
    ):
        return None
    return _Repository(facts.links, f"https://{facts.linked_as.get(host, host)}/{path}")


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


def _compare(repository: _Repository, old: str, new: str) -> str:
    return repository.pages.compare.format(repository=repository.url, old=old, new=new)


def _versions(repository: _Repository, version: str) -> str:
    return repository.pages.versions.format(repository=repository.url, version=quote(version, safe=""))
