"""Policy files from disk: the only module that reads them. What they mean is the policy room's business."""

from __future__ import annotations

import errno
import os.path
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from imagebot.documents.tree import MAX_BYTES
from imagebot.errors import Ask, Problem, plainly
from imagebot.links import is_folder, outside, real_path
from imagebot.policy.defaults import FILE_NAMES, is_defaults, layers_of
from imagebot.policy.fence import FolderFence
from imagebot.policy.read import Around, PolicySet, read_policies
from imagebot.regular import Irregular, read_regular
from imagebot.settings.policies import NO_RULES, PolicyRules
from imagebot.settings.resolve import Settings

_IN_GIT = Path("//git")
"""Where policies in git stand, so that no folder of this machine is around them."""
NOTHING_COMMITTED: Mapping[str, bytes | Problem] = {}
_Fences = tuple[FolderFence, ...]
_ENDINGS = {".yaml", ".yml"}
_LOOKS = 5
"""How often what moves while it is read is read again: a ConfigMap is swapped once a minute at most."""


def load_policies(
    settings: Settings, ask: Ask = plainly, committed: Mapping[str, bytes | Problem] = NOTHING_COMMITTED
) -> PolicySet:
    """All policies of the folders and files that the settings name, and those in git, which are `committed`.

    Nothing is raised: problems are in the set.
    """
    rules = settings.policy_rules
    return load_paths(settings.policies, settings.repositories, settings.sources, ask, rules, committed)


def load_paths(
    paths: Iterable[Path],
    repositories: Collection[str] | None,
    sources: Collection[str] | None = None,
    ask: Ask = plainly,
    rules: PolicyRules = NO_RULES,
    committed: Mapping[str, bytes | Problem] = NOTHING_COMMITTED,
) -> PolicySet:
    """The policies in `paths`, folders or files, and those in git, `committed`.

    `None` leaves the names of repositories or sources unchecked. The defaults of folders hold from the folder on that
    `rules` name, else from the path itself. With a bulkhead's `ask` a bug of ours that is met in one file keeps no
    other from being read.
    """
    named = tuple(paths)
    files, problems = _snapshot([*named, *_defaults_above(named, rules.folders)])
    files |= committed
    # What moved while it was read has been read, too.
    others = [problem for problem in problems if problem.file in files and not is_defaults(problem.file)]
    files |= {problem.file: problem for problem in problems if problem not in others}
    policies = read_policies(files, repositories, sources, ask, _around(files, rules, committed))
    return replace(policies, problems=tuple(sorted([*policies.problems, *others])))


def is_policy_file(path: str) -> bool:
    """Whether a file of a folder of policies is one, or has the defaults of one, told from its path."""
    *folders, name = path.split("/")
    hidden = any(part.startswith(".") for part in (*folders, name))
    return not hidden and (is_defaults(name) or PurePosixPath(name).suffix in _ENDINGS)


def _defaults_above(paths: Sequence[Path], roots: Sequence[Path]) -> list[Path]:
    """The files of defaults beside files that are named, and in the folders around up to what settings name."""
    found: dict[Path, None] = {}
    for path in map(_plain, paths):
        folder = _folder_of(path)
        tops = [_folder_of(root) for root in map(_plain, roots) if path.is_relative_to(root)]
        top = min(tops, key=lambda one: len(one.parts), default=folder)
        for around in (folder, *folder.parents):
            found |= {file: None for name in FILE_NAMES if os.path.lexists(file := around / name)}
            if around == top:
                break
    return list(found)


def _folder_of(path: Path) -> Path:
    """The folder that a path is, or is in; one that may not be looked at is told of by whoever reads it."""
    return path if is_folder(path) else path.parent


def _is_missing(path: Path) -> bool:
    try:
        path.lstat()
    except OSError as error:
        return error.errno in (errno.ENOENT, errno.ENOTDIR)
    return False


def _around(files: Mapping[str, object], rules: PolicyRules, committed: Collection[str]) -> Around:
    """The defaults and fences of each file, told by where it is and not by how its name is shown."""
    if not rules.fences and not any(map(is_defaults, files)):
        return Around(rules.defaults, {}, settings=rules.settings)
    places = {name: _IN_GIT / name if name in committed else _plain(Path(name)) for name in files}
    defaults = {str(place): name for name, place in places.items() if is_defaults(name)}
    layers = {
        name: tuple(defaults[found] for found in layers_of(str(place), defaults)) for name, place in places.items()
    }
    fences = dict(_fences(places, rules.fences))
    return Around(rules.defaults, layers, fences, rules.settings)


def _fences(places: Mapping[str, Path], fences: Mapping[Path, FolderFence]) -> Iterator[tuple[str, _Fences]]:
    """Every fence that a file is in, by any of the ways that links lead to both: it is held against all of them."""
    # Folders on disk are named by their whole path.
    there = {root if root.is_absolute() else _IN_GIT / root: fence for root, fence in fences.items()}
    roots = [(_plain(root), real_path(root), fence) for root, fence in there.items()]
    for name, place in places.items() if roots else ():
        real = real_path(place)
        around = (fence for root, there, fence in roots if place.is_relative_to(root) or real.is_relative_to(there))
        yield name, tuple(around)


