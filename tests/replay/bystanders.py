"""The files that lie beside those of a case: an edit of one image moves nobody else's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from imagebot.fields.assign import assign
from imagebot.fields.field import Value
from imagebot.fields.screen import screen
from imagebot.images.reference import ImageName, Reference
from tests.support.shared import SHARED, Bump, corpus


@dataclass(frozen=True, slots=True)
class Beside:
    """What became of the corpus when one bump was set in all of it.

    `looked` are the files that passed the screen, `named` those of them that hold the image's name in full: they are
    no bystanders, and may change. `moved` are the others that changed or were refused: there must be none.
    """

    looked: int
    named: int
    moved: tuple[str, ...]


def beside(bump: Bump) -> Beside:
    """Do what `imagebot set --embedded IMAGE:TAG[@DIGEST] corpus/` does."""
    to = Reference.parse(bump.image + bump.to)
    return _beside(to.name, Value(to.tag, to.digest))


@cache
def _beside(name: ImageName, to: Value) -> Beside:
    looked = _screened(name)
    others = [(path, data) for path, data in looked if not _names(data, name)]
    moved = []
    for path, data in others:
        assigned = assign(path, data, name, to, embedded=True)
        if assigned.data != data or assigned.changes or assigned.problems:
            moved.append(path)
    return Beside(len(looked), len(looked) - len(others), tuple(moved))


@cache
def _screened(name: ImageName) -> tuple[tuple[str, bytes], ...]:
    """The files that `set` would parse: by image, because a name is bumped many times."""
    return tuple((path, data) for path, data in _files() if screen(data, name))


@cache
def _files() -> tuple[tuple[str, bytes], ...]:
    return tuple((_relative(path), path.read_bytes()) for path in corpus())


def _relative(path: Path) -> str:
    return path.relative_to(SHARED).as_posix()


def _names(data: bytes, name: ImageName) -> bool:
    return name.repository.removeprefix("library/").encode() in data
