"""Names and URLs that may be given to git, and paths in its trees: everything else is refused before git sees it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from imagebot.errors import HoldsSecret

Scheme = Literal["https", "http", "ssh", "local"]

STATE = "+state"
"""The bot's own branch, under its prefix. No environment's name has a `+`, so no change's branch can be this one."""

HEADS = "refs/heads/"
"""Below which name a repository keeps its branches."""

_FORBIDDEN_IN_REFS = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//", re.ASCII)
_SCP_LIKE = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9._-]*@)?(?P<host>[A-Za-z0-9][A-Za-z0-9.-]*):[^:].*", re.ASCII)
_HOST = re.compile(r"(?:[a-z0-9][a-z0-9._-]*|\[[0-9a-f:]+\])(?::[0-9]+)?", re.ASCII)
_USER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class GitUrl:
    """Where a repository is. `host` is in lower case, with its port; empty for a local one, whose `text` is a path."""

    text: str
    scheme: Scheme
    host: str = ""

    def __str__(self) -> str:
        return self.text

    @classmethod
    def parse(cls, text: str) -> GitUrl:
        """Read an https, ssh or scp-like URL, a `file:` URL or a path. Raises `ValueError` without the text."""
        if not text.isprintable() or not text.strip() or text.startswith("-"):
            raise ValueError("this is no URL of a git repository")
        if "://" in text:
            return _from_url(text)
        head, colon, rest = text.partition(":")
        if not colon or "/" in head:
            return cls(text, "local")
        found = _SCP_LIKE.fullmatch(text)
        if found is None or rest.startswith(":"):
            raise ValueError("this is no URL of a git repository; write https://…, ssh://…, git@host:path or a path")
        return cls(text, "ssh", found["host"].lower())


def _from_url(text: str) -> GitUrl:
    parts = split_url(text)
    host = parts.netloc.rpartition("@")[2].lower()
    if host and not _HOST.fullmatch(host):
        raise ValueError("the host of this URL is no host name")
    match parts.scheme:
        case "file" if parts.netloc in {"", "localhost"} and parts.path.startswith("/"):
            return GitUrl(parts.path, "local")
        case "https" if host and parts.path.strip("/"):
            return GitUrl(text, "https", host)
        case "http" if is_loopback(parts.hostname or ""):
            return GitUrl(text, "http", host)
        case "http":
            raise ValueError("http sends credentials in the clear; write https://…")
        case "ssh" if host and parts.path.strip("/") and _USER.fullmatch(parts.username or "git"):
            return GitUrl(text, "ssh", host)
    raise ValueError("this is no URL of a git repository; write https://…, ssh://…, git@host:path or a path")


def split_url(text: str) -> SplitResult:
    """The parts of a URL without a query, a fragment or a credential. Raises `ValueError`."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise HoldsSecret("this is no URL") from None
    secret = parts.password is not None or (parts.username is not None and parts.scheme != "ssh")
    if secret:
        raise HoldsSecret("leave user and password out of the URL; name them under credentials, by file or variable")
    if parts.query or parts.fragment or not text.isprintable() or " " in text or port == 0:
        raise HoldsSecret("write the URL without spaces, '?' and '#'")
    return parts


def is_loopback(host: str) -> bool:
    """Whether `host` (a name or an address, without port) can only be this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def branch_name(text: str) -> str:
    """The name itself, if git takes it for a branch. Raises `ValueError`.

    The rules are those of https://git-scm.com/docs/git-check-ref-format.
    """
    parts = text.split("/")
    bad = (
        _FORBIDDEN_IN_REFS.search(text)
        or text.startswith("-")
        or text in {"@", "HEAD"}
        or text.endswith(".")
        or any(not part or part.startswith(".") or part.endswith(".lock") for part in parts)
    )
    if bad or not text.isprintable() or len(text) > 200:
        raise ValueError(f"{text!r} is no branch name")
    return text


def branch_prefix(text: str) -> str:
    """What all branches of this bot begin with. Raises `ValueError`."""
    if not text.strip("/"):
        raise ValueError("write what the bot's branches begin with, such as 'imagebot/'")
    if not text.endswith("/"):
        raise ValueError(f"write a slash at the end: {text + '/'!r}")
    branch_name(f"{text}x")
    return text


def repository_file(text: str) -> str:
    """A file's path from the root of the environment repository."""
    parts = text.split("/")
    if not text.isprintable() or "\\" in text or not text:
        raise ValueError(f"{text!r} is no file path: use '/' between names")
    if text.startswith("/") or {"", ".", ".."} & set(parts):
        raise ValueError("write the path from the root of the repository, without a leading '/', './' or '../'")
    if parts[0].lower() == ".git":
        raise ValueError("git's own files are not for editing")
    return text


def repository_path(text: str) -> str:
    """A file's or a folder's path from the root of a repository, without a slash at its end."""
    return repository_file(text.removesuffix("/"))
