"""The past of a repository, told from a mirror that is there, beside `git log` alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from imagebot.gitrepo.mirror import Mirror
from imagebot.gitrepo.remote import Remote
from imagebot.operations.base_history import BaseHistory, past_of
from tests.history.test_past import NOW, policies
from tests.support.git_repos import a_repository
from tests.support.past import BOT
from tests.support.past_events import a_past

SIZES = (1_000, 4_000)
ROUNDS = 5


def main() -> None:
    """Print what pasts of growing length cost: it should grow no faster than they do."""
    for commits in SIZES:
        with TemporaryDirectory() as name:
            compare(Path(name), commits)


def compare(folder: Path, commits: int) -> None:
    """Tell one past, and let git list its commits and what they changed."""
    remote = a_repository(folder / "environments.git")
    a_past(1, commits).write(remote)
    mirror = Mirror.open(folder / "state" / "environments.git", Remote(str(remote.folder)))
    base = mirror.fetch(None).base
    entries = len(told(mirror, base).ledger.entries)
    ours = timed(lambda: told(mirror, base))
    git = timed(lambda: remote.git("log", "--raw", "--format=%H %an %B", "main"))
    print(f"history: {commits} commits, {entries} changes: {ours:.0f} ms, git log {git:.0f} ms, ratio {ours / git:.0f}")


def told(mirror: Mirror, base: str) -> BaseHistory:
    past = past_of(mirror, base, policies(), BOT[1], NOW)
    assert past.ledger.entries
    return past


def timed(do: Callable[[], object]) -> float:
    """Milliseconds, the median of some rounds."""
    found = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        do()
        found.append((time.perf_counter() - start) * 1000)
    return median(found)


if __name__ == "__main__":
    main()
