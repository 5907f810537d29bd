"""Fields by blob: a file that has not changed is not parsed again."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from operator import itemgetter
from pathlib import Path

from imagebot.cycle.index_file import IndexFile, Kept, Key
from imagebot.errors import Ask, ImagebotError, Problem
from imagebot.fields.embedded import find_embedded
from imagebot.fields.explicit import Explicit
from imagebot.fields.field import Field, Found
from imagebot.fields.files import kind_of
from imagebot.fields.find import find
from imagebot.fields.marker import flux_policies, may_be_of_flux
from imagebot.fields.screen import Screen, screen
from imagebot.fields.unclear import unclear
from imagebot.gitrepo.mirror import Mirror
from imagebot.gitrepo.objects import FileEntry
from imagebot.images.reference import ImageName
from imagebot.plan.claims import FileFields
from imagebot.policy.model import Policy

_NOTHING = FileFields(Found())
_MOST_EMPTY = 1000  # blobs that hold nothing and are no more, beside twice as many as there are files


@dataclass(frozen=True)
class Watched:
    """What is looked for in one environment repository: it decides what a file holds as much as its bytes do.

    `policies` are Flux's, with the image that each is of. One that is said to be of several images is `contested`: in
    a file it is of the image of the policies that may change that file, if that is one.
    """

    names: frozenset[ImageName]
    explicit: Mapping[str, tuple[Explicit, ...]]
    policies: Mapping[str, ImageName]
    contested: Mapping[str, tuple[tuple[ImageName, Policy], ...]] = field(default_factory=dict)

    @classmethod
    def by(cls, policies: Iterable[Policy]) -> Watched:
        """What these policies of one environment repository look for."""
        names: set[ImageName] = set()
        explicit: dict[str, dict[Explicit, None]] = defaultdict(dict)
        said: dict[str, list[tuple[ImageName, Policy]]] = defaultdict(list)
        for policy in policies:
            for watch in policy.watches:
                names.add(watch.image)
                if watch.image_policy:
                    said[watch.image_policy].append((watch.image, policy))
                for place in watch.fields:
                    explicit[place.file][Explicit(place.path, watch.image, place.template)] = None
        return cls(
            frozenset(names),
            {file: tuple(paths) for file, paths in explicit.items()},
            {name: image for name, claims in said.items() if (image := _only(claims)) is not None},
            {name: tuple(claims) for name, claims in said.items() if _only(claims) is None},
        )

    def is_looked_into(self, path: str) -> bool:
        """Whether a file may hold a watched image, told from its path."""
        return kind_of(path) is not None or path in self.explicit

    @cached_property
    def digest(self) -> str:
        """The same for the same watches, in any process."""
        contested = [
            (name, [(image, policy.paths, [str(fence) for fence in policy.fences]) for image, policy in claims])
            for name, claims in sorted(self.contested.items(), key=itemgetter(0))
        ]
        explicit = sorted(self.explicit.items(), key=itemgetter(0))
        said = (sorted(self.names), explicit, sorted(self.policies.items()), contested)
        return hashlib.sha256(repr(said).encode()).hexdigest()

    @cached_property
    def _screen(self) -> Screen:
        return Screen(self.names)

    def _has_marker(self, data: bytes) -> bool:
        known = self.policies.keys() | self.contested.keys()
        return bool(known) and any(policy in known for policy in flux_policies(data))

    def policies_at(self, path: str) -> Mapping[str, ImageName]:
        """Of which image each of Flux's policies is in one file."""
        if not self.contested:
            return self.policies
        here = {name: [claim for claim in claims if claim[1].covers(path)] for name, claims in self.contested.items()}
        settled = {name: image for name, claims in here.items() if (image := _only(claims)) is not None}
        return {**self.policies, **settled}

    def find(self, path: str, data: bytes) -> FileFields | None:
        """What a file holds; None if it is not worth parsing. Raises whatever is wrong in us, nothing on purpose."""
        names = self._screen.held(data)
        if not (names or path in self.explicit or self._has_marker(data)):
            return None
        found = find(path, data, self.explicit.get(path, ()), self.policies_at(path), self._matters)
        doubts = {name: doubt for name in names if (doubt := unclear(data, found, name))}
        return FileFields(found, doubts, find_embedded(path, data, found, frozenset(names)))

    def _matters(self, piece: bytes) -> bool:
        """Whether a document must be read: what stands beside a marker of Flux's may be anything."""
        return may_be_of_flux(piece) or bool(self._screen.held(piece))

    def doubted(self, path: str, data: bytes, error: ImagebotError) -> FileFields:
        """A file of which nothing can be told: any image that may be in it is in doubt."""
        problem = Problem(path, 1, 1, str(error))
        pointed_at = {place.name for place in self.explicit.get(path, ())}
        marked = {name for policy, name in self.policies_at(path).items() if policy.encode() in data}
        mentioned = {name for name in self.names if screen(data, name)}
        return FileFields(Found(unreadable=problem), dict.fromkeys(pointed_at | marked | mentioned, problem))


def _only(claims: Iterable[tuple[ImageName, Policy]]) -> ImageName | None:
    images = {image for image, _ in claims}
    return images.pop() if len(images) == 1 else None


@dataclass(frozen=True, slots=True)
class _Unread:
    """A file that could not be read for a bug of ours, and what counts instead: not worth keeping."""

    instead: FileFields


