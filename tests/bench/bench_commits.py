"""The commit order over a real repository of 10 000 commits with merges, beside the one git command that lists them."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from imagebot.gitrepo import ancestry
from imagebot.gitrepo.mirror import Mirror
from imagebot.gitrepo.remote import Remote
from imagebot.policy.watch import Watch
from imagebot.selection.rank import rank
from imagebot.versions.known import OrderInputs
from tests.support.git_repos import BareRepository, a_repository, commit_chain, merge_branch

COMMITS = 10_000
TAGGED_EVERY = 3


def main() -> None:
    """Print what the first pass costs, a pass after a push, and a pass where nothing happened."""
    with TemporaryDirectory() as name:
        source, ids = a_source(Path(name) / "api.git")
        mirror = Mirror.open(Path(name) / "state" / "api.git", Remote(str(source.folder)))
        first = timed(lambda: mirror.fetch(None))
        print(f"commits: {COMMITS} on main, a merge at its tip; first fetch {first:.0f} ms")
        tip = mirror.fetch(None).base
        bare = timed(lambda: source.git("rev-list", "--first-parent", "main"))
        read = timed(lambda: mirror.history(tip))
        print(f"  read the history: {read:.0f} ms, bare git rev-list {bare:.0f} ms, ratio {read / bare:.1f}")
        print(f"  read it again: {timed(lambda: mirror.history(tip)):.2f} ms")
        ancestry.history.cache_clear()
        paths = timed(lambda: mirror.history(tip, ("counter",)))
        print(f"  with paths: {paths:.0f} ms")
        tags = [commit[:7] if at % 2 else commit for at, commit in enumerate(ids) if at % TAGGED_EVERY == 0]
        watch = Watch.model_validate({"image": "acme/api", "commit": {"source": "api"}})
        known = OrderInputs(history=mirror.history(tip))
        print(f"  rank {len(tags)} tags: {timed(lambda: rank(watch, tags, known=known)):.0f} ms")
        tracemalloc.start()
        ancestry.history.cache_clear()
        mirror.history(tip)
        print(f"  memory that the history keeps: {tracemalloc.get_traced_memory()[0] / 2**20:.1f} MiB")


def a_source(folder: Path) -> tuple[BareRepository, tuple[str, ...]]:
    source = a_repository(folder, {"README.md": "hello\n"})
    ids = commit_chain(source, "main", COMMITS - 1)
    side = source.commit("feature", {"side": "1"}, on=ids[-2])
    return source, (*ids, merge_branch(source, "main", side))


def timed(task: Callable[[], object]) -> float:
    """Milliseconds."""
    start = time.perf_counter()
    task()
    return (time.perf_counter() - start) * 1000


if __name__ == "__main__":
    main()
