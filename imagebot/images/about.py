"""What an image says about itself: what a reviewer wants to compare between the old one and the new one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer as it is downloaded: compressed, `size` in bytes."""

    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class Run:
    """How the image is run when nobody says otherwise.

    `env` has a fingerprint for each name: enough to see a change, while the value, which may be a secret, is not kept.
    `ports` have their protocol: `8080/tcp`.

    https://github.com/opencontainers/image-spec/blob/main/config.md, and Docker's `HEALTHCHECK`, which it has not.
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
    of the configuration and, where it has none of that name, the annotations of the manifest, of its entry in the
    index, and of the index.
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

    def to_json(self) -> str:
        """All of it, for a cache; ASCII."""
        return json.dumps({**asdict(self), "created": self.created and self.created.isoformat()})

    @classmethod
    def from_json(cls, text: str) -> About | None:
        """What `to_json` wrote; None for any other text, such as one of another release: ask the registry again."""
        try:
            return _about(json.loads(text))
        except (ValueError, TypeError, KeyError, RecursionError):
            return None


def _about(known: dict[str, Any]) -> About:
    run = known["run"]
    return About(
        digest=_text(known["digest"]),
        platforms=_texts(known["platforms"]),
        platform=None if known["platform"] is None else _text(known["platform"]),
        layers=tuple(Layer(_text(layer["digest"]), _size(layer["size"])) for layer in _list(known["layers"])),
        run=Run(
            user=_text(run["user"]),
            entrypoint=_texts(run["entrypoint"]),
            command=_texts(run["command"]),
            env=_mapping(run["env"]),
            ports=_texts(run["ports"]),
            volumes=_texts(run["volumes"]),
            workdir=_text(run["workdir"]),
            stop_signal=_text(run["stop_signal"]),
            healthcheck=_texts(run["healthcheck"]),
        ),
        created=None if known["created"] is None else _moment(known["created"]),
        labels=_mapping(known["labels"]),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _texts(value: object) -> tuple[str, ...]:
    return tuple(_text(each) for each in _list(value))


def _mapping(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise TypeError
    return {name: _text(each) for name, each in value.items()}


def _size(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    return value


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError
    return moment
