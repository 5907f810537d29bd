"""What values beside markers say, whatever kind of file they stand in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from imagebot.fields.claim import Lack, name_of, read_reference
from imagebot.fields.field import Part, Spot, Value
from imagebot.fields.marker import Comment, Holds, Marker
from imagebot.fields.place import Trail
from imagebot.images.reference import ImageName, is_digest, is_tag
from imagebot.yamledit.tree import WORD, Alias, Scalar

# A reference that a template begins: `{{ .Values.registry }}/acme/api:v1`.
_BEGUN = re.compile(
    r"(?P<head>[^{}$\s]*)(?:\{\{|\$\{).*\}(?P<path>(?:/[a-z0-9._/-]+)?):(?P<version>[^{}$\s]+)", re.ASCII
)
_IMAGE_KEY = re.compile(r"image(?!pull|polic|registr|repositor|secret|tag|version|digest)", re.ASCII | re.IGNORECASE)
_NAME_KEY = re.compile(r"(?:^|[^A-Za-z])name[\"']?[ \t]*[:=]?[ \t]*[\"']?$", re.ASCII | re.IGNORECASE)
_ALONE = (
    "beside this marker stands a name alone, as of a container or a service: a version would become a part of it. Mark"
    " a value such as `{name}:TAG`, or one under a key such as `image`"
)
_NOT = {
    Holds.ANY: "neither {name} with a tag, nor a tag, nor a digest",
    Holds.REFERENCE: "no image reference",
    Holds.TAG: "no tag",
    Holds.DIGEST: "no digest",
    Holds.NAME: "no image name",
}

MARKER = "marker"
Policies = Mapping[str, ImageName]
NO_POLICIES: Policies = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Beside:
    """A value beside a marker. Tag and digest of one image at the same `place` are of one field.

    `trail` is the way to the value itself. `under` is what is written before it: its key, or all of its line.
    """

    marker: Marker
    scalar: Scalar
    place: int
    under: str
    trail: Trail | None = None
    via: Alias | None = None


@dataclass(frozen=True, slots=True)
class Marked:
    """A field that markers make; the trails are those of its values."""

    name: ImageName
    spots: tuple[Spot, ...]
    trails: tuple[Trail | None, ...]


@dataclass(frozen=True, slots=True)
class Unnamed:
    """A value beside a marker of Flux's of which nothing tells the image."""

    scalar: Scalar
    message: str


def read_all(values: Iterable[Beside | Lack], policies: Policies) -> Iterator[Marked | Lack | Unnamed]:
    """What these values say. `policies` are the images of Flux's policies, as far as they are watched by name.

    One that nobody names is told by a value marked `:name`.
    """
    looked = list(values)
    known = [value for value in looked if isinstance(value, Beside)]
    yield from (value for value in looked if isinstance(value, Lack))
    policies = {**_named(known), **policies}
    groups: dict[tuple[ImageName, int], list[tuple[Beside, Spot]]] = {}
    for value in known:
        match _read(value, policies):
            case Lack() | Unnamed() as none:
                yield none
            case (name, spot):
                group = groups.setdefault((name, value.place), [])
                if group and not _together(group, spot):
                    yield _marked(name, group)
                    group.clear()
                group.append((value, spot))
    for (name, _), group in groups.items():
        yield _marked(name, group)


def _named(values: Iterable[Beside]) -> Policies:
    """The image of each policy of which all values marked `:name` say the same."""
    names: dict[str, set[ImageName | None]] = {}
    for value in values:
        if value.marker.holds is Holds.NAME:
            names.setdefault(value.marker.policy, set()).add(name_of(value.scalar.value))
    return {policy: name for policy, said in names.items() if len(said) == 1 and (name := next(iter(said)))}


def _read(value: Beside, policies: Policies) -> tuple[ImageName, Spot] | Lack | Unnamed | None:
    marker, name = value.marker, value.marker.name or policies.get(value.marker.policy)
    if marker.holds is Holds.NAME:
        return None
    if marker.wrong and name:
        return Lack(name, value.scalar, marker.wrong, blocks=True)
    if marker.holds in (Holds.ANY, Holds.REFERENCE):
        read = read_reference(value.scalar, via=value.via)
        # Flux's marker leaves it to the value which image it is.
        if read and (marker.policy or read[0] == name):
            if marker.name and read[1].says == Value() and _is_word(value):
                return Lack(read[0], value.scalar, _ALONE.format(name=read[0].familiar), blocks=True)
            return read
    if name is None:
        what = f"nothing says which image Flux's policy {marker.policy} is of: write `imagePolicy: {marker.policy}`"
        return Unnamed(value.scalar, f"{what} in the watch of that image")
    spot = _version(value, name)
    if spot:
        return name, spot
    what = _NOT[marker.holds].format(name=name.familiar)
    return Lack(name, value.scalar, f"the value beside this marker is {what}", blocks=True)


def _is_word(value: Beside) -> bool:
    """Whether a name without a version is what something else is called: `name: redis`, but not `image: redis`."""
    if _IMAGE_KEY.search(value.under):
        return False
    return "/" not in value.scalar.value or _NAME_KEY.search(value.under) is not None


def _version(value: Beside, name: ImageName) -> Spot | None:
    holds, scalar, via = value.marker.holds, value.scalar, value.via
    text = scalar.value.rstrip("\n")
    head, at, digest = text.partition("@")
    if holds in (Holds.ANY, Holds.TAG) and is_tag(head) and (is_digest(digest) if at else name_of(text) != name):
        return Spot(scalar, Part.TAG, Value(head, digest or None), 0, len(text), via=via)
    if holds in (Holds.ANY, Holds.DIGEST) and is_digest(text):
        return Spot(scalar, Part.DIGEST, Value(None, text), 0, len(text), via=via)
    if holds is Holds.DIGEST and not text and scalar.style in ("'", '"'):
        return Spot(scalar, Part.DIGEST, Value(), 0, 0, via=via)
    return _begun(scalar, name, via) if holds is Holds.ANY else None


def _begun(scalar: Scalar, name: ImageName, via: Alias | None) -> Spot | None:
    """The version after a name that a template begins, if what is written of the name is this image's."""
    found = _BEGUN.fullmatch(scalar.value)
    if found is None or not (str(name).startswith(found["head"]) and f"/{name.repository}".endswith(found["path"])):
        return None
    tag, at, digest = found["version"].partition("@")
    if not is_tag(tag) or (at and not is_digest(digest)):
        return None
    return Spot(
        scalar, Part.REFERENCE, Value(tag, digest or None), found.start("version") - 1, len(scalar.value), via=via
    )


def _together(group: list[tuple[Beside, Spot]], spot: Spot) -> bool:
    """Whether a value is the missing half of a field: the digest of a tag, or the tag of a digest."""
    parts = {other.part for _, other in group}
    return parts | {spot.part} == {Part.TAG, Part.DIGEST} and spot.part not in parts


def _marked(name: ImageName, group: Iterable[tuple[Beside, Spot]]) -> Marked:
    ordered = sorted(group, key=lambda item: item[1].part is Part.DIGEST)
    return Marked(name, tuple(spot for _, spot in ordered), tuple(value.trail for value, _ in ordered))


def astray(comment: Comment, message: str) -> Iterator[Lack]:
    """What to say of a marker beside nothing. Flux passes over its own there, so they are none."""
    if comment.marker.name:
        width = len(comment.before.decode(errors="replace"))
        here = Scalar("", WORD, comment.start, comment.start + 1, comment.line, width + 1)
        yield Lack(comment.marker.name, here, message, blocks=True)
