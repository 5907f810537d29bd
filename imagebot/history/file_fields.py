"""What one version of a file says of the images that today's policies watch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from imagebot.fields.field import Value
from imagebot.images.reference import ImageName
from imagebot.plan.claims import FileFields, Key, in_the_way, reaches, usable
from imagebot.policy.model import Policy, Watch


@dataclass(frozen=True, slots=True)
class Said:
    """A field of one version of a file, and what it says there."""

    file: str
    line: int
    path: str
    value: Value


@dataclass(frozen=True, slots=True)
class Says:
    """The fields of a version of a file, by watch; for the `doubtful` ones it could not be read."""

    fields: Mapping[Key, tuple[Said, ...]] = field(default_factory=dict)
    doubtful: frozenset[Key] = frozenset()


NOTHING = Says()


class Owners:
    """Which watch a field belongs to. One that several watches claim belongs to each of them."""

    def __init__(self, policies: Sequence[Policy]) -> None:
        self._by_image: dict[ImageName, list[tuple[Key, Policy, Watch]]] = defaultdict(list)
        for policy in policies:
            for index, watch in enumerate(policy.watches):
                self._by_image[watch.image].append(((str(policy), index), policy, watch))

    def says(self, file: str, known: FileFields) -> Says:
        """What `file` says, of which `known` was found."""
        names = {item.name for item in (*known.found.fields, *known.embedded)}
        names |= {item.name for item in known.found.refusals}
        fields: dict[Key, tuple[Said, ...]] = {}
        doubtful = set()
        for name in sorted(names | known.doubts.keys()):
            for key, policy, watch in self._by_image.get(name, ()):
                if not reaches(policy, watch, file):
                    continue
                if in_the_way(known, name) is not None:
                    doubtful.add(key)
                elif found := usable(watch, known):
                    fields[key] = tuple(Said(file, each.line, each.path, each.value) for each in found)
        return Says(fields, frozenset(doubtful)) if fields or doubtful else NOTHING

    def too_large(self, file: str) -> Says:
        """What is known of a file that is not read at all."""
        every = (item for items in self._by_image.values() for item in items)
        return Says(doubtful=frozenset(key for key, policy, watch in every if reaches(policy, watch, file)))
