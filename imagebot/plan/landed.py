"""What the base branch tells about rollbacks: versions that the bot's commits brought and that people took back.

Read from the trailers of commits, which survive merges, rebases, and squashes that keep the message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from imagebot.fields.field import Field
from imagebot.images.reference import is_digest, is_tag
from imagebot.selection.verdict import Version

_UPDATE = re.compile(r"Image-Update: (\S+) .*-> (\S+)", re.ASCII)
_UPDATES = re.compile(r"^Image-Update: \S", re.MULTILINE)
_FIELD = re.compile(r"Image-Field: (.+)#(\S+)", re.ASCII)
ROLLBACK = "Image-Rollback"
"""The trailer of a commit that takes versions back, as its `Image-Update` says; its value is `app@environment`."""
_ROLLBACK = re.compile(rf"^{ROLLBACK}: \S", re.ASCII | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Landed:
    """A commit brought `version` of `image` to a field of the base branch."""

    image: str
    version: Version
    file: str
    path: str


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A version that had landed in `field` and is above what the field says now."""

    field: Field
    version: Version


def landed(messages: Iterable[str]) -> Iterator[Landed]:
    """What the messages of commits say, in their order; anyone may have written them."""
    for message in messages:
        image, version = "", None
        for line in (line.rstrip("\r") for line in message.split("\n")):
            if update := _UPDATE.fullmatch(line):
                image, version = unquote(update[1]), _version(unquote(update[2]))
            elif (found := _FIELD.fullmatch(line)) and version is not None:
                yield Landed(image, version, unquote(found[1]), unquote(found[2]))


def proposes(message: str) -> bool:
    """Whether a message has a trailer of the bot's."""
    return _UPDATES.search(message) is not None


def rolls_back(message: str) -> bool:
    """Whether a commit takes versions back: what it brings has landed before, and what was there stays unwanted."""
    return _ROLLBACK.search(message) is not None


def taken_back(
    fields: Iterable[Field], history: Sequence[Landed], place: Callable[[str], tuple[object, ...] | None]
) -> Iterator[TakenBack]:
    """The versions that landed in these fields after what they say now, and stand above it.

    `history` is newest first; `place` tells where a tag stands in the order. Without a version above, a field was moved
    on, not back; of one tag only another digest can be taken back.
    """
    for field in fields:
        for item in history:
            if (item.image, item.file, item.path) != (str(field.name), field.file, field.path):
                continue
            if item.version.tag == (field.tag or item.version.tag) and item.version.digest in (None, field.digest):
                break
            if item.version.tag == field.tag or field.tag is None:
                yield TakenBack(field, item.version)
            elif _is_above(place(item.version.tag), place(field.tag)):
                yield TakenBack(field, Version(item.version.tag))


def _is_above(one: tuple[object, ...] | None, other: tuple[object, ...] | None) -> bool:
    return one is not None and other is not None and one > other


def _version(text: str) -> Version | None:
    tag, at, digest = text.partition("@")
    if not (is_tag(tag) or (at and not tag)) or (at and not is_digest(digest)):
        return None
    return Version(tag, digest or None)
