"""Stages that many tests begin with: each is made once in a process, and every test gets a copy of it.

A copy works where the first one stood, in the same folder and with servers at the same ports: there is one at a time.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support import oci_folder
from tests.support.stage import Stage, set_up
from tests.support.web_function import Answer, Asked, Raw, Served

Fault = Callable[[Asked], Answer | None]


@dataclass
class StageCopies:
    """`folder` is where every stage stands, and `registry` the one of them all; its `faults` come and go."""

    home: Path
    registry: Served
    faults: list[Fault]

    @property
    def folder(self) -> Path:
        return self.home / "now"

    def stage(self, name: str, make: Callable[[Stage], object]) -> Stage:
        """What `make` makes of an empty stage, whose registry was asked nothing yet; `name` stands for `make`."""
        kept = self.home / name
        self.faults.clear()
        shutil.rmtree(self.folder, ignore_errors=True)
        if kept.exists():
            _copy(kept, self.folder)
        else:
            self.folder.mkdir()
            make(set_up(self.folder, self.registry))
            _copy(self.folder, kept)
        self.registry.forget()
        return Stage(self.folder, self.registry)


@contextmanager
def stage_copies(home: Path) -> Iterator[StageCopies]:
    """Copies that are kept in `home`, for as long as the block lasts."""
    faults: list[Fault] = []

    def answer(asked: Asked) -> Answer | Raw:
        stricken = next((answer for fault in faults if (answer := fault(asked))), None)
        return stricken or oci_folder.answer(home / "now" / "registry", asked)

    with Served(answer) as registry:
        yield StageCopies(home, registry, faults)


def _copy(source: Path, target: Path) -> None:
    """As `shutil.copytree` does, in a tenth of the time."""
    subprocess.run(["cp", "--archive", source, target], check=True)