def _plain(path: Path) -> Path:
    return Path(os.path.normpath(path.absolute()))


def _snapshot(paths: Sequence[Path]) -> tuple[dict[str, bytes | Problem], Sequence[Problem]]:
    """All files of one moment: a ConfigMap that is swapped between two of them must not hide an app that moves."""
    for _ in range(_LOOKS):
        look = _Look()
        found = [content for path in paths for content in _contents(path, look)]
        moved = look.has_moved()
        if moved is None:
            break
    files: dict[str, bytes | Problem] = {file: data for file, data in found if isinstance(data, bytes)}
    problems = [content for _, content in found if isinstance(content, Problem)]
    if moved is not None:
        words = f"what is here changed each of the {_LOOKS} times that it was read; the next pass reads it again"
        problems.append(_problem(moved, words)[1])
    return files, problems


@dataclass
class _Look:
    """One reading: the real paths that it came upon, and what every folder and file was just before it was read."""

    seen: set[Path] = field(default_factory=set)
    marks: dict[Path, object] = field(default_factory=dict)
    _real: dict[Path, Path] = field(default_factory=dict)

    def is_first(self, path: Path) -> bool:
        """Whether nothing led to this before."""
        real = self.real(path)
        if real in self.seen:
            return False
        self.seen.add(real)
        self.marks[path] = _mark(path)
        return True

    def real(self, path: Path) -> Path:
        """Where a path leads. Each way is gone once: what it led to is marked, should it lead elsewhere."""
        if path not in self._real:
            folder = self._real.get(path.parent)
            linked = folder is None or path.name == ".." or os.path.islink(path)  # noqa: PTH114 - unseen is unlinked
            self._real[path] = real_path(path) if folder is None or linked else folder / path.name
        return self._real[path]

    def has_moved(self) -> Path | None:
        """What is not any more what was read, if anything is not."""
        return next((path for path, mark in self.marks.items() if _mark(path) != mark), None)


def _mark(path: Path) -> object:
    """Tells one content from another: the kernel sets a file's `ctime` at each write, a folder's at each new name."""
    try:
        found = path.stat()
    except OSError as error:
        return error.errno
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _contents(path: Path, look: _Look) -> Iterator[tuple[str, bytes | Problem]]:
    """The bytes of each policy file below `path` under the name to show, or why there are none.

    Each file once, however many links lead to it. A folder without any is a problem, and so is a link to nothing:
    a volume that is not mounted must not look like a team that withdrew its policies.
    """
    if not is_folder(path):
        if _is_missing(path):
            yield _problem(path, "there is no such folder, and no such file; `policies` in imagebot.yaml names it")
            return
        if look.is_first(path):
            yield _read(path, path.parent, look)
        return
    if not look.is_first(path):
        return
    found = list(_walk(path, look, path))
    files = [one for one in found if isinstance(one, Path)]
    if all(is_defaults(file.name) for file in files) and len(files) == len(found):
        yield _problem(path, "there is no policy file (*.yaml, *.yml) in this folder")
    yield from (one for one in found if not isinstance(one, Path))
    yield from (_read(file, path, look) for file in files if look.is_first(file))


def _walk(folder: Path, look: _Look, named: Path) -> Iterator[Path | tuple[str, Problem]]:
    """Policy files in a folder and the folders in it, and which of these cannot be read; names with a dot are skipped.

    Links are followed within the folder that was `named`; to where others lead is for `_read` to say.
    """
    try:
        paths = sorted(folder.iterdir())
        folders = {path for path in paths if path.is_dir()}
    except OSError as error:
        yield _problem(folder, f"cannot read this folder: {error.strerror}")
        return
    for path in paths:
        if path.name.startswith("."):
            continue
        if is_defaults(path.name):
            yield path
        elif path in folders:
            if outside(path, named):
                yield path
            elif look.is_first(path):
                yield from _walk(path, look, named)
        elif path.suffix in _ENDINGS:
            yield path


def _read(file: Path, named: Path, look: _Look) -> tuple[str, bytes | Problem]:
    real = look.real(file)
    if not real.is_relative_to(look.real(named)):
        where = f"this is a link to {real}, outside of {_shown(named)}"
        return _problem(file, f"{where}: it is not read; name that file or folder itself, if you mean it")
    try:
        return _shown(file), read_regular(file, MAX_BYTES)
    except Irregular as error:
        return _problem(file, f"{error.strerror}")
    except OSError as error:
        return _problem(file, f"cannot read this file: {error.strerror}")


def _problem(path: Path, message: str) -> tuple[str, Problem]:
    return _shown(path), Problem(_shown(path), 1, 1, message)


def _shown(path: Path) -> str:
    """The path as a person in this folder would type it."""
    here, plain = os.getcwd(), os.path.normpath(path)  # noqa: PTH109 - there are thousands
    return "." if plain == here else plain.removeprefix(os.path.join(here, ""))  # noqa: PTH118
