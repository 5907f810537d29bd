"""The git side of a pass over a local path, beside a bare `git push` and beside clone, commit and push app by app."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from imagebot.gitrepo.commits import Draft
from imagebot.gitrepo.merge_check import Bringing
from imagebot.gitrepo.mirror import Mirror
from imagebot.gitrepo.push import PushUpdate
from imagebot.gitrepo.remote import Remote
from imagebot.settings.resolve import Author
from tests.support.git_repos import BareRepository, a_repository, run_git
from tests.support.sound import proved

FILES = 10_000
APPS = 90
ROUNDS = 9
APP_BY_APP = 3
TARGET = 3.0


def main() -> None:
    """Print what one change, 90 changes, 90 that are there already, and reading everything cost."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        files = {path(number): content(number, "1.0.0") for number in range(FILES)}
        remote = a_repository(folder / "environments.git", files)
        mirror = Mirror.open(folder / "state" / "environments.git", Remote(str(remote.folder)))
        first = timed(lambda: mirror.fetch("imagebot/"))
        print(f"git: a repository of {FILES} files; first fetch {first:.0f} ms")
        one_change(mirror, remote)
        many_changes(mirror, remote)
        reading(mirror)


def one_change(mirror: Mirror, remote: BareRepository) -> None:
    """Fetch, commit and push one file; and a `git push` of one commit, taking turns."""
    ours, bare = [], []
    for number in range(ROUNDS):
        ours.append(timed(partial(deliver, mirror, {f"one/{number}": number})))
        bare.append(bare_push(mirror, remote, {f"one/{number}": number}))
    report(f"one change: fetch, commit, push (to hold: ratio under {TARGET:.0f})", median(ours), median(bare))


def many_changes(mirror: Mirror, remote: BareRepository) -> None:
    """90 apps of one pass with a new tag each, then the pass after it; and other ways to the same branches."""
    names = {f"many/{number}": number for number in range(APPS)}
    before = (mirror.fetches, mirror.pushes)
    ours = timed(lambda: deliver(mirror, names))
    asked = (mirror.fetches - before[0], mirror.pushes - before[1])
    report(f"{APPS} changes: {asked[0]} fetch, {APPS} commits, {asked[1]} push", ours, bare_push(mirror, remote, names))
    some = [timed(partial(by_clone, remote, number)) for number in range(APP_BY_APP)]
    by_hand = sum(some) / APP_BY_APP * APPS
    print(
        f"  {APPS} changes by clone, commit and push, one after the other: {by_hand:.0f} ms"
        f" ({APP_BY_APP} of them measured, multiplied), {by_hand / ours:.0f} times as long"
    )
    print(f"  {APPS} branches that are there already: {timed(lambda: look_again(mirror, names)):.0f} ms")
    remote.commit("main", {"README.md": "people go on\n"})
    print(f"  the same when the base has gone on: {timed(lambda: look_again(mirror, names)):.0f} ms")


def look_again(mirror: Mirror, branches: Mapping[str, int]) -> None:
    """What a pass asks of branches that should stay: whose commits they have, and whether they still bring all."""
    heads = mirror.fetch("imagebot/")
    tips = {name: heads.branches[f"imagebot/{name}"] for name in branches}
    mirror.commits_of_each(heads.base, tips.values())
    wanted = [
        Bringing(tips[name], {path(number): content(number, "1.1.0").encode()}) for name, number in branches.items()
    ]
    assert all(mirror.brings_each(heads.base, wanted))


def by_clone(remote: BareRepository, number: int) -> None:
    """One change, with a work tree."""
    with TemporaryDirectory() as name:
        run_git(["clone", "--quiet", str(remote.folder), name])
        Path(name, path(number)).write_text(content(number, "1.3.0"))
        run_git(["-C", name, "commit", "--quiet", "--all", "--message", "by hand"])
        run_git(["-C", name, "push", "--quiet", "origin", f"HEAD:refs/heads/by-hand/{number}"])


def reading(mirror: Mirror) -> None:
    """List the base and read every file of it."""
    base = mirror.fetch("imagebot/").base
    listed = timed(lambda: mirror.files(base))
    ids = [entry.blob for entry in mirror.files(base).entries]
    read = timed(lambda: sum(len(data or b"") for data in mirror.blobs(ids)))
    print(f"  list {FILES} files {listed:.0f} ms; read them {read:.0f} ms")


def deliver(mirror: Mirror, branches: Mapping[str, int]) -> None:
    base = mirror.fetch("imagebot/").base
    made = commits(mirror, base, branches, "1.1.0")
    mirror.push([PushUpdate(f"imagebot/{branch}", commit, None) for branch, commit in made.items()])


def commits(mirror: Mirror, base: str, branches: Mapping[str, int], tag: str) -> dict[str, str]:
    drafts = [
        Draft({path(number): proved(content(number, tag).encode())}, f"{branch}\n")
        for branch, number in branches.items()
    ]
    made = mirror.commits(base, drafts, Author())
    return {branch: commit for branch, commit in zip(branches, made, strict=True) if isinstance(commit, str)}


def bare_push(mirror: Mirror, remote: BareRepository, branches: Mapping[str, int]) -> float:
    """Milliseconds that git takes for commits which are there already."""
    made = commits(mirror, mirror.fetch("imagebot/").base, branches, "1.2.0")
    clone = BareRepository(remote.folder.parent / "state" / "environments.git")
    refspecs = [f"{commit}:refs/heads/bare/{branch}" for branch, commit in made.items()]
    return timed(lambda: clone.git("push", "--quiet", str(remote.folder), *refspecs))


def path(number: int) -> str:
    return f"clusters/{number % 10}/apps/{number // 10 % 100}/{number}.yaml"


def content(number: int, tag: str) -> str:
    return f"kind: Deployment\nmetadata: {{name: app-{number}}}\nimage: registry.example/app-{number}:{tag}\n" * 10


def timed(do: Callable[[], object]) -> float:
    """Milliseconds."""
    start = time.perf_counter()
    do()
    return (time.perf_counter() - start) * 1000


def report(what: str, ours: float, bare: float) -> None:
    print(f"  {what}: {ours:.0f} ms, bare git push {bare:.0f} ms, ratio {ours / bare:.1f}")


if __name__ == "__main__":
    main()