@dataclass(frozen=True, slots=True)
class Looked:
    """What the files of a commit hold, by path; how many files it has, and how many that are left out of these."""

    files: Mapping[str, FileFields]
    listed: int
    unreadable: int


@dataclass(frozen=True, slots=True)
class _News:
    """What is to be looked at in a commit, what `stays` as it was in another, and what the whole of it is."""

    entries: Sequence[FileEntry]
    stays: Mapping[Key, FileFields]
    empty: frozenset[str]
    listed: int
    unreadable: int


def _news(before: Kept, mirror: Mirror, commit: str) -> _News:
    much = len(before.empty) > _MOST_EMPTY + 2 * before.listed
    found = mirror.differences(before.commit, commit) if before.commit and not much else None
    if found is None:
        tree = mirror.files(commit)
        blobs = {entry.blob for entry in tree.entries}
        return _News(tree.entries, {}, before.empty & blobs, len(tree.entries), tree.unreadable)
    stays = {key: fields for key, fields in before.held.items() if key[0] not in found.before}
    listed, unreadable = before.listed + found.more, before.unreadable + found.unreadable
    return _News(found.entries, stays, before.empty, listed, unreadable)


@dataclass
class FieldIndex:
    """Remembers between passes what each file holds, by path and blob id; with a `folder`, between processes too.

    `parsed` counts the files parsed so far: a pass over an unchanged repository adds none. What is kept in the folder
    is written if it `writes`. Who looks for a `part` of what there are policies for keeps that apart: it would be in
    the way of who looks for all of it.
    """

    folder: Path | None = None
    writes: bool = False
    parsed: int = 0
    part: bool = False
    _watched: dict[str, Watched] = field(default_factory=dict)
    _known: dict[str, Kept] = field(default_factory=dict)
    _judged: dict[str, dict[str, bool]] = field(default_factory=dict)

    def look(self, repository: str, policies: Iterable[Policy], mirror: Mirror, commit: str, ask: Ask) -> Looked:
        """What the files of a commit hold, by path; files that cannot hold a watched image are left out.

        Git is asked what is otherwise than in the commit that was looked at before, and for all files where that is
        not known. What a bug of ours keeps from being read is unreadable in this pass; the next one tries again.
        """
        watched = Watched.by(policies)
        if self._watched.get(repository) != watched:
            self._watched[repository] = watched
            self._known[repository] = self._kept(repository)
        before = self._known[repository]
        if before.commit == commit:
            return Looked({path: fields for (path, _), fields in before.held.items()}, before.listed, before.unreadable)
        news = _news(before, mirror, commit)
        keys = [(entry.path, entry.blob) for entry in news.entries if watched.is_looked_into(entry.path)]
        missing = [key for key in keys if key not in before.held and not self._is_empty(repository, key)]
        fresh = dict(zip(missing, self._read(missing, mirror, watched, ask), strict=True))
        found = {**news.stays, **{key: before.held[key] for key in keys if key in before.held}, **fresh}
        held = sorted(((key, it) for key, it in found.items() if it is not _NOTHING), key=itemgetter(0))
        sure = {key: it for key, it in held if not isinstance(it, _Unread)}
        empty = {blob for (path, blob), it in fresh.items() if it is _NOTHING and path not in watched.explicit}
        known = Kept(sure, news.empty | empty, commit if len(sure) == len(held) else "", news.listed, news.unreadable)
        self._known[repository] = known
        if missing:
            self._keep(repository)
        read = {path: it.instead if isinstance(it, _Unread) else it for (path, _), it in held}
        return Looked(read, known.listed, known.unreadable)

    def watched(self, repository: str) -> Watched:
        """What is looked for in a repository, as it was last looked at."""
        return self._watched[repository]

    def fields(self, repository: str, path: str, data: bytes) -> tuple[Field, ...]:
        """The fields of any version of a file, those of images that nobody watches any more too."""
        known = self.watched(repository).find(path, data)
        watched = () if known is None else (*known.found.fields, *known.embedded)
        there = {field.path for field in watched}
        return (*watched, *(field for field in find(path, data).fields if field.path not in there))

    def judged(self, repository: str) -> dict[str, bool]:
        """What was found out of commits that say they are the bot's: whether they do what they say, and no more."""
        return self._judged.setdefault(repository, {})

    def _is_empty(self, repository: str, key: Key) -> bool:
        path, blob = key
        return blob in self._known[repository].empty and path not in self._watched[repository].explicit

    def _kept(self, repository: str) -> Kept:
        """What an earlier process found."""
        return Kept() if self.folder is None else self._file(repository).read(self._watched[repository].digest)

    def _keep(self, repository: str) -> None:
        if self.folder is not None and self.writes:
            self._file(repository).write(self._watched[repository].digest, self._known[repository])

    def _file(self, repository: str) -> IndexFile:
        assert self.folder is not None, "asked by those who have one"
        return IndexFile(self.folder / f"{repository}.fields{'.part' if self.part else ''}")

    def _read(self, keys: Sequence[Key], mirror: Mirror, watched: Watched, ask: Ask) -> Iterable[FileFields | _Unread]:
        for (path, _), data in zip(keys, mirror.blobs([blob for _, blob in keys]), strict=True):
            found = None if data is None else ask(f"find the images in {path}", partial(watched.find, path, data))
            self.parsed += found is not None
            if isinstance(found, ImagebotError):
                yield _Unread(watched.doubted(path, data or b"", found))
            else:
                yield found or _NOTHING
