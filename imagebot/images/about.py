"""What an image says about itself: what a reviewer wants to compare between the old one and the new one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer as it is downloaded: compressed, `size` in bytes."""

    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class Run:
    """How the image is run when nobody says otherwise.

    https://github.com/opencontainers/image-spec/blob/main/config.md, and Docker's `HEALTHCHECK`, which that does not know.
    """

    user: str = ""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    workdir: str = ""
    stop_signal: str = ""
    healthcheck: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class About:
    """One image. `platforms` are all it has; `run`, `layers`, `created` and `labels` are those for `platform`.

    All but digests and sizes are claims of its publisher, who may write there what they like. `labels` are the labels
    of the configuration and, where it has none of that name, the annotations of the manifest and then of the index.
    """

    digest: str
    platforms: tuple[str, ...]
    platform: str | None
    layers: tuple[Layer, ...]
    run: Run
    created: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes to download."""
        return sum(layer.size for layer in self.layers)
