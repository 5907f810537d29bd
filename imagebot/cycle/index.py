"""Fields by blob: a file that has not changed is not parsed again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from imagebot.fields.embedded import find_embedded
from imagebot.fields.explicit import Explicit
from imagebot.fields.field import Found
from imagebot.fields.files import kind_of
from imagebot.fields.find import find
from imagebot.fields.screen import screen
from imagebot.fields.unclear import unclear
from imagebot.gitrepo.mirror import Mirror
from imagebot.gitrepo.objects import TreeEntry
from imagebot.images.reference import ImageName
from imagebot.plan.claims import FileFields
from imagebot.policy.model import Policy

_NOTHING = FileFields(Found())


@dataclass(frozen=True, slots=True)
class Watched:
    """What is looked for in one environment repository: it decides what a file holds as much as its bytes do."""

    names: frozenset[ImageName]
    explicit: Mapping[str, tuple[Explicit, ...]]
    policies: Mapping[str, ImageName]

    @classmethod
    def by(cls, policies: Iterable[Policy]) -> Watched:
        """What these policies of one environment repository look for."""
        names: set[ImageName] = set()
        explicit: dict[str, dict[Explicit, None]] = defaultdict(dict)
        of_policies: dict[str, set[ImageName]] = defaultdict(set)
        for policy in policies:
            for watch in policy.watches:
                names.add(watch.image)
                if watch.image_policy:
                    of_policies[watch.image_policy].add(watch.image)
                for place in watch.fields:
                    explicit[place.file][Explicit(place.path, watch.image, place.template)] = None
        return cls(
            frozenset(names),
            {file: tuple(paths) for file, paths in explicit.items()},
            {policy: next(iter(images)) for policy, images in of_policies.items() if len(images) == 1},
        )

    def is_looked_into(self, path: str) -> bool:
        """Whether a file may hold a watched image, told from its path."""
        return kind_of(path) is not None or path in self.explicit

    def may_be_in(self, path: str, data: bytes) -> bool:
        """Whether a file is worth parsing."""
        in_markers = any(policy.encode() in data for policy in self.policies)
        return path in self.explicit or in_markers or screen(data, self.names)

    def find(self, path: str, data: bytes) -> FileFields:
        """What a file holds."""
        found = find(path, data, self.explicit.get(path, ()), self.policies)
        doubts = {name: doubt for name in self.names if (doubt := unclear(data, found, name))}
        return FileFields(found, doubts, find_embedded(path, data, found, self.names))


@dataclass
class FieldIndex:
    """Remembers between passes what each file holds, by path and blob id.

    `parsed` counts the files parsed so far: a pass over an unchanged repository adds none.
    """

    parsed: int = 0
    _watched: dict[str, Watched] = field(default_factory=dict)
    _known: dict[str, dict[tuple[str, str], FileFields]] = field(default_factory=dict)

    def look(
        self, repository: str, policies: Iterable[Policy], mirror: Mirror, entries: Iterable[TreeEntry]
    ) -> Mapping[str, FileFields]:
        """What the files of a commit hold, by path; files that cannot hold a watched image are left out."""
        watched = Watched.by(policies)
        if self._watched.get(repository) != watched:
            self._watched[repository] = watched
            self._known[repository] = {}
        keys = [(entry.path, entry.blob) for entry in entries if watched.is_looked_into(entry.path)]
        before = self._known[repository]
        missing = [key for key in keys if key not in before]
        fresh = dict(zip(missing, self._read(missing, mirror, watched), strict=True))
        self._known[repository] = known = {key: before[key] if key in before else fresh[key] for key in keys}
        return {path: held for (path, _), held in known.items() if held is not _NOTHING}

    def _read(self, keys: Sequence[tuple[str, str]], mirror: Mirror, watched: Watched) -> Iterable[FileFields]:
        for (path, _), data in zip(keys, mirror.blobs([blob for _, blob in keys]), strict=True):
            if data is None or not watched.may_be_in(path, data):
                yield _NOTHING
                continue
            self.parsed += 1
            yield watched.find(path, data)
