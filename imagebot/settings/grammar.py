"""The small texts of imagebot.yaml and their grammars. Each function returns what it read, or says what is wrong."""

from __future__ import annotations

import re
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from imagebot.documents.duration import format_duration
from imagebot.errors import HoldsSecret
from imagebot.gitnames import is_loopback, split_url
from imagebot.images.reference import ImageName

_SHORTEST = timedelta(seconds=10)
_HELPER = re.compile(r"(?!docker-credential-)[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_PORT = re.compile(r"[0-9]{1,5}", re.ASCII)
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,127}", re.ASCII)


def variable(text: str) -> str:
    """The name of an environment variable. In capitals only, as a secret pasted here by mistake hardly ever is."""
    if _VARIABLE.fullmatch(text):
        return text
    raise HoldsSecret("write the name of an environment variable, in capitals; a secret itself never stands here")


def path(text: str) -> Path:
    """A path as it was written."""
    if not text or not text.isprintable():
        raise ValueError("this is no path")
    return Path(text)


def one_line(text: str) -> str:
    """A name that git takes for an author's."""
    if not text.strip() or not text.isprintable() or {"<", ">"} & set(text):
        raise ValueError("write one line of printable characters without '<' and '>'")
    return text


def address(text: str) -> str:
    """A mail address, as far as git cares."""
    if "@" not in text or " " in text:
        raise ValueError(f"{text!r} is no mail address")
    return one_line(text)


def api_url(text: str) -> str:
    """The URL of a forge's API, without a slash at its end."""
    parts = split_url(text)
    if not parts.hostname or parts.scheme not in {"https", "http"}:
        raise ValueError("write the URL of the forge's API: https://…")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("http sends the token in the clear; write https://…")
    return text.rstrip("/")


def tuf_url(text: str) -> str:
    """The URL of a TUF repository, without a slash at its end. What it says is signed, so http will do in a cluster."""
    parts = split_url(text)
    if not parts.hostname or parts.scheme not in {"https", "http"}:
        raise ValueError("write the URL of a TUF repository: https://…")
    return text.rstrip("/")


def database_url(text: str) -> str:
    """The URL of a PostgreSQL database without a password."""
    try:
        parts = urlsplit(text)
        has_password = parts.password is not None or "password" in parts.query
    except ValueError:
        raise HoldsSecret("this is no URL") from None
    if has_password:
        raise HoldsSecret("a password never stands here; write the URL into a file or a variable: urlFile or urlEnv")
    if parts.scheme != "postgresql" or not parts.path.strip("/") or not text.isprintable() or " " in text:
        raise ValueError("write the URL of a PostgreSQL database: postgresql://USER@HOST/NAME")
    return text


def registry_host(text: str) -> str:
    """A registry's host as image names have it, in canonical form."""
    name = ImageName.parse(f"{text}/x")
    if name.repository not in {"x", "library/x"}:
        raise ValueError(f"{text!r} is no registry host: a host has a dot or a port, or is localhost")
    return name.registry


def repository_path(text: str) -> str:
    """The beginning of image names of one registry, without the host and without a slash at its end."""
    path = text.rstrip("/")
    try:
        fits = ImageName.parse(f"registry.invalid/{path}").repository == path
    except ValueError:
        fits = False
    if not fits:
        raise ValueError("write the first part of image names, without the registry's host: acme/team-a")
    return path


def helper_name(text: str) -> str:
    """What Docker calls a credential helper: the end of its program's name."""
    if not _HELPER.fullmatch(text):
        raise ValueError(f"{text!r} is no helper's name: of docker-credential-ecr-login it is ecr-login")
    return text


def known_host(text: str) -> str:
    """A registry's host as it was written."""
    if text == "onlyListed":
        raise ValueError("this is no registry host; write onlyListedRegistries: true beside `registries`")
    registry_host(text)
    return text


def auth_host(text: str) -> str:
    """A host that hands out tokens: not in canonical form, for Docker Hub's is another than its registry."""
    registry_host(text)
    return text.lower()


def blob_host(text: str) -> str:
    """A host, or all hosts below one."""
    registry_host(text.removeprefix("*."))
    return text.lower()


def listen_address(text: str) -> str:
    """An address and a port of this machine; no address stands for all of them, port 0 for any that is free."""
    host, colon, port = text.rpartition(":")
    inner = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        fits = not host or inner == "localhost" or ((":" in inner) == (inner != host) and bool(ip_address(inner)))
    except ValueError:
        fits = False
    if not (colon and fits and _PORT.fullmatch(port) and int(port) <= 65_535):
        raise ValueError(f"{text!r} is no address to listen at; write ':9090', '127.0.0.1:9090' or '[::1]:9090'")
    return text


def not_too_often(every: timedelta) -> timedelta:
    """How often a pass is done."""
    if every < _SHORTEST:
        raise ValueError(f"must be at least {format_duration(_SHORTEST)}")
    return every
