"""Where the changes can be read: links made from what an image claims about its source, to hosts that are known.

Nothing of a label gets into a link but a path and two commits of the plainest grammar. The worst that a hostile image
can have is a link to another repository of a forge that the reader already trusts not to run code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from imagebot.images.about import About
from imagebot.knownforges import FACTS, ForgeKind, SourceLinks
from imagebot.plan.change import ImageUpdate
from imagebot.review.image_source import source_of
from imagebot.review.source_question import commits, doubt, repository_of, version_of

HOSTS: Mapping[str, ForgeKind] = {host: kind for kind, facts in FACTS.items() for host in facts.hosts}
"""Those that are linked to without being told, in lower case; another may have its port: `git.acme.internal:8443`."""


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
    unbelieved = doubt(old, new, update)
    repository = None if unbelieved else _linked(update.source or source_of(new), hosts)
    if repository is None:
        return Links(because=unbelieved or "its source is on no forge that is linked to")
    version = version_of(new, update.new.tag) if update.kind != "commit" else ""
    notes = _versions(repository, version) if version else None
    match commits(old, new, update):
        case (before, after):
            return Links(_compare(repository, before, after), notes)
        case str(because):
            return Links(None, notes, because)


@dataclass(frozen=True, slots=True)
class _Repository:
    pages: SourceLinks
    url: str


def _linked(source: str, hosts: Mapping[str, ForgeKind]) -> _Repository | None:
    there = repository_of(source)
    facts = FACTS.get(hosts[there.host]) if there is not None and there.host in hosts else None
    if there is None or facts is None or facts.links is None or len(there.parts) not in facts.links.parts:
        return None
    return _Repository(facts.links, f"https://{facts.linked_as.get(there.host, there.host)}/{there.path}")


def _compare(repository: _Repository, old: str, new: str) -> str:
    return repository.pages.compare.format(repository=repository.url, old=old, new=new)


def _versions(repository: _Repository, version: str) -> str:
    return repository.pages.versions.format(repository=repository.url, version=quote(version, safe=""))
