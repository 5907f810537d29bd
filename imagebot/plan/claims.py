"""Which policy a field belongs to: fields and policies in, the fields of each watch out, or why they are unknown."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from imagebot.errors import Problem
from imagebot.fields.field import Field, Found
from imagebot.images.reference import ImageName
from imagebot.policy.fence import FolderFence
from imagebot.policy.model import Policy, Watch
from imagebot.policy.paths import PathIndex
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

_Reach = tuple[tuple[str, ...], tuple[FolderFence, ...], ImageName, frozenset[str], bool]
"""What decides which fields a watch has: those that are alike in it have the same."""

_FieldPlace = tuple[str, int, str]

_MOST_NAMED = 5
"""Claimants that a reason names: when thousands claim one field, each of them must not tell all the others."""


def claims(policies: Sequence[Policy], files: Mapping[str, FileFields]) -> Claims:
    """The fields of each watch, by `app@environment` and index of the watch, in one environment repository.

    A field that two policies claim belongs to neither: which of them should win is for a person to say.
    """
    index = FileIndex(files)
    found: dict[_Reach, tuple[Field, ...] | Unknown] = {}
    claimants: dict[_Reach, list[Key]] = defaultdict(list)
    for key, policy, watch in _watches(policies):
        reach = _reach(policy, watch)
        if reach not in found:
            found[reach] = _fields_of(policy, watch, index)
        claimants[reach].append(key)
    owners: dict[_FieldPlace, list[_Reach]] = defaultdict(list)
    for reach, fields in found.items():
        for field in () if isinstance(fields, Unknown) else fields:
            owners[_place(field)].append(reach)
    disputes = {
        reach: None if isinstance(fields, Unknown) else _dispute(fields, owners, claimants)
        for reach, fields in found.items()
    }
    keys = {key: reach for reach, some in claimants.items() for key in some}
    told = ((key, keys[key]) for key, _, _ in _watches(policies))
    return {key: found[reach] if (dispute := disputes[reach]) is None else dispute.told(key) for key, reach in told}


def left_alone(policies: Sequence[Policy], files: Mapping[str, FileFields]) -> Mapping[Key, tuple[Field, ...]]:
    """Where images stand inside longer text that their watches do not ask for: reported, and never edited."""
    index = FileIndex({file: known for file, known in files.items() if known.embedded})
    left = ((key, _left_alone(policy, watch, index)) for key, policy, watch in _watches(policies))
    return {key: fields for key, fields in left if fields}


class FileIndex:
    """The files of a repository by the images that they name, so that no watch has to look at all of them."""

    def __init__(self, files: Mapping[str, FileFields]) -> None:
        self.files = files
        self._paths = PathIndex(sorted(files))
        self._named: dict[ImageName, dict[str, None]] = defaultdict(dict)
        self._unnamed: dict[str, None] = {}
        for file in sorted(files):
            for name in _names(files[file]):
                self._named[name][file] = None
            if files[file].found.unnamed:
                self._unnamed[file] = None

    def naming(self, policy: Policy, watch: Watch) -> list[str]:
        """The files that name the image of a watch, of those that it reaches, in order."""
        return self._reached(policy, watch, self._named.get(watch.image, {}))

    def unnamed(self, policy: Policy, watch: Watch) -> list[str]:
        """The files with markers that lead to no image, of those that a watch reaches, in order."""
        return self._reached(policy, watch, self._unnamed)

    def _reached(self, policy: Policy, watch: Watch, files: Mapping[str, None]) -> list[str]:
        """Those of `files` that a watch reaches; where its paths tell of fewer, only those are looked at."""
        explicit = {field.file for field in watch.fields}
        near = self._paths.near(policy.paths, len(files))
        some = files if near is None else sorted(file for file in near | explicit if file in files)
        return [file for file in some if file in explicit or policy.covers(file)]


def _names(known: FileFields) -> set[ImageName]:
    fields = (field.name for field in (*known.found.fields, *known.embedded))
    return {*fields, *(lack.name for lack in known.found.refusals), *known.doubts}


def _watches(policies: Sequence[Policy]) -> Iterator[tuple[Key, Policy, Watch]]:
    for policy in policies:
        name = str(policy)
        for index, watch in enumerate(policy.watches):
            yield (name, index), policy, watch


def _reach(policy: Policy, watch: Watch) -> _Reach:
    return (policy.paths, policy.fences, watch.image, frozenset(field.file for field in watch.fields), watch.embedded)


def _left_alone(policy: Policy, watch: Watch, index: FileIndex) -> tuple[Field, ...]:
    if watch.embedded:
        return ()
    files = index.naming(policy, watch)
    return tuple(field for file in files for field in index.files[file].embedded if field.name == watch.image)


def _fields_of(policy: Policy, watch: Watch, index: FileIndex) -> tuple[Field, ...] | Unknown:
    fields: list[Field] = []
    unusable: list[str] = []
    for file in index.naming(policy, watch):
        known = index.files[file]
        wrong = in_the_way(known, watch.image)
        if wrong is not None:
            return Unknown(wrong.headline)
        fields += usable(watch, known)
        unusable += [place.problem.headline for place in known.found.refusals if place.name == watch.image]
    if fields:
        return tuple(fields)
    unusable += [
        f"{field.file}:{field.line} {watch.image.familiar} stands in longer text; `embedded: true` edits it"
        for field in _left_alone(policy, watch, index)
    ]
    unnamed = (index.files[file].found.unnamed[0].headline for file in index.unnamed(policy, watch))
    because = next(chain(unusable, unnamed), None)
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


def _place(field: Field) -> _FieldPlace:
    return (field.file, field.line, field.path)


@dataclass(frozen=True, slots=True)
class _Dispute:
    """The first field of a watch that others claim too, and all who do."""

    where: str
    claimants: tuple[Key, ...]

    def told(self, key: Key) -> Unknown:
        """What one of them is told about the others."""
        some = list(islice((_name(other, key) for other in self.claimants if other != key), _MOST_NAMED))
        more = len(self.claimants) - 1 - len(some)
        others = " and ".join(sorted(set(some)))
        claim = f"{self.where} is claimed by {others}{f' and {more} more' if more else ''} too"
        return Unknown(f"{claim}; give each policy its own `paths`")


def _dispute(
    fields: tuple[Field, ...],
    owners: Mapping[_FieldPlace, Sequence[_Reach]],
    claimants: Mapping[_Reach, Sequence[Key]],
) -> _Dispute | None:
    for field in fields:
        reaches = owners[_place(field)]
        if len(reaches) > 1 or len(claimants[reaches[0]]) > 1:
            keys = sorted(key for reach in reaches for key in claimants[reach])
            return _Dispute(f"{field.file}:{field.line}", tuple(keys))
    return None


def _name(other: Key, key: Key) -> str:
    return f"{other[0]}, image {other[1] + 1}" if other[0] == key[0] else other[0]
