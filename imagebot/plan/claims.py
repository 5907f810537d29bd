"""Which policy a field belongs to: fields and policies in, the fields of each watch out, or why they are unknown."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from imagebot.errors import Problem
from imagebot.fields.field import Field, Found
from imagebot.images.reference import ImageName
from imagebot.policy.model import Policy, Watch
from imagebot.selection.verdict import Unknown


@dataclass(frozen=True, slots=True)
class FileFields:
    """What one file holds; `doubts` tell where it names watched images if it cannot be read.

    `embedded` are the places of watched images inside longer text: fields where a watch asks for them.
    """

    found: Found
    doubts: Mapping[ImageName, Problem] = dataclasses.field(default_factory=dict)
    embedded: tuple[Field, ...] = ()


Key = tuple[str, int]
Claims = Mapping[Key, tuple[Field, ...] | Unknown]


def claims(policies: Sequence[Policy], files: Mapping[str, FileFields]) -> Claims:
    """The fields of each watch, by `app@environment` and index of the watch, in one environment repository.

    A field that two policies claim belongs to neither: which of them should win is for a person to say.
    """
    files = dict(sorted(files.items()))
    wanted = {
        (str(policy), index): _fields_of(policy, watch, files)
        for policy in policies
        for index, watch in enumerate(policy.watches)
    }
    owners: dict[tuple[str, int, str], list[Key]] = defaultdict(list)
    for key, fields in wanted.items():
        if not isinstance(fields, Unknown):
            for field in fields:
                owners[_place(field)].append(key)
    return {key: _undisputed(key, fields, owners) for key, fields in wanted.items()}


def left_alone(policy: Policy, watch: Watch, files: Mapping[str, FileFields]) -> tuple[Field, ...]:
    """Where the image stands inside longer text that this watch does not ask for: reported, and never edited."""
    if watch.embedded:
        return ()
    texts = sorted((file, known.embedded) for file, known in files.items() if known.embedded)
    return tuple(
        field
        for file, embedded in texts
        if reaches(policy, watch, file)
        for field in embedded
        if field.name == watch.image
    )


def _fields_of(policy: Policy, watch: Watch, files: Mapping[str, FileFields]) -> tuple[Field, ...] | Unknown:
    fields: list[Field] = []
    unusable: list[str] = []
    unnamed: list[str] = []
    for file, known in files.items():
        if not reaches(policy, watch, file):
            continue
        wrong = in_the_way(known, watch.image)
        if wrong is not None:
            return Unknown(wrong.headline)
        fields += usable(watch, known)
        unusable += [place.problem.headline for place in known.found.refusals if place.name == watch.image]
        unnamed += [problem.headline for problem in known.found.unnamed]
    if fields:
        return tuple(fields)
    for field in left_alone(policy, watch, files):
        unusable.append(
            f"{field.file}:{field.line} {watch.image.familiar} stands in longer text; `embedded: true` edits it"
        )
    because = next(iter([*unusable, *unnamed]), None)
    return Unknown(because) if because else ()


def usable(watch: Watch, known: FileFields) -> tuple[Field, ...]:
    """The fields of one file that a watch is about."""
    every = (*known.found.fields, *(known.embedded if watch.embedded else ()))
    return tuple(field for field in every if field.name == watch.image)


def in_the_way(known: FileFields, image: ImageName) -> Problem | None:
    """Why nothing can be said of an image for sure, whatever else is found: a marker that leads nowhere, or a doubt."""
    broken = (place.problem for place in known.found.refusals if place.name == image and place.blocks)
    return next(broken, None) or known.doubts.get(image)


def reaches(policy: Policy, watch: Watch, file: str) -> bool:
    """Whether a file is one where the fields of a watch may be."""
    return any(field.file == file for field in watch.fields) or policy.covers(file)


def _place(field: Field) -> tuple[str, int, str]:
    return (field.file, field.line, field.path)


def _undisputed(
    key: Key, fields: tuple[Field, ...] | Unknown, owners: Mapping[tuple[str, int, str], Sequence[Key]]
) -> tuple[Field, ...] | Unknown:
    if isinstance(fields, Unknown):
        return fields
    for field in fields:
        others = sorted({_name(other, key) for other in owners[_place(field)] if other != key})
        if others:
            claim = f"{field.file}:{field.line} is claimed by {' and '.join(others)} too"
            return Unknown(f"{claim}; give each policy its own `paths`")
    return fields


def _name(other: Key, key: Key) -> str:
    return f"{other[0]}, image {other[1] + 1}" if other[0] == key[0] else other[0]
