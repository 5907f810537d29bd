"""Where an image says that it comes from: claims of its publisher, and often of the publisher of its base image.

Labels: https://github.com/opencontainers/image-spec/blob/main/annotations.md, with those of label-schema.org, which
came before, for images that have no others.
"""

from __future__ import annotations

from datetime import date

from imagebot.images.about import About
from imagebot.images.reference import ImageName, Reference

_BASE = "org.opencontainers.image.base.name"


def source_of(about: About) -> str:
    """The URL of the source, empty if there is none."""
    return _label(about, "org.opencontainers.image.source", "org.label-schema.vcs-url")


def revision_of(about: About) -> str:
    """The commit it was built from, empty if there is none."""
    return _label(about, "org.opencontainers.image.revision", "org.label-schema.vcs-ref")


def base_of(about: About) -> str:
    """The reference of the base image, with its digest where that is known; empty if there is none."""
    name, digest = _label(about, _BASE), _label(about, "org.opencontainers.image.base.digest")
    return name if "@" in name else "@".join(part for part in (name, digest) if part)


def end_of_life(about: About) -> date | None:
    """The day from which on its publisher looks after it no more, where a label says so.

    Docker's hardened images have the first of these, what Microsoft annotates the second.
    """
    said = _label(about, "com.docker.dhi.date.end-of-life", "vnd.microsoft.artifact.lifecycle.end-of-life.date")
    try:
        return date.fromisoformat(said[:10])
    except ValueError:
        return None


def same_place(one: str, other: str) -> bool:
    """Whether two sources differ only in what makes no difference; see `_place`."""
    return _place(one) == _place(other)


def inherited(about: About, image: ImageName) -> bool:
    """Whether the source looks like that of the base image: labels of a base stay until somebody sets others.

    It does when it is named like the base image, and the image itself is not.
    """
    try:
        base = Reference.parse(_label(about, _BASE)).name
    except ValueError:
        return False
    return _last(_place(source_of(about)).lower()) == _last(base.repository) != _last(image.repository)


def _label(about: About, *names: str) -> str:
    """The first of these labels that says something."""
    return next((value for name in names if (value := about.labels.get(name, "").strip())), "")


def _place(source: str) -> str:
    """Without the commit and folder that Docker's official images name after `#`, a slash or `.git` at the end.

    The case of scheme and host, and http for https, make no difference either.
    """
    scheme, mark, rest = source.partition("#")[0].partition("://")
    if not mark:
        scheme, rest = "", scheme
    host, _, path = rest.partition("/")
    kind = "https" if scheme.lower() == "http" else scheme.lower()
    return f"{kind}{mark}{host.lower()}/{path}".rstrip("/").removesuffix(".git")


def _last(path: str) -> str:
    return path.rpartition("/")[2]
