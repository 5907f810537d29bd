"""A pass that kills itself, as the kernel would, at its K-th event; for a process of its own."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

from imagebot.cli.compose import load, world_of
from imagebot.cycle.run import run
from imagebot.observe.events import Event
from tests.support.stage import NOON


def main(config: Path, at: int) -> None:
    """Run the pass; if it has fewer events than `at`, print their names."""
    settings, policies = load(config)
    names: list[str] = []

    def tell(event: Event) -> None:
        names.append(event.name)
        if len(names) == at:
            os.kill(os.getpid(), signal.SIGKILL)

    run(replace(world_of(settings), tell=tell), policies, NOON)
    print("\n".join(names))
