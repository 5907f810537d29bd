"""How people bring a branch to the base and take it back again, in every way that a forge has a button for."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Literal

from tests.support.forge_server import Pull

if TYPE_CHECKING:
    from tests.faults.people import People

MAIN = "main"
How = Literal["merge", "squash", "title", "rebase"]
"""`squash` keeps the messages of the commits, `title` the pull request's title alone: both are common settings."""


def merge(people: People, app: str, how: How = "merge", *, keep: bool = False) -> str:
    """What the pull request brings comes to the base; `keep` leaves its branch there."""
    branch, pulls = people.branch(app), people.open_pulls(app)
    if not pulls or branch not in people.heads():
        return "none"
    start = people.git("merge-base", MAIN, branch)
    new = {name: people.tag_on(branch, name) for name in people.apps}
    brought = {name: tag for name, tag in new.items() if tag != people.tag_on(start, name)}
    if any(tag not in people.journal.tags[name] for name, tag in brought.items()):
        return "withdrawn"
    before = {name: people.tag_on(MAIN, name) for name in brought}
    merged = _merged(people, pulls[0], how)
    if merged is None:
        return "conflict"
    people.git("update-ref", f"refs/heads/{MAIN}", merged)
    people.journal.main = merged
    if how != "merge":
        people.let_go(branch)
    if not keep:
        people.git("update-ref", "-d", f"refs/heads/{branch}")
    pulls[0].state = "closed"
    pulls[0].merged_at = pulls[0].closed_at = "2026-01-01T13:00:00Z"
    people.server.touched(pulls[0])
    for name, tag in brought.items():
        people.journal.landed[name].append(tag)
        people.journal.before[name] = (before[name], tag)
    return str(brought)


def _merged(people: People, pull: Pull, how: How) -> str | None:
    commits = people.git("rev-list", f"{MAIN}..{pull.head}").splitlines()
    match how:
        case "merge":
            return combined(people, MAIN, pull.head, f"Merge {pull.head}", "-p", pull.head)
        case "rebase" if len(commits) == 1:
            return combined(people, MAIN, pull.head, people.git("log", "-1", "--format=%B", pull.head))
        case "title":
            return combined(people, MAIN, pull.head, f"{pull.title} (#{pull.number})")
        case _:
            return combined(people, MAIN, pull.head, people.git("log", "--format=%B", f"{MAIN}..{pull.head}"))


def combined(people: People, one: str, other: str, message: str, *parents: str) -> str | None:
    """A commit on `one` that holds what `other` brings; None if they conflict."""
    people.moment += 1
    try:
        tree = people.git("merge-tree", "--write-tree", one, other)
    except subprocess.CalledProcessError:
        return None
    return people.git("commit-tree", tree, "-p", one, *parents, "-m", message)


def merge_keeping(people: People, app: str) -> str:
    return merge(people, app, keep=True)


def squash(people: People, app: str) -> str:
    return merge(people, app, "squash")


def squash_title(people: People, app: str) -> str:
    return merge(people, app, "title")


def squash_keeping(people: People, app: str) -> str:
    """As a forge's auto-merge leaves it: a title, and the branch is still there."""
    return merge(people, app, "title", keep=True)


def rebase(people: People, app: str) -> str:
    return merge(people, app, "rebase")


def update_branch(people: People, app: str) -> str:
    """The forge's button: the base is merged into the branch."""
    branch = people.branch(app)
    if branch not in people.heads():
        return "no branch"
    merged = combined(people, branch, MAIN, f"Merge {MAIN}", "-p", MAIN)
    if merged is None:
        return "conflict"
    people.git("update-ref", f"refs/heads/{branch}", merged)
    return merged


def update_by_rebase(people: People, app: str) -> str:
    """The button's other choice: the bot's commit again, on the base as it is now, by another committer."""
    branch = people.branch(app)
    if branch not in people.heads() or people.git("rev-list", "--count", f"{MAIN}..{branch}") != "1":
        return "no branch, or there is more on it"
    again = combined(people, MAIN, branch, people.git("log", "-1", "--format=%B", branch))
    if again is None:
        return "conflict"
    people.git("update-ref", f"refs/heads/{branch}", again)
    return again


def revert(people: People, app: str) -> str:
    """What the last merge brought is taken back, by a commit that says so."""
    before, after = people.journal.before.get(app, ("", ""))
    if not after or people.tag_on(MAIN, app) != after or before not in people.journal.tags[app]:
        return "nothing"
    return people.write_tag(app, before, f'Revert "deps(staging): {app} {before} → {after}"')


def amend(people: People, app: str) -> str:
    """Somebody mends the last commit of the base and pushes by force: another commit of the same name in its place."""
    parents = people.git("rev-list", "--parents", "-n", "1", MAIN).split()[1:]
    if len(parents) != 1:
        return "a merge, or the first"
    paths = people.git("diff-tree", "-r", "--name-only", "--no-commit-id", MAIN).splitlines()
    files = {path: people.git("show", f"{MAIN}:{path}") + "\n" for path in paths}
    files["README.md"] = f"amended {people.moment}\n"
    message = people.git("log", "-1", "--format=%B", MAIN)
    return people.commit(MAIN, files, start=parents[0], message=message)
