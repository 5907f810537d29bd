"""What the messages of the bot's commits say: which field moved from what to what.

Anyone may have written them, and anyone may have left them out: they count only where the commit does what they say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from imagebot.images.reference import is_digest, is_tag
from imagebot.selection.verdict import Version

_UPDATE = re.compile(r"Image-Update: (\S+) (.*)-> (\S+)", re.ASCII)
_OLD = re.compile(r"[,\s]+", re.ASCII)
_UPDATES = re.compile(r"^Image-Update: \S", re.MULTILINE)
_FIELD = re.compile(r"Image-Field: (.+)#(\S+)", re.ASCII)
MORE = "more"
"""Among the old tags of an update: there were others, too many to name."""
ROLLBACK = "Image-Rollback"
"""The trailer of a commit that takes versions back, as its `Image-Update` says; its value is `app@environment`."""
_ROLLBACK = re.compile(rf"^{ROLLBACK}: \S", re.ASCII | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Landed:
    """A commit says that it brought `version` of `image` to a field that said one of the `old` tags."""

    image: str
    version: Version
    file: str
    path: str
    old: tuple[str, ...] = field(default=(), compare=False)


def landed(messages: Iterable[str]) -> Iterator[Landed]:
    """What the messages of commits say, in their order; anyone may have written them."""
    for message in messages:
        image, version, old = "", None, tuple[str, ...]()
        for line in (line.rstrip("\r") for line in message.split("\n")):
            if update := _UPDATE.fullmatch(line):
                image, version, old = unquote(update[1]), _version(unquote(update[3])), _tags(update[2])
            elif (found := _FIELD.fullmatch(line)) and version is not None:
                yield Landed(image, version, unquote(found[1]), unquote(found[2]), old)


def proposes(message: str) -> bool:
    """Whether a message has a trailer of the bot's."""
    return _UPDATES.search(message) is not None


def rolls_back(message: str) -> bool:
    """Whether a commit takes versions back: what it brings has landed before, and what was there stays unwanted."""
    return _ROLLBACK.search(message) is not None


def _tags(text: str) -> tuple[str, ...]:
    return tuple(word.partition("@")[0] for word in _OLD.split(text) if word)


def _version(text: str) -> Version | None:
    tag, at, digest = text.partition("@")
    if not (is_tag(tag) or (at and not tag)) or (at and not is_digest(digest)):
        return None
    return Version(tag, digest or None)
