"""What must be true once nothing goes wrong any more, worked out from tags, git and the journal alone.

A reference that is small enough to be believed: it shares no code with what it judges.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
from collections.abc import Iterator

from tests.faults.line import Step, Told
from tests.faults.people import APPS, FILE, MAIN, PREFIX, best, dotted, numbers, with_tag
from tests.faults.scene import Scene
from tests.support.forge_server import Pull

_BLOCK = re.compile(r"<!-- imagebot:v1 (\S+) -->")


def unsafe(scene: Scene) -> Iterator[str]:
    """What must never be, not even for a moment."""
    people, journal = scene.people, scene.people.journal
    heads = people.heads()
    if heads[MAIN] != journal.main:
        yield f"{MAIN} was moved to {heads[MAIN]}, and people left it at {journal.main}"
    foreign = {name: tip for name, tip in heads.items() if name != MAIN and not name.startswith(PREFIX)}
    if foreign != journal.foreign:
        yield f"foreign branches were touched: {foreign}, {journal.foreign}"
    unknown = {name for name in heads if name.startswith(PREFIX)} - {people.branch(app) for app in APPS}
    if unknown:
        yield f"branches of no target: {unknown}"
    for app, commit in journal.commits:
        places = [MAIN, people.branch(app)]
        if not any(name in heads and _reaches(scene, name, commit) for name in places):
            yield f"the commit {commit} that a person made on {people.branch(app)} is lost"
    for pull in people.server.pulls.values():
        said = [text.strip() for text in pull.comments]
        if len(set(said)) != len(said):
            yield f"#{pull.number} was told something twice: {said}"
    for app in APPS:
        if len(people.open_pulls(app)) > 1:
            yield f"{app} has more than one open pull request"


def unsettled(scene: Scene) -> Iterator[str]:
    """What must be true after two passes in which nothing went wrong."""
    for app in APPS:
        pulls = scene.people.open_pulls(app)
        wanted = wanted_tag(scene, app)
        if is_frozen(scene, app):
            continue
        if wanted is None and pulls:
            yield f"{app}: #{pulls[0].number} is open ({pulls[0].title}), and nothing is to be proposed"
        elif wanted is not None and len(pulls) != 1:
            yield f"{app}: {wanted} is due, and {len(pulls)} pull requests are open"
        elif wanted is not None:
            yield from _misproposed(scene, app, pulls[0], wanted)


def restless(scene: Scene, told: Told | None, writes: int) -> Iterator[str]:
    """What a pass must not do where all is settled."""
    if told is None or not told.done:
        yield "a pass in which nothing went wrong did not come to its end"
    elif (told.pushes, told.writes, scene.writes - writes) != (0, 0, 0):
        yield f"a settled pass wrote: {told.pushes} pushes, {told.writes} writes to the forge"


def wanted_tag(scene: Scene, app: str) -> str | None:
    """The version that should be proposed: the newest, if people have not kept it back."""
    journal = scene.people.journal
    here = scene.people.tag_on(MAIN, app)
    tag = dotted(best(journal.tags[app]))
    if numbers(tag) <= numbers(here) or tag in journal.refused[app]:
        return None
    return None if tag in _rolled_back(journal.landed[app], here) else tag


def is_frozen(scene: Scene, app: str) -> bool:
    """Whether a person's commit is on the branch and not in the base."""
    branch = scene.people.branch(app)
    if branch not in scene.people.heads():
        return False
    theirs = [commit for one, commit in scene.people.journal.commits if one == app]
    return any(_reaches(scene, branch, commit) and not _reaches(scene, MAIN, commit) for commit in theirs)


def _rolled_back(landed: list[str], here: str) -> set[str]:
    """What the bot's commits brought after the version that runs, and above it."""
    since = landed[len(landed) - landed[::-1].index(here) :] if here in landed else landed
    return {tag for tag in since if numbers(tag) > numbers(here)}


def _misproposed(scene: Scene, app: str, pull: Pull, wanted: str) -> Iterator[str]:
    people = scene.people
    here = people.tag_on(MAIN, app)
    title = f"deps(staging): {app} {here} → {wanted}"
    if pull.title != title:
        yield f"#{pull.number} is called {pull.title!r} instead of {title!r}"
    image = f"{people.host}/acme/{app}"
    if (said := _proposed(pull.body or "")) != [(image, wanted)]:
        yield f"#{pull.number} says in its block that it proposes {said} instead of {image} {wanted}"
    # What the forge will not have as a label or reviewer is told to the log and not asked for again.
    refused = any(isinstance(step, Step) and step.trouble == "422" for step in scene.log)
    if not refused and (set(pull.labels), set(pull.reviewers)) != ({"image-update"}, {"alice"}):
        yield f"#{pull.number} has the labels {pull.labels} and the reviewers {pull.reviewers}"
    branch = people.branch(app)
    if branch not in people.heads():
        yield f"#{pull.number} is open and has no branch"
        return
    try:
        tree = people.git("merge-tree", "--write-tree", MAIN, branch)
    except subprocess.CalledProcessError:
        yield f"{branch} conflicts with {MAIN}"
        return
    changed = people.git("diff-tree", "-r", "--name-only", MAIN, tree)
    expected = with_tag(people.git("show", f"{MAIN}:{FILE}"), people.host, app, wanted)
    if changed != FILE or people.git("show", f"{tree}:{FILE}") != expected:
        yield f"{branch} brings another change than {here} → {wanted}: {people.git('diff-tree', '-p', MAIN, tree)}"


def _proposed(body: str) -> list[tuple[str, str]]:
    found = _BLOCK.findall(body)
    if not found:
        return []
    return [(image, tag) for image, tag, _ in json.loads(base64.urlsafe_b64decode(found[-1]))["proposed"]]


def _reaches(scene: Scene, name: str, commit: str) -> bool:
    words = ["git", "-C", str(scene.people.bare), "merge-base", "--is-ancestor", commit, f"refs/heads/{name}"]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0
