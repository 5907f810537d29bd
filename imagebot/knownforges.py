"""The forges that everybody knows: by which hosts, where their APIs are, and how fast each may be written to."""

from __future__ import annotations

from typing import Literal

from imagebot.gitnames import GitUrl

ForgeKind = Literal["gitea", "github", "gitlab", "local"]
NAMES: dict[ForgeKind, str] = {"gitea": "Gitea", "github": "GitHub", "gitlab": "GitLab"}

_WELL_KNOWN: dict[str, tuple[ForgeKind, str]] = {
    "github.com": ("github", "https://api.github.com"),
    "ssh.github.com": ("github", "https://api.github.com"),
    "gitlab.com": ("gitlab", "https://gitlab.com/api/v4"),
    "altssh.gitlab.com": ("gitlab", "https://gitlab.com/api/v4"),
    "codeberg.org": ("gitea", "https://codeberg.org/api/v1"),
    "gitea.com": ("gitea", "https://gitea.com/api/v1"),
}
_API_PATHS: dict[ForgeKind, str] = {"gitea": "/api/v1", "github": "/api/v3", "gitlab": "/api/v4"}
# GitHub Enterprise Cloud, run by GitHub for one company each.
_GITHUBS_OWN = ".ghe.com"
EVERYBODYS_WRITES_PER_MINUTE = 60
"""GitHub asks for a second between writes, and counts 80 a minute at most that create content; GitLab.com takes 60
notes a minute; Codeberg names no figure, and lives on donations.
"""
OWN_WRITES_PER_MINUTE = 600
"""On a forge of one's own, which limits nothing unless its owner says so: a tenth of a second between two writes leaves
it most of its time for people, and fifty pull requests with all that goes on them take half a minute.
"""
GITHUBS_WRITES_PER_HOUR = 400
"""Of the 500 requests an hour that may create content, says GitHub; people with the same credentials need some too."""


def kind_of(url: GitUrl) -> ForgeKind | None:
    """The forge at a well-known host; None where nobody can tell."""
    if url.scheme == "local":
        return "local"
    known = _WELL_KNOWN.get(_name(url))
    return known[0] if known else None


def api_of(url: GitUrl, kind: ForgeKind) -> str:
    """Where a forge's API is for a repository there: well known, or under the forge's own path."""
    known = _WELL_KNOWN.get(_name(url))
    if known and known[0] == kind:
        return known[1]
    # The port of an ssh URL is not where the API is.
    host = _name(url) if url.scheme == "ssh" else url.host
    return f"{'http' if url.scheme == 'http' else 'https'}://{host}{_API_PATHS[kind]}"


def writes_per_minute(url: GitUrl) -> int:
    """How often a forge may be asked to change something, if nobody says otherwise."""
    return EVERYBODYS_WRITES_PER_MINUTE if _is_everybodys(url) else OWN_WRITES_PER_MINUTE


def writes_per_hour(url: GitUrl, kind: ForgeKind) -> int | None:
    """The same in an hour; None where there is no such limit."""
    return GITHUBS_WRITES_PER_HOUR if kind == "github" and _is_everybodys(url) else None


def _name(url: GitUrl) -> str:
    return url.host.partition(":")[0]


def _is_everybodys(url: GitUrl) -> bool:
    return _name(url) in _WELL_KNOWN or _name(url).endswith(_GITHUBS_OWN)
