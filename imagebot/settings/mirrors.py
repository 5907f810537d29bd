"""Registries that stand in for others: those asked in another's place, and caches that images are named after."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Discriminator, Tag

from imagebot.documents.model import STRING, Flag, Model, reads
from imagebot.images.name_prefix import NamePrefix

_PATH = re.compile(r"[a-z0-9]+(?:[._/-]+[a-z0-9]+)*", re.ASCII)
_Prefix = Annotated[NamePrefix, reads(NamePrefix, NamePrefix.parse), STRING]


def _path(text: str) -> str:
    bare = text.strip("/")
    if not _PATH.fullmatch(bare):
        raise ValueError("write what repositories begin with: hub, or proxies/docker-hub")
    return bare


def _each_once(value: object) -> object:
    """Of two spellings of one path the last would count, and nobody would be told."""
    seen: dict[str, str] = {}
    for key in value if isinstance(value, Mapping) else ():
        other = seen.setdefault(str(key).strip("/"), str(key))
        if other != key:
            raise ValueError(f"{key} is the same path as {other}; write one of them")
    return value


class RegistryMirror(Model):
    """Another registry that is asked in this one's place."""

    url: _Prefix
    """Where: `https://HOST/v2/PATH`, or `HOST/PATH`; what stands after the host comes before the repository's name."""
    fallback: Flag = False
    """Whether the registry itself is asked where the mirror has no answer, or answers that there is no such thing."""


def _way_to_name(value: object) -> str:
    return "{url}" if isinstance(value, str | NamePrefix) else "{mirror}"


def _kind_of_cache(value: object) -> str:
    return "{all}" if isinstance(value, str | NamePrefix) else "{paths}"


AnyMirror = Annotated[
    Annotated[_Prefix, Tag("{url}")] | Annotated[RegistryMirror, Tag("{mirror}")],
    Discriminator(_way_to_name),
]
Upstreams = Annotated[
    Annotated[_Prefix, Tag("{all}")]
    | Annotated[Mapping[Annotated[str, AfterValidator(_path)], _Prefix], BeforeValidator(_each_once), Tag("{paths}")],
    Discriminator(_kind_of_cache),
]
