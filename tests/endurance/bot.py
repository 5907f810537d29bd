"""`imagebot run` as a process: its log by passes, and what it holds of memory, files and threads."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Line = dict[str, Any]


@dataclass(frozen=True)
class Figures:
    """What a process holds: MiB of memory, open files, threads; and how many files its state has."""

    memory: float
    files: int
    threads: int
    state: int


@dataclass
class Bot:
    """A running bot; `raw` are lines of its log that are none."""

    process: subprocess.Popen[str]
    state: Path
    raw: list[str]

    def one_pass(self) -> list[Line]:
        """Have a pass begin now, and return what it told from its first event to its last."""
        self.process.send_signal(signal.SIGHUP)
        return self.the_next()

    def the_next(self) -> list[Line]:
        """What the next pass tells, from its first event to its last."""
        lines: list[Line] = []
        for line in self._lines():
            lines = [] if line["event"] == "pass.started" else lines
            lines.append(line)
            if line["event"] == "pass.finished" and lines[0]["event"] == "pass.started":
                return lines
        raise AssertionError(f"the bot ended with {self.process.wait()}: {self.raw}")

    def _lines(self) -> Iterator[Line]:
        assert self.process.stderr is not None
        for text in self.process.stderr:
            try:
                yield json.loads(text)
            except ValueError:
                self.raw.append(text)

    def figures(self) -> Figures:
        """What it holds at this moment."""
        here = Path("/proc") / str(self.process.pid)
        status = dict(line.split(":", 1) for line in (here / "status").read_text().splitlines())
        return Figures(
            memory=int(status["VmRSS"].split()[0]) / 1024,
            files=len(list((here / "fd").iterdir())),
            threads=int(status["Threads"]),
            state=sum(1 for _ in self.state.rglob("*")),
        )


@contextmanager
def running(config: Path, state: Path) -> Iterator[Bot]:
    """The bot, after its first pass."""
    words = [sys.executable, "-m", "imagebot", "run", "--config", str(config)]
    with subprocess.Popen(words, cwd=config.parent, stderr=subprocess.PIPE, text=True) as process:
        try:
            bot = Bot(process, state, [])
            bot.the_next()
            yield bot
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        finally:
            process.kill()


def once(config: Path) -> Any:
    """The report of a pass by another bot, as data."""
    words = [sys.executable, "-m", "imagebot", "once", "--json", "--config", str(config)]
    done = subprocess.run(words, cwd=config.parent, capture_output=True, text=True, check=False)
    return json.loads(done.stdout)
