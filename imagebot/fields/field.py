"""A field: a place in a file where an image, its tag or its digest is written."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from imagebot.errors import Problem
from imagebot.images.reference import ImageName
from imagebot.yamledit.tree import Alias, Scalar


@dataclass(frozen=True, slots=True)
class Value:
    """What a field says, or should say: a tag, a digest, or both."""

    tag: str | None = None
    digest: str | None = None

    def __str__(self) -> str:
        return (self.tag or "") + (f"@{self.digest}" if self.digest else "")


class Part(StrEnum):
    """What a scalar holds. A reference or a tag may carry a digest after an `@`, a version may not.

    `HEX` is a digest without `sha256:`.
    """

    REFERENCE = "reference"
    TAG = "tag"
    VERSION = "version"
    DIGEST = "digest"
    HEX = "hex"


@dataclass(frozen=True, slots=True)
class Spot:
    """One place of a field, in a scalar under `key`, and what it says.

    It is the characters from `start` to `end` of the scalar's value, and all others stay: of a reference what follows
    the name, `:tag@digest`. `via` is the alias that stands where the scalar is used, if not where it stands.
    """

    scalar: Scalar
    part: Part
    says: Value
    start: int
    end: int
    key: str = ""
    via: Alias | None = None

    @property
    def text(self) -> str:
        """What is written there now."""
        return self.scalar.value[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Field:
    """Where one image is written and what it says. `fixed` says why it cannot be edited; None if it can.

    `line` is the line of the value that an edit changes; `path` is for people and for trailers, unique in its file.
    """

    file: str
    line: int
    path: str
    shape: str
    name: ImageName
    spots: tuple[Spot, ...]
    fixed: Problem | None = None

    @property
    def tag(self) -> str | None:
        return next((spot.says.tag for spot in self.spots if spot.says.tag), None)

    @property
    def digest(self) -> str | None:
        """A digest of its own wins over one that a tag carries, as it does in Kustomize and in charts."""
        said = [spot for spot in self.spots if spot.says.digest]
        return max(said, key=lambda spot: spot.part in (Part.DIGEST, Part.HEX)).says.digest if said else None

    @property
    def value(self) -> Value:
        return Value(self.tag, self.digest)


@dataclass(frozen=True, slots=True)
class NoField:
    """A place that names an image and holds no version that can be read.

    It `blocks` where a person pointed at it: then nothing of the image moves before it is mended.
    """

    name: ImageName
    problem: Problem
    blocks: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """Everything in one file. It does not depend on what is watched: it holds for as long as the bytes are the same.

    A file that is `unreadable` may still have fields at markers. `unnamed` are markers of which no image is known.
    """

    fields: tuple[Field, ...] = ()
    refusals: tuple[NoField, ...] = ()
    unreadable: Problem | None = None
    unnamed: tuple[Problem, ...] = ()
