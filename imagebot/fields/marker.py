"""Markers: comments that say which image the value beside them is of.

Ours, `# imagebot: ghcr.io/acme/api`: the value itself says whether it is a reference, a tag or a digest. And Flux's,
`# {"$imagepolicy": "namespace:policy[:tag|:name|:digest]"}`, which names a policy instead of an image:
https://fluxcd.io/flux/guides/image-update/#configure-image-update-for-custom-resources
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from imagebot.images.reference import ImageName, Reference

_OURS = "imagebot:"
_FLUX_POLICY = re.compile(rb'"\$imagepolicy"\s*:\s*"([^":\n]{1,253}:[^":\n]{1,253})[":]')
_HINTS = re.compile(rb'imagebot:|"\$imagepolicy"')
_SETTER = re.compile(r"([^:\s]+:[^:\s]+)(?::(tag|name|digest))?", re.ASCII)
_LONGEST_LINE = 4096
MOST = 10_000


class Holds(StrEnum):
    """What a value is by its marker. A `NAME` never changes: it says which image a policy is of."""

    ANY = "any"
    REFERENCE = "reference"
    TAG = "tag"
    NAME = "name"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True)
class Marker:
    """What a marker says: an image by its `name`, or one of Flux's policies. `wrong` is why it cannot be followed."""

    holds: Holds
    name: ImageName | None = None
    policy: str = ""
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Comment:
    """What looks like a comment with a marker. It begins at byte `start`; `before` is its line up to there."""

    marker: Marker
    line: int
    start: int
    before: bytes

    @property
    def alone(self) -> bool:
        """Whether nothing else stands on its line."""
        return not self.before.strip()


def too_many(data: bytes) -> bool:
    """Whether a file has more markers than are read."""
    return next(islice(_HINTS.finditer(data), MOST, None), None) is not None


def comments(data: bytes) -> Iterator[Comment]:
    """The first 10 000 markers, one for each line at most.

    Whether a comment can begin there is for the file's grammar to say.
    """
    line, begin, end = 1, 0, -1
    for hint in islice(_HINTS.finditer(data), MOST):
        if hint.start() < end:
            continue
        here = data.rfind(b"\n", begin, hint.start()) + 1 or begin
        line += data.count(b"\n", begin, here)
        begin, end = here, data.find(b"\n", hint.end())
        end = len(data) if end < 0 else end
        if end - begin <= _LONGEST_LINE:
            yield from _comment(data[begin:end], hint.start() - begin, line, begin)


def _comment(text: bytes, hint: int, line: int, begin: int) -> Iterator[Comment]:
    ours = text[hint:].startswith(_OURS.encode())
    what = hint if ours else max(text.rfind(b"{", 0, hint), 0)
    opened = text[:what].rstrip(b" \t")
    before = opened.removesuffix(b"#")
    if before == opened or before[-1:] not in (b"", b" ", b"\t"):
        return
    said = text[what:].decode(errors="replace").strip()
    marker = _ours(said.removeprefix(_OURS).strip()) if ours else _flux(said)
    if marker:
        yield Comment(marker, line, begin + len(before), before)


def flux_policies(data: bytes) -> frozenset[str]:
    """The policies that Flux's markers may name in these bytes, told without parsing them."""
    return frozenset(match.decode(errors="replace") for match in _FLUX_POLICY.findall(data))


def may_be_of_flux(data: bytes) -> bool:
    """Whether there may be a marker of Flux's in these bytes."""
    return b'"$imagepolicy"' in data


def _ours(said: str) -> Marker | None:
    try:
        named = Reference.parse(said.partition(" ")[0])
    except ValueError:
        return None
    exact = said == named.written
    wrong = "" if exact else f"a marker is `# imagebot: {named.written}` and nothing more; the value says the rest"
    return Marker(Holds.ANY, named.name, wrong=wrong)


def _flux(said: str) -> Marker | None:
    try:
        keys = json.loads(said)
    except (ValueError, RecursionError):
        return None
    if not isinstance(keys, dict) or not all(isinstance(value, str) for value in keys.values()):
        return None
    setter = _SETTER.fullmatch(keys.get("$imagepolicy", ""))
    return Marker(Holds(setter[2] or "reference"), policy=setter[1]) if setter else None
