"""What the history of a base branch says about fields: who brought a value there, and when."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from imagebot.cycle.checkout import Checkout
from imagebot.fields.explicit import Explicit
from imagebot.fields.field import Field
from imagebot.fields.find import find
from imagebot.policy.model import Watch

_MOST_VERSIONS = 100


@dataclass(frozen=True, slots=True)
class Arrival:
    """A field has had its value since `at`; `dated` by the commit, or else by when the bot first saw it there."""

    who: str
    at: datetime
    dated: bool


def arrival(checkout: Checkout, watch: Watch, field: Field) -> Arrival:
    """When the field took the value that it has now, as the base branch saw it: a merge counts when it was merged.

    The bot's own commits carry the date of what they are based on. Where one lies on the branch itself, put there
    without a merge, the moment of its arrival is not written anywhere, and counts from when the bot first saw it.
    """
    versions = checkout.mirror.path_versions(checkout.heads.base, field.file, _MOST_VERSIONS)
    there = list(takewhile(lambda version: version.blob is not None, versions))
    brought = None
    with closing(checkout.mirror.blobs([version.blob for version in there if version.blob])) as contents:
        for version, data in zip(there, contents, strict=False):
            if not _says_so(field, watch, data):
                break
            brought = version
    if brought is None:
        return Arrival("somebody", _first_seen(checkout, field, checkout.heads.base), dated=False)
    if brought.committer_email == checkout.world.settings.author.email:
        return Arrival(brought.author_name, _first_seen(checkout, field, brought.commit), dated=False)
    return Arrival(brought.author_name, brought.at, dated=True)


def _first_seen(checkout: Checkout, field: Field, commit: str) -> datetime:
    key = f"commit:{commit}"
    return checkout.memory.first_seen(field.name, [key])[key]


def _says_so(field: Field, watch: Watch, data: bytes | None) -> bool:
    if data is None:
        return False
    explicit = tuple(Explicit(place.path, watch.image) for place in watch.fields if place.file == field.file)
    found = find(field.file, data, explicit).fields
    return any((other.path, other.name, other.value) == (field.path, field.name, field.value) for other in found)
