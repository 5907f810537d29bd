"""Image references, as the distribution specification and Docker's short names define them.

Grammar: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests and
https://github.com/distribution/reference/blob/main/reference.go for the defaults of Docker Hub.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from imagebot.errors import HoldsSecret

DOCKER_HUB = "docker.io"
_HUB_ALIASES = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"})

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_HOST = rf"(?P<host>{_LABEL}(?:\.{_LABEL})*|\[(?P<v6>[0-9a-fA-F:]+)\])(?::(?P<port>[0-9]{{1,5}}))?"

TAG_PATTERN = r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}"
DIGEST_PATTERN = r"sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128}"

_TAG = re.compile(TAG_PATTERN, re.ASCII)
_DIGEST = re.compile(DIGEST_PATTERN, re.ASCII)
_PATH = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*", re.ASCII)
_REGISTRY = re.compile(_HOST, re.ASCII)
_NAMELESS = re.compile(r"(?:sha256|sha512)(?::[^/]*)?|[a-f0-9]{64}", re.ASCII)
"""A digest, or an image's ID, with no name before it: nobody could tell where to pull that from."""
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://")
_LOGIN = re.compile(r"(?:[^/@]*://)?[^/@]*@[^/]*/")
"""A user, and perhaps a password, before a host."""
_LONGEST = 1_000  # characters, more than any reference: a value of megabytes is not taken apart
_SPLIT = re.compile(rf"(?P<name>[^@]+?)(?::(?P<tag>{TAG_PATTERN}))?(?:@(?P<digest>{DIGEST_PATTERN}))?", re.ASCII)


def is_tag(text: str) -> bool:
    """Whether `text` may stand as a tag."""
    return _TAG.fullmatch(text) is not None


def check_tag(text: str) -> str:
    """The tag itself. Raises `ValueError`."""
    if is_tag(text):
        return text
    raise ValueError(f"{text!r} is no tag")


def is_digest(text: str) -> bool:
    """Whether `text` is a sha256 or sha512 digest in its canonical form."""
    return _DIGEST.fullmatch(text) is not None


@dataclass(frozen=True, slots=True, order=True)
class ImageName:
    """A container image's repository in canonical form: two spellings of one image are equal."""

    registry: str
    repository: str

    def __str__(self) -> str:
        return f"{self.registry}/{self.repository}"

    @property
    def familiar(self) -> str:
        """The shortest spelling in use: `nginx`, `grafana/grafana`, `ghcr.io/acme/api`."""
        if self.registry != DOCKER_HUB:
            return str(self)
        return self.repository.removeprefix("library/")

    @classmethod
    def parse(cls, text: str) -> ImageName:
        """Read a name without tag and digest. Raises `ValueError` that says what is wrong."""
        if len(text) > _LONGEST:
            raise ValueError(f"an image name may have 255 characters, this one has {len(text)}")
        if _NAMELESS.fullmatch(text):
            raise ValueError(f"{text!r} is a digest without the name of an image; write NAME@sha256:…")
        head, slash, rest = text.partition("/")
        if slash and ("." in head or ":" in head or head == "localhost" or head != head.lower()):
            registry, repository = head, rest
        else:
            registry, repository = DOCKER_HUB, text
        host = _canonical_host(registry)
        if host is None:
            raise _refused(text, f"{registry!r} is no registry host")
        if not _PATH.fullmatch(repository):
            hint = "; image names are lower case" if repository.lower() != repository else ""
            raise _refused(text, f"{text!r} is no image name{hint}")
        if host in _HUB_ALIASES:
            host = DOCKER_HUB
            if "/" not in repository:
                repository = f"library/{repository}"
        if len(host) + 1 + len(repository) > 255:
            raise ValueError(f"an image name may have 255 characters, this one has {len(text)}")
        return cls(host, repository)


def _canonical_host(written: str) -> str | None:
    """The one spelling of a host and its port; None if there is no such host."""
    found = _REGISTRY.fullmatch(written)
    if found is None:
        return None
    host, port = found["host"].lower(), found["port"]
    if found["v6"]:
        try:
            host = f"[{ipaddress.IPv6Address(found['v6'])}]"
        except ValueError:
            return None
    if port is None:
        return host
    return f"{host}:{int(port)}" if 0 < int(port) < 65536 else None


def _refused(text: str, words: str) -> ValueError:
    """Why this is no name: what is meant for an address and not for a name goes first."""
    if _LOGIN.match(text):
        return HoldsSecret("leave user and password out; write them under credentials, by file or variable")
    scheme = _SCHEME.match(text)
    return ValueError(f"write it without {scheme[0]}" if scheme else words)


@dataclass(frozen=True, slots=True)
class Reference:
    """`name[:tag][@digest]` as it was written: `str()` gives back the same text."""

    written: str
    name: ImageName
    tag: str | None = None
    digest: str | None = None

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.written}{tag}{digest}"

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read a reference. Raises `ValueError` that says what is wrong."""
        match = _SPLIT.fullmatch(text) if len(text) <= _LONGEST else None
        if match is None:
            raise ValueError(f"{text!r} is no image reference")
        if _NAMELESS.fullmatch(match["name"]):
            raise ValueError(f"{text!r} is a digest without the name of an image; write NAME@sha256:…")
        return cls(match["name"], ImageName.parse(match["name"]), match["tag"], match["digest"])
