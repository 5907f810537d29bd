"""Which repository on a forge a git URL names."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_PART = r"[A-Za-z0-9_.-]{1,100}"
_OWNER_AND_NAME = re.compile(rf"(?P<owner>{_PART})/(?P<name>{_PART})", re.ASCII)
_REPOSITORY = re.compile(rf"/repos/(?P<name>{_PART}/{_PART})/", re.ASCII)
_SCP = re.compile(r"(?:[^@/:\s]+@)?[^@/:\s]+:(?!//)(?P<path>.*)", re.ASCII)


def path_on_forge(url: str, api_url: str, api: str) -> str:
    """The path of the repository below the forge's own, without slashes around it and `.git`; empty if there is none.

    Where a forge lies below a path of its host, `api_url` shows it: `https://HOST/gitlab` + `api`.
    """
    if not url.isprintable():
        return ""
    if scp := _SCP.fullmatch(url):
        path = scp["path"]
    else:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https", "ssh") or parts.query or parts.fragment:
            return ""
        path = parts.path
        if parts.scheme != "ssh":
            path = path.removeprefix(urlsplit(api_url).path.removesuffix(api))
    return path.removeprefix("/").removesuffix("/").removesuffix(".git")


def owner_and_name(url: str, api_url: str, api: str) -> str:
    """`owner/name` where the path on the forge has these two parts alone, else nothing.

    Neither holds what would change the meaning of a longer path.
    """
    found = _OWNER_AND_NAME.fullmatch(path_on_forge(url, api_url, api))
    return found[0] if found and not {found["owner"], found["name"]} & {".", ".."} else ""


def elsewhere(url: str, name: str, api_url: str, location: str) -> str:
    """The git URL of a repository whose API redirects to `location`: `url` with the new name in place of `name`.

    Empty where that is another host's, or nothing that names a repository.
    """
    try:
        here, there = urlsplit(api_url), urlsplit(location)
    except ValueError:
        return ""
    found = _REPOSITORY.match(there.path.removeprefix(here.path))
    if there.netloc not in ("", here.netloc) or found is None or not there.path.startswith(f"{here.path}/"):
        return ""
    before, there_is, after = url.rpartition(name)
    return f"{before}{found['name']}{after}" if there_is and found["name"].lower() != name.lower() else ""
