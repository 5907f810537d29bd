"""Policy files from disk: the only module that reads them. What they mean is the policy room's business."""

from __future__ import annotations

import os.path
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from imagebot.documents.tree import MAX_BYTES
from imagebot.errors import Ask, Problem, plainly
from imagebot.policy.read import PolicySet, read_policies
from imagebot.settings import Settings

_ENDINGS = {".yaml", ".yml"}


def load_policies(settings: Settings, ask: Ask = plainly) -> PolicySet:
    """All policies of the folders and files that the settings name. Nothing is raised: problems are in the set."""
    return load_paths(settings.policies, settings.repositories, settings.sources, ask)


def load_paths(
    paths: Iterable[Path],
    repositories: Collection[str] | None,
    sources: Collection[str] | None = None,
    ask: Ask = plainly,
) -> PolicySet:
    """The policies in `paths`, folders or files; `None` leaves the names of repositories or sources unchecked.

    With a bulkhead's `ask` a bug of ours that is met in one file keeps no other from being read.
    """
    files: dict[str, bytes] = {}
    problems: list[Problem] = []
    seen: set[Path] = set()
    for path in paths:
        for file, content in _contents(path, seen):
            if isinstance(content, bytes):
                files[file] = content
            else:
                problems.append(content)
    policies = read_policies(files, repositories, sources, ask)
    return replace(policies, problems=tuple(sorted([*policies.problems, *problems])))


def _contents(path: Path, seen: set[Path]) -> Iterator[tuple[str, bytes | Problem]]:
    """The bytes of each policy file below `path` under the name to show, or why there are none.

    Each file once, however many links lead to it. A folder without any is a problem, and so is a link to nothing:
    a volume that is not mounted must not look like a team that withdrew its policies.
    """
    if _real(path) in seen:
        return
    try:
        files = list(_walk(path, seen)) if path.is_dir() else [path]
    except OSError as error:
        yield _problem(path, f"cannot read this folder: {error.strerror}")
        return
    if not files:
        yield _problem(path, "there is no policy file (*.yaml, *.yml) in this folder")
    for file in files:
        real = _real(file)
        if real not in seen:
            seen.add(real)
            yield _read(file)


def _walk(folder: Path, seen: set[Path]) -> Iterator[Path]:
    """Policy files in a folder and the folders in it; links are followed, names that begin with a dot are skipped."""
    real = _real(folder)
    if real in seen:
        return
    seen.add(real)
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            yield from _walk(path, seen)
        elif path.suffix in _ENDINGS:
            yield path


def _read(file: Path) -> tuple[str, bytes | Problem]:
    if file.exists() and not file.is_file():
        return _problem(file, "this is no regular file")
    try:
        with file.open("rb") as opened:
            return _shown(file), opened.read(MAX_BYTES + 1)
    except OSError as error:
        return _problem(file, f"cannot read this file: {error.strerror}")


def _real(path: Path) -> Path:
    """Where `path` leads in the end. A link to itself leads nowhere, which `Path.resolve` takes for an accident."""
    return Path(os.path.realpath(path))


def _problem(path: Path, message: str) -> tuple[str, Problem]:
    return _shown(path), Problem(_shown(path), 1, 1, message)


def _shown(path: Path) -> str:
    """The path as a person in this folder would type it."""
    here = Path.cwd()
    plain = Path(os.path.normpath(path))
    return str(plain.relative_to(here) if plain.is_relative_to(here) else plain)
