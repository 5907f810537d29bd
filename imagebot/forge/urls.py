"""Which repository on a forge a git URL names."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

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
