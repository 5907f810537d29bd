"""Where the changes can be read: links made from what an image claims about its source, to hosts that are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from imagebot.images.about import About
from imagebot.plan.change import ImageUpdate

HostKind = Literal["gitea", "github", "gitlab"]

HOSTS: Mapping[str, HostKind] = {
    "codeberg.org": "gitea",
    "gitea.com": "gitea",
    "github.com": "github",
    "gitlab.com": "gitlab",
}
"""Those that are linked to without being told."""


@dataclass(frozen=True, slots=True)
class Links:
    """Whole URLs, safe between `](` and `)`. Where there is no `compare`, `because` says why, in our own words."""

    compare: str | None = None
    notes: str | None = None
    because: str = ""


def links(old: About | None, new: About | None, update: ImageUpdate, hosts: Mapping[str, HostKind] = HOSTS) -> Links:
    """The commits between two images, and the release notes of the new one."""
    return Links()
