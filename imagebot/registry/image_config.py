"""What an image says about itself: its config, and what its manifest and its index add, read with suspicion.

https://github.com/opencontainers/image-spec/blob/main/config.md. Anyone may write anything there: what is no text where
a text belongs is left out. What is too long is cut, and ends in a fingerprint of the whole: a change behind the cut is
still a change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from imagebot.images.about import About, Run
from imagebot.registry.limits import LIST_ITEMS, TEXT_CHARACTERS
from imagebot.registry.manifest import Manifest, created_of, encodable, labels_of, mapping, platform_of


@dataclass(frozen=True, slots=True)
class Config:
    """What the config of an image says, as short as it is kept."""

    platform: str | None = None
    run: Run = field(default_factory=Run)
    created: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Papers:
    """The documents that describe an image on `platform` of its `index`, which is empty where it has none."""

    manifest: Manifest
    config: Config = field(default_factory=Config)
    index: Manifest = field(default_factory=Manifest)
    platform: str | None = None


def config_of(document: Mapping[str, Any]) -> Config:
    """Raises nothing."""
    settings = mapping(document.get("config"))
    return Config(
        platform_of(document), _run(settings), created_of(document), labels_of(mapping(settings.get("Labels")))
    )


def image(digest: str, papers: Papers) -> About:
    """The image of `digest` on a platform of its index, or else on the one that its config names. Raises nothing."""
    manifest, config, index = papers.manifest, papers.config, papers.index
    entry = index.entries[index.platforms[papers.platform]] if papers.platform else {}
    platform = papers.platform or config.platform
    return About(
        digest=digest,
        platforms=tuple(sorted(index.platforms)) or ((platform,) if platform else ()),
        platform=platform,
        layers=manifest.layers,
        run=config.run,
        created=config.created,
        labels=labels_of(config.labels, manifest.labels, entry, index.labels),
    )


def _run(settings: Mapping[str, Any]) -> Run:
    return Run(
        user=_text(settings.get("User")),
        entrypoint=_texts(settings.get("Entrypoint")),
        command=_texts(settings.get("Cmd")),
        env=_env(settings.get("Env")),
        ports=_ports(settings.get("ExposedPorts")),
        volumes=_texts(sorted(mapping(settings.get("Volumes")))),
        workdir=_text(settings.get("WorkingDir")),
        stop_signal=_text(settings.get("StopSignal")),
        healthcheck=_texts(mapping(settings.get("Healthcheck")).get("Test")),
    )


def _env(settings: object) -> dict[str, str]:
    """A fingerprint of each variable's value; of two settings of one variable the last counts, as when it is run."""
    lines = [each for each in settings if isinstance(each, str)] if isinstance(settings, list) else []
    values = {name: value for name, _, value in (line.partition("=") for line in lines)}
    shown = {_text(name): _fingerprint(values[name]) for name in sorted(values)[:LIST_ITEMS]}
    if len(values) > LIST_ITEMS:
        shown["…"] = _fingerprint("\0".join(sorted(lines)))
    return shown


def _ports(exposed: object) -> tuple[str, ...]:
    """Each with its protocol, which is TCP where none is said."""
    return _texts(sorted({port if "/" in port else f"{port}/tcp" for port in mapping(exposed)}))


def _texts(values: object) -> tuple[str, ...]:
    texts = [each for each in values if isinstance(each, str)] if isinstance(values, list) else []
    shown = tuple(_text(each) for each in texts[:LIST_ITEMS])
    return shown if len(texts) <= LIST_ITEMS else (*shown, f"… {_fingerprint(chr(0).join(texts))}")


def _text(value: object) -> str:
    if not isinstance(value, str):
        return ""
    return encodable(value if len(value) <= TEXT_CHARACTERS else f"{value[:TEXT_CHARACTERS]}… {_fingerprint(value)}")


def _fingerprint(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]
