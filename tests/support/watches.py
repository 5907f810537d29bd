"""Watches as short as a test wants them."""

from __future__ import annotations

from typing import Any

from imagebot.policy.model import Watch


def watch(semver: str = "^1.4", **keys: Any) -> Watch:
    """A watch of `ghcr.io/acme/api`; other keys as in a policy file."""
    return Watch.model_validate({"image": "ghcr.io/acme/api", "semver": semver, **keys})


def ordered(**keys: Any) -> Watch:
    """The same with another order: `ordered(numeric="asc")`."""
    return Watch.model_validate({"image": "ghcr.io/acme/api", **keys})
