"""Which policy a field belongs to: fields and policies in, the fields of each watch out, or why they are unknown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from imagebot.fields.field import Field, Found
from imagebot.images.reference import ImageName
from imagebot.policy.model import Policy, Watch
from imagebot.selection.verdict import Unknown


@dataclass(frozen=True, slots=True)
class FileFields:
    """What one file holds; `mentioned` are the watched images whose names stand in it if it cannot be read."""

    found: Found
    mentioned: frozenset[ImageName] = frozenset()


Key = tuple[str, int]
Claims = Mapping[Key, tuple[Field, ...] | Unknown]


def claims(policies: Sequence[Policy], files: Mapping[str, FileFields]) -> Claims:
    """The fields of each watch, by `app@environment` and index of the watch, in one environment repository.

    A field that two policies claim belongs to neither: which of them should win is for a person to say.
    """
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


def _fields_of(policy: Policy, watch: Watch, files: Mapping[str, FileFields]) -> tuple[Field, ...] | Unknown:
    fields: list[Field] = []
    for file, known in sorted(files.items()):
        if not _reaches(policy, watch, file):
            continue
        if known.found.unreadable is not None and watch.image in known.mentioned:
            return Unknown(
                f"{known.found.unreadable}; the file names {watch.image.familiar}, so what it deploys is not known"
            )
        fields += [field for field in known.found.fields if field.name == watch.image]
    return tuple(fields)


def _reaches(policy: Policy, watch: Watch, file: str) -> bool:
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
            return Unknown(f"{claim}; give each policy `paths` of its own")
    return fields


def _name(other: Key, key: Key) -> str:
    return f"{other[0]}, image {other[1] + 1}" if other[0] == key[0] else other[0]
