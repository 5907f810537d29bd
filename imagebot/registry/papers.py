"""What an image's index, manifest and config say about it, read with suspicion: anyone may write anything there.

What is no text where a text belongs is left out. What is too long is cut, and ends in a fingerprint of the whole: a
change behind the cut is still a change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from imagebot.images.about import About, Layer, Run
from imagebot.images.reference import is_digest
from imagebot.registry.contents import created_of, descriptor, mapping, platform_of
from imagebot.registry.limits import LABELS, LAYER_BYTES, LIST_ITEMS, TEXT_CHARACTERS

_FAVOURITE = "linux/amd64"


@dataclass(frozen=True, slots=True)
class Papers:
    """The documents that describe an image, each empty where it has none.

    `platforms` are those of the index, each with the digest of its manifest.
    """

    manifest: Mapping[str, Any]
    config: Mapping[str, Any]
    index: Mapping[str, Any] = field(default_factory=dict)
    platforms: Mapping[str, str] = field(default_factory=dict)


def preferred(platforms: Iterable[str], asked: str | None) -> str | None:
    """The platform to look at: the one asked for, else linux/amd64, else the first in the order of names."""
    known = sorted(platforms)
    return next((each for each in (asked, _FAVOURITE, *known[:1]) if each in known), None)


def image(digest: str, platform: str | None, papers: Papers) -> About:
    """The image of `digest` on a platform of its index, or else on the one that its config names. Raises nothing."""
    entry = descriptor(papers.index, papers.platforms[platform]) if platform else {}
    annotations = (mapping(each.get("annotations")) for each in (papers.manifest, entry, papers.index))
    platform = platform or platform_of(papers.config)
    settings = mapping(papers.config.get("config"))
    return About(
        digest=digest,
        platforms=tuple(sorted(papers.platforms)) or ((platform,) if platform else ()),
        platform=platform,
        layers=_layers(papers.manifest.get("layers")),
        run=_run(settings),
        created=created_of(papers.config),
        labels=_labels(mapping(settings.get("Labels")), *annotations),
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


def _layers(listed: object) -> tuple[Layer, ...]:
    """Those with a digest and a possible size."""
    found = []
    for each in listed[:LIST_ITEMS] if isinstance(listed, list) else ():
        layer = mapping(each)
        digest, size = layer.get("digest"), layer.get("size")
        if isinstance(digest, str) and is_digest(digest) and type(size) is int and 0 <= size <= LAYER_BYTES:
            found.append(Layer(digest, size))
    return tuple(found)


def _labels(*sources: Mapping[str, Any]) -> dict[str, str]:
    """The first source that has a name is believed; a value too long for any address or version is no use to anyone."""
    found: dict[str, str] = {}
    for name, value in (item for source in sources for item in source.items()):
        if len(found) == LABELS:
            break
        if isinstance(value, str) and max(len(name), len(value)) <= TEXT_CHARACTERS:
            found.setdefault(_encodable(name), _encodable(value))
    return found


def _texts(values: object) -> tuple[str, ...]:
    texts = [each for each in values if isinstance(each, str)] if isinstance(values, list) else []
    shown = tuple(_text(each) for each in texts[:LIST_ITEMS])
    return shown if len(texts) <= LIST_ITEMS else (*shown, f"… {_fingerprint(chr(0).join(texts))}")


def _text(value: object) -> str:
    if not isinstance(value, str):
        return ""
    return _encodable(value if len(value) <= TEXT_CHARACTERS else f"{value[:TEXT_CHARACTERS]}… {_fingerprint(value)}")


def _encodable(text: str) -> str:
    """JSON can spell halves of characters, which no encoding has."""
    return text.encode(errors="replace").decode()


def _fingerprint(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]
