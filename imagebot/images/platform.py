"""Platforms as `os/architecture`, with a variant where there is one, in one spelling.

arm64 means its variant v8, arm its variant v7, amd64 its variant v1, as in
https://github.com/containerd/platforms/blob/main/database.go.
"""

from __future__ import annotations

import re

_PLATFORM = re.compile(r"[a-z0-9]{1,32}/[a-z0-9_]{1,32}(?:/[a-z0-9_.]{1,32})?", re.ASCII)
_SAME = {
    "arm64/v8": "arm64",
    "aarch64": "arm64",
    "arm": "arm/v7",
    "armhf": "arm/v7",
    "amd64/v1": "amd64",
    "x86_64": "amd64",
}


def platform(text: str) -> str:
    """`text` in the spelling that platforms are compared in. Raises `ValueError`."""
    if not _PLATFORM.fullmatch(text) or "unknown" in text.split("/"):
        raise ValueError(f"{text!r} is no platform; write one such as linux/amd64 or linux/arm/v7")
    system, _, rest = text.partition("/")
    return f"{system}/{_SAME.get(rest, rest)}"
