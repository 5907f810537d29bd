"""A pull request's life, held at the beginning of each of its phases, so that any trouble can strike there at once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Self

from tests.faults.line import TROUBLES, Step
from tests.faults.play import Played, played
from tests.faults.scene import Scene, staged
from tests.faults.schedule import FORGES, LIFE, ForgeName, struck

_PLAIN = (bool, int, float, str, dict, list, set, tuple, type(None))


@dataclass(frozen=True)
class Pair:
    """A trouble, and the operation that meets it: the `number`th of the last pass of a phase."""

    forge: ForgeName
    phase: int
    number: int
    trouble: str

    def __str__(self) -> str:
        return f"{self.forge}/{self.phase}/{self.number}/{self.trouble}"

    @classmethod
    def called(cls, name: str) -> Pair:
        """The pair of that name, as `make faults ONLY=` has it."""
        forge, phase, number, trouble = name.split("/")
        (known,) = (one for one in FORGES if one == forge)
        return cls(known, int(phase), int(number), trouble)


@dataclass(frozen=True)
class _Held:
    """Everything as it was before a phase: what is on disk, what the forge keeps, what people remember."""

    folder: Path
    forge: Mapping[str, Any]
    people: Mapping[str, Any]
    scene: Mapping[str, Any]


@dataclass
class Life:
    """The life on one forge. Bots start anew with each phase, on the state that was left to them."""

    folder: Path
    forge: ForgeName
    held: list[_Held] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)
    _staged: AbstractContextManager[Scene] | None = None
    _scene: Scene | None = None

    def __enter__(self) -> Self:
        self._staged = staged(self._stage, self.forge, Random())
        self._scene = self._staged.__enter__()
        for phase, each in enumerate(LIFE, 1):
            self.held.append(self._hold(self._scene, phase))
            before = len(self._scene.log)
            self._scene.play(each)
            self.pairs += _pairs(self.forge, phase, self._scene.log[before:])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._staged is not None
        self._staged.__exit__(kind, error, trace)

    @property
    def _stage(self) -> Path:
        return self.folder / "stage"

    def play(self, pair: Pair) -> Played:
        """The phase in which the trouble strikes, and what comes of it."""
        assert self._scene is not None
        self._restore(self._scene, self.held[pair.phase - 1])
        return played(self._scene, struck(str(pair), pair.forge, pair.phase, (pair.number, pair.trouble)))

    def _hold(self, scene: Scene, phase: int) -> _Held:
        scene.close()
        copy = self.folder / f"before {phase}"
        shutil.copytree(self._stage, copy, symlinks=True)
        kept = {"log": list(scene.log), "minutes": scene.minutes, "patience_s": scene.patience_s}
        return _Held(copy, _plain(scene.server), _plain(scene.people, "journal"), kept)

    def _restore(self, scene: Scene, held: _Held) -> None:
        scene.close()
        shutil.rmtree(self._stage)
        shutil.copytree(held.folder, self._stage, symlinks=True)
        _put(scene.server, held.forge)
        _put(scene.people, held.people)
        _put(scene, {**held.scene, "excused": set(), "bans": {}, "impatient": [], "late": {}})


def _plain(keeper: object, *more: str) -> dict[str, Any]:
    """What an object keeps in values that can be copied."""
    kept = {name: value for name, value in vars(keeper).items() if isinstance(value, _PLAIN) or name in more}
    return deepcopy({name: value for name, value in kept.items() if not callable(value)})


def _put(keeper: object, kept: Mapping[str, Any]) -> None:
    for name, value in deepcopy(dict(kept)).items():
        setattr(keeper, name, value)


def _pairs(forge: ForgeName, phase: int, log: list[Step | str]) -> Iterator[Pair]:
    for step in log:
        if isinstance(step, Step):
            for trouble in TROUBLES[step.operation.kind]:
                yield Pair(forge, phase, step.number, trouble)
