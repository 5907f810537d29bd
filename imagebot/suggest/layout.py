"""From a repository's folders to apps and environments: which is which is told from names and from siblings.

A folder is an environment where it stands under `clusters/`, `environments/` or `overlays/`, or where its name is a
known word (`staging`, `prod-eu`) among others like it: a lone `dev/` beside `media/` and `network/` is a namespace.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from imagebot.suggest.naming import (
    APART,
    GENERIC,
    INSIDE_AN_APP,
    NO_APP,
    PARENTS_OF_ENVIRONMENTS,
    SHARED,
    environment_word,
    words,
)

_BUILT_BY_KUSTOMIZE = frozenset({"kustomization.yaml", "kustomization.yml", "Kustomization"})

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Home:
    """Whose a file is. `key` names the app, empty where nothing in the path does; `environment` is empty for none.

    `folder` is what the app has for itself in this environment, with a slash at its end; empty where it is one file.
    """

    key: Key
    environment: str
    folder: str


@dataclass(frozen=True, slots=True)
class _Part:
    """One folder of a path, and what it says."""

    name: str
    environment: bool = False
    shared: bool = False
    app: bool = False


class Layout:
    """The folders of one repository; made from all its files, not only those with images."""

    def __init__(self, files: Iterable[str]) -> None:
        self._folders: dict[Key, set[str]] = defaultdict(set)
        self._files: dict[Key, set[str]] = defaultdict(set)
        self._built: set[Key] = set()
        self._levels: dict[Key, frozenset[str]] = {}
        self._stems: dict[Key, Counter[Key]] = {}
        for file in files:
            *folders, name = file.split("/")
            self._files[tuple(folders)].add(name)
            if name in _BUILT_BY_KUSTOMIZE:
                self._built |= {tuple(folders[: index + 1]) for index in range(len(folders))}
            for index, folder in enumerate(folders):
                self._folders[tuple(folders[:index])].add(folder)

    def homes(self, files: Iterable[str]) -> Mapping[str, Home]:
        """Where each of these files belongs."""
        parts = {file: self._parts(tuple(file.split("/")[:-1])) for file in files}
        keys = {tuple(part.name for part in line if part.app) for line in parts.values()}
        return {file: self._home(file, line, keys) for file, line in parts.items()}

    def _home(self, file: str, parts: list[_Part], keys: set[Key]) -> Home:
        stem, environment = self._read_name(file)
        environments = [part.name for part in parts if part.environment]
        if not environments and any(part.shared for part in parts):
            environments = [SHARED]
        if environment and (not environments or environments == [SHARED]):
            environments = [environment]
        app_parts = [part.name for part in parts if part.app]
        length = self._length(parts, keys)
        key = tuple(app_parts[:length]) or ((stem,) if stem else ())
        whole = bool(length) and not environment
        return Home(key, _joined(environments), _folder(parts, length) if whole else "")

    def _length(self, parts: list[_Part], keys: set[Key]) -> int:
        """How much of the path to a file names its app: a folder that is one itself holds no others."""
        folders = [part.name for part in parts]
        count = 0
        for index, part in enumerate(parts):
            if part.app:
                count += 1
                key = tuple(one.name for one in parts[: index + 1] if one.app)
                if key in keys or self._is_app(tuple(folders[: index + 1])):
                    return count
        return count

    def _is_app(self, folder: Key) -> bool:
        return bool(self._folders[folder] & INSIDE_AN_APP) or "Chart.yaml" in self._files[folder]

    def _parts(self, folders: Key) -> list[_Part]:
        parts: list[_Part] = []
        closed = False
        for index, name in enumerate(folders):
            part = self._part(folders[:index], name, parts)
            closed = closed or (name.lower() in APART and any(one.app for one in parts))
            named = not (part.environment or part.shared or closed) and name.lower() not in NO_APP
            parts.append(replace(part, app=named))
        return parts

    def _part(self, parent: Key, name: str, before: list[_Part]) -> _Part:
        if name.lower() in APART:
            return _Part(name, shared=name.lower() not in PARENTS_OF_ENVIRONMENTS)
        if parent and parent[-1].lower() in PARENTS_OF_ENVIRONMENTS:
            return _Part(name, environment=name.lower() not in NO_APP)
        below_overlay = before and before[-1].environment and any(part.name.lower() == "overlays" for part in before)
        if below_overlay and not self._files[parent] & _BUILT_BY_KUSTOMIZE:
            return _Part(name, environment=(*parent, name) in self._built)
        return _Part(name, environment=name in self._environments(parent))

    def _environments(self, parent: Key) -> frozenset[str]:
        """The folders in `parent` that are environments: at least two, or all that there are."""
        if parent not in self._levels:
            self._levels[parent] = self._told_environments(parent)
        return self._levels[parent]

    def _told_environments(self, parent: Key) -> frozenset[str]:
        children = self._folders[parent]
        found = {name: word for name in children if (word := environment_word(name))}
        rests: dict[str, set[str]] = defaultdict(set)
        for known, rest in found.values():
            rests[rest].add(known)
        sure = frozenset(name for name, (_, rest) in found.items() if not rest or "" in rests or len(rests[rest]) > 1)
        others = {name for name in children - sure if name.lower() not in APART and not name.startswith(".")}
        return sure if len(sure) > 1 or not others else frozenset()

    def _read_name(self, file: str) -> tuple[str, str]:
        """What a file's name says of app and environment: `podinfo-values.yaml`, `values-staging.yaml`, `prod.yaml`."""
        *folders, name = file.split("/")
        stem = words(name)
        environment = self._environment_of(tuple(folders), stem)
        rest = [word for word in stem if word.lower() not in GENERIC and word != environment]
        return "-".join(rest), environment

    def _environment_of(self, folder: Key, stem: list[str]) -> str:
        for word in (stem[-1], stem[0]):
            known = environment_word(word)
            if known is None or known[1]:
                continue
            rest = [one for one in stem if one != word]
            if all(one.lower() in GENERIC for one in rest) or self._beside(folder)[tuple(rest)] > 1:
                return word
        return ""

    def _beside(self, folder: Key) -> Counter[Key]:
        """How often each name stands in a folder, whatever environment it is written with."""
        if folder not in self._stems:
            stems = (tuple(one for one in words(name) if not environment_word(one)) for name in self._files[folder])
            self._stems[folder] = Counter(stems)
        return self._stems[folder]


def _folder(parts: list[_Part], length: int) -> str:
    """The folder that holds the app's name, its environment, and `base` where that is what follows."""
    seen = 0
    end = 0
    for index, part in enumerate(parts, start=1):
        seen += part.app
        if part.environment or part.shared or (part.app and seen <= length):
            end = index
    return "".join(f"{part.name}/" for part in parts[:end])


def _joined(environments: list[str]) -> str:
    """`prod/eu` is `prod-eu`; `osc/osc-one` is `osc-one`."""
    joined = ""
    for name in environments:
        joined = name if name.startswith(f"{joined}-") else f"{joined}-{name}".lstrip("-")
    return joined
