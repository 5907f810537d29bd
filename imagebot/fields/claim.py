"""What a shape says of a map: a claim on scalars, or a lack; and how a scalar is read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from imagebot.fields.field import Part, Spot, Value
from imagebot.fields.place import Place
from imagebot.images.reference import ImageName, Reference, is_digest, is_tag
from imagebot.yamledit.tree import Alias, Scalar

DIGEST_KEYS = ("digest", "imageDigest", "sha")
_DEFAULT = re.compile(r"(\$\{[A-Za-z_][A-Za-z0-9_]*:?-)([^{}]*)(\})", re.ASCII)
_DEFAULT_TAG = re.compile(r"([^${}]+):\$\{[A-Za-z_][A-Za-z0-9_]*:?-([^${}@]+)(?:@([^${}]+))?\}", re.ASCII)
_HEX = re.compile(r"[a-f0-9]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Claim:
    """These scalars say which version of `name` runs. They stand in the map `at`; `steps` lead to the first of them."""

    name: ImageName
    spots: tuple[Spot, ...]
    at: Place
    steps: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Lack:
    """`name` stands at `scalar`, and no version that could be edited; whether it `blocks` is as in `NoField`."""

    name: ImageName
    scalar: Scalar
    message: str
    blocks: bool = False


def name_of(text: str) -> ImageName | None:
    """The image name that `text` is, if it is one."""
    try:
        return ImageName.parse(text)
    except ValueError:
        return None


def reference(place: Place, key: str, prefix: str = "") -> tuple[ImageName, Spot] | None:
    """The reference under `key`, after a prefix such as `docker://` that must be there."""
    scalar = place.text(key)
    return read_reference(scalar, key, place.via(key), prefix) if scalar else None


def read_reference(
    scalar: Scalar, key: str = "", via: Alias | None = None, prefix: str = ""
) -> tuple[ImageName, Spot] | None:
    """The reference that a scalar is, or that it is by the default of a variable.

    As Compose has it: `${IMAGE:-nginx:1.27}` and `nginx:${TAG:-1.27}`.
    """
    if not scalar.value.startswith(prefix):
        return None
    text = scalar.value.removeprefix(prefix).rstrip("\n")
    if text.endswith("}") and (tagged := _DEFAULT_TAG.fullmatch(text)):
        name, version, digest = name_of(tagged[1]), tagged[2], tagged[3]
        sound = is_tag(version) and (digest is None or is_digest(digest))
        start, end = len(prefix) + tagged.start(2), len(prefix) + tagged.end() - 1
        return (name, Spot(scalar, Part.TAG, Value(version, digest), start, end, key, via)) if name and sound else None
    default = _DEFAULT.fullmatch(text)
    before, text, _ = default.groups() if default else ("", text, "")
    try:
        read = Reference.parse(text)
    except ValueError:
        return None
    start, end = len(prefix + before + read.written), len(prefix + before + text)
    return read.name, Spot(scalar, Part.REFERENCE, Value(read.tag, read.digest), start, end, key, via)


def tag(place: Place, *keys: str) -> Spot | None:
    """The tag, or `tag@digest`, under the first of these keys that holds one."""
    for key in keys:
        scalar = place.text(key)
        if scalar is None:
            continue
        text = scalar.value.rstrip("\n")
        head, at, digest = text.partition("@")
        if is_tag(head) and (not at or is_digest(digest)):
            return Spot(scalar, Part.TAG, Value(head, digest or None), 0, len(text), key, place.via(key))
        if not at and is_digest(head):
            return Spot(scalar, Part.DIGEST, Value(None, head), 0, len(text), key, place.via(key))
    return None


def version(place: Place, key: str) -> Spot | None:
    """The tag under a key that takes nothing but a tag, such as the version of a chart.

    A `+` in a chart's version is `_` in its tag, which cannot hold one.
    """
    scalar = place.text(key)
    text = scalar.value.rstrip("\n") if scalar else ""
    says = text.replace("+", "_", 1)
    if scalar is None or not is_tag(says):
        return None
    return Spot(scalar, Part.VERSION, Value(says), 0, len(text), key, place.via(key))


def digests(place: Place, keys: Sequence[str] = DIGEST_KEYS) -> tuple[Spot, ...]:
    """The digests under these keys. One that is empty in quotes says nothing, but may be written to.

    Any other text counts as a digest too: beside a new tag it would be stale, whatever it is.
    """
    return tuple(spot for key in keys if (spot := _digest(place, key)))


def _digest(place: Place, key: str) -> Spot | None:
    scalar, via = place.text(key), place.via(key)
    if scalar is None:
        entry = place.entries.get(key)
        empty = entry.node if entry else None
        quoted = isinstance(empty, Scalar) and not empty.value and empty.style in ("'", '"') and key == "digest"
        return Spot(empty, Part.DIGEST, Value(), 0, 0, key, via) if isinstance(empty, Scalar) and quoted else None
    text = scalar.value.rstrip("\n")
    if _HEX.fullmatch(text):
        return Spot(scalar, Part.HEX, Value(None, f"sha256:{text}"), 0, len(text), key, via)
    if key == "sha" and not is_digest(text):
        return None  # a commit
    return Spot(scalar, Part.DIGEST, Value(None, text), 0, len(text), key, via)
