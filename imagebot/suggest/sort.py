"""Which fields a policy may follow at all, and why not the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from imagebot.fields.field import Field
from imagebot.images.reference import ImageName
from imagebot.plan.claims import FileFields
from imagebot.suggest.track import Track, Tracked, track_of


@dataclass(frozen=True, slots=True, order=True)
class UnplacedField:
    """A place that no suggested policy reaches, and why, in words that go on from the tag."""

    file: str
    line: int
    image: str
    version: str
    why: str


@dataclass(frozen=True, slots=True)
class Placed:
    """A field on its track."""

    field: Field
    tracked: Tracked

    @property
    def track(self) -> Track:
        return self.tracked.track


Held = tuple[str, ImageName]
"""A file and an image: a policy that reaches the file reaches every field of the image in it."""


def sort_fields(
    files: Mapping[str, FileFields], taken: Collection[Held]
) -> tuple[dict[Held, list[Placed]], list[UnplacedField]]:
    """The fields that can be followed, by file and image, and those that cannot; `taken` ones are in neither."""
    placed: dict[Held, list[Placed]] = {}
    left: list[UnplacedField] = []
    for file, known in sorted(files.items()):
        left += [one for held, one in _no_fields(known) if (file, held) not in taken]
        blocked = {place.name for place in known.found.refusals if place.blocks} | known.doubts.keys()
        by_image: dict[ImageName, list[Field]] = defaultdict(list)
        for field in known.found.fields:
            by_image[field.name].append(field)
        for name, fields in by_image.items():
            if (file, name) in taken:
                continue
            followed, why = _together(file, fields) if name not in blocked else ([], _blocked(fields))
            placed |= {(file, name): followed} if followed else {}
            left += why
    return placed, left


def _no_fields(known: FileFields) -> Iterator[tuple[ImageName, UnplacedField]]:
    """Every place in a file that names an image and is no field of it."""
    for refusal in known.found.refusals:
        yield (
            refusal.name,
            UnplacedField(
                refusal.problem.file, refusal.problem.line, refusal.name.familiar, "", refusal.problem.message
            ),
        )
    for name, doubt in known.doubts.items():
        yield name, UnplacedField(doubt.file, doubt.line, name.familiar, "", doubt.message)
    for field in known.embedded:
        yield field.name, left_out(field, "stands in longer text, which is edited with `embedded: true` only")


def _blocked(fields: list[Field]) -> list[UnplacedField]:
    return [
        left_out(field, "stands in one file with a place of the same image that cannot be read") for field in fields
    ]


def _together(file: str, fields: list[Field]) -> tuple[list[Placed], list[UnplacedField]]:
    """All fields of one image in one file, or why none of them."""
    tracked = [(field, _track(file, field)) for field in fields]
    wrong = [left_out(field, track) for field, track in tracked if isinstance(track, str)]
    if wrong:
        beside = f"stands in one file with {wrong[0].version or 'a field without a tag'} of the same image"
        return [], [*wrong, *(left_out(field, beside) for field, track in tracked if isinstance(track, Tracked))]
    placed = [Placed(field, track) for field, track in tracked if isinstance(track, Tracked)]
    if len({one.track for one in placed}) > 1:
        return [], list(_of_many_tracks(placed))
    return placed, []


def _track(file: str, field: Field) -> Tracked | str:
    if any(folder.startswith(".") for folder in file.split("/")[:-1]):
        return "is in a hidden folder, where no app is deployed from"
    if field.fixed:
        return f"cannot be edited: {field.fixed.message}"
    if field.tag is None:
        return "is a digest without a tag, which has no order" if field.digest else "has no tag to start from"
    return track_of(field.tag)


def _of_many_tracks(placed: list[Placed]) -> Iterator[UnplacedField]:
    for one in placed:
        other = next(each for each in placed if each.track != one.track)
        yield left_out(one.field, f"stands in one file with {other.tracked.tag}, which is on another track")


def left_out(field: Field, why: str) -> UnplacedField:
    """A field that no policy shall reach."""
    version = field.tag or (f"@{field.digest[:19]}…" if field.digest else "")
    return UnplacedField(field.file, field.line, field.name.familiar, version, why)
