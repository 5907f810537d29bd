"""What must be true once nothing goes wrong any more, worked out from tags, git and the journal alone.

A reference that is small enough to be believed: it shares no code with what it judges.
"""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.faults.line import Step, Told
from tests.faults.people import APPS, ASKED, FILE, MAIN, PREFIX, Outage, best, dotted, numbers, proposed, with_tag
from tests.faults.scene import Scene
from tests.support.forge_server import Pull


def unsafe(scene: Scene) -> Iterator[str]:
    """What must never be, not even for a moment."""
    people, journal = scene.people, scene.people.journal
    heads = people.heads()
    if heads[MAIN] != journal.main:
        yield f"{MAIN} was moved to {heads[MAIN]}, and people left it at {journal.main}"
    foreign = {name: tip for name, tip in heads.items() if name != MAIN and not name.startswith(PREFIX)}
    if foreign != journal.foreign:
        yield f"foreign branches were touched: {foreign}, {journal.foreign}"
    stray = {name for name in heads if name.startswith(PREFIX)} - {people.branch(app) for app in journal.tags}
    if stray:
        yield f"branches of no target: {stray}"
    for branch, commit in journal.commits:
        if not any(name in heads and people.is_in(name, commit) for name in (MAIN, branch)):
            yield f"the commit {commit} that a person made on {branch} is lost"
    for number, text in said_twice(scene) - scene.excused:
        yield f"#{number} was told twice: {text}"
    yield from scene.impatient
    if not scene.takes_twins:
        yield from _twins(scene)


def _twins(scene: Scene) -> Iterator[str]:
    for name, apps in scene.people.targets.items():
        if len(scene.people.open_pulls(apps[0])) > 1:
            yield f"{name} has more than one open pull request"


@dataclass(frozen=True)
class Seen:
    """What there was before a round: the steps so far, the open pull requests, and how many there had ever been."""

    steps: int
    open: frozenset[int]
    ever: int

    @classmethod
    def of(cls, scene: Scene) -> Seen:
        pulls = scene.server.pulls
        return cls(
            len(scene.log), frozenset(pull.number for pull in pulls.values() if pull.state == "open"), len(pulls)
        )


def believed(scene: Scene, before: Seen, outage: Outage) -> Iterator[str]:
    """What was done although the registry could not be believed: only what is known without it may be done."""
    pulls = scene.server.pulls
    new = [step for step in scene.log[before.steps :] if isinstance(step, Step)]
    if moved := [branch for step in new for branch in step.operation.moved]:
        yield f"the registry is {outage}, and all the same these were pushed: {moved}"
    if len(pulls) > before.ever:
        yield f"the registry is {outage}, and all the same pull requests were opened"
    for number in before.open:
        pull = pulls[number]
        twin = any((other.head, other.state) == (pull.head, "open") for other in pulls.values())
        if pull.closed_by != scene.server.author or twin:
            continue
        wanted = [wanted_tag(scene, app) for app in APPS if scene.people.branch(app) == pull.head]
        if outage == "silent" or any(wanted):
            yield f"the registry is {outage}, and all the same #{number} was closed, while {wanted} is due"


def said_twice(scene: Scene) -> set[tuple[int, str]]:
    """What the bot said under a pull request more than once, by its number."""
    pulls = scene.server.pulls.values()
    said = Counter((pull.number, text.strip()) for pull in pulls for text in pull.comments if text != ASKED)
    return {one for one, times in said.items() if times > 1}


def unsettled(scene: Scene) -> Iterator[str]:
    """What must be true after two passes in which nothing went wrong."""
    yield from _twins(scene)
    yield from _orphans(scene)
    for name, apps in scene.people.targets.items():
        pulls = scene.people.open_pulls(apps[0])
        tags = {app: wanted_tag(scene, app) for app in apps}
        if any(tag in scene.people.journal.tidied[app] for app, tag in tags.items()):
            continue
        wanted = {app: tag for app, tag in tags.items() if tag is not None}
        if frozen_by := theirs(scene, apps[0]):
            yield from _unsaid(pulls, frozen_by)
        elif pulls and not wanted:
            yield f"{name}: #{pulls[0].number} is open ({pulls[0].title}), and nothing is to be proposed"
        elif wanted and len(pulls) != 1:
            yield f"{name}: {wanted} is due, and {len(pulls)} pull requests are open"
        elif wanted:
            yield from _misproposed(scene, name, pulls[0], wanted)


def _orphans(scene: Scene) -> Iterator[str]:
    """Branches of the bot's that nothing needs any more: what people committed, or may open again, is not among it."""
    pulls = scene.server.pulls.values()
    refused = {pull.head for pull in pulls if pull.closed_by not in (None, scene.server.author)}
    for apps in scene.people.targets.values():
        branch = scene.people.branch(apps[0])
        unused = branch in scene.people.heads() and not scene.people.open_pulls(apps[0])
        if unused and branch not in refused and not _peoples(scene, branch):
            yield f"{branch} is left over: no pull request is open for it"


def _peoples(scene: Scene, branch: str) -> str:
    """Commits of people's on a branch, also those whose content came to the base otherwise."""
    return scene.people.git("rev-list", "--no-merges", "--author=Ada", f"{MAIN}..{branch}")


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


def theirs(scene: Scene, app: str) -> str:
    """The last commit of a person's on the branch that is not in the base: it freezes the branch."""
    people = scene.people
    branch = people.branch(app)
    if branch not in people.heads():
        return ""
    made = [commit for one, commit in people.journal.commits if one == branch]
    return next((one for one in reversed(made) if people.is_in(branch, one) and not people.is_in(MAIN, one)), "")


def _unsaid(pulls: list[Pull], commit: str) -> Iterator[str]:
    for pull in pulls:
        if not any(commit in said for said in pull.comments):
            yield f"#{pull.number} is left to people because of {commit}, and nobody is told: {pull.comments}"


def _rolled_back(landed: list[str], here: str) -> set[str]:
    """What came after the version that runs, and above it."""
    since = landed[len(landed) - landed[::-1].index(here) :] if here in landed else landed
    return {tag for tag in since if numbers(tag) > numbers(here)}


def _misproposed(scene: Scene, name: str, pull: Pull, wanted: Mapping[str, str]) -> Iterator[str]:
    people = scene.people
    moves = [f"{people.tag_on(MAIN, app)} → {tag}" for app, tag in wanted.items()]
    title = f"deps(staging): {name}" + (f" {moves[0]}" if len(moves) == 1 else f": {len(moves)} images")
    if pull.title != title:
        yield f"#{pull.number} is called {pull.title!r} instead of {title!r}"
    expected = {(app, f"{people.host}/acme/{app}", tag) for app, tag in wanted.items()}
    if set(said := proposed(scene.server.whole(pull))) != expected or len(said) != len(expected):
        yield f"#{pull.number} says in its block that it proposes {said} instead of {expected}"
    # What the forge will not have as a label or reviewer is told to the log and not asked for again.
    refused = any(isinstance(step, Step) and step.trouble == "422" for step in scene.log)
    labels = set() if scene.server.asks_by_comment else {"image-update"}
    if not refused and (set(pull.labels), set(pull.reviewers)) != (labels, {"alice"}):
        yield f"#{pull.number} has the labels {pull.labels} and the reviewers {pull.reviewers}"
    yield from _misbrought(scene, pull, wanted)


def _misbrought(scene: Scene, pull: Pull, wanted: Mapping[str, str]) -> Iterator[str]:
    people = scene.people
    if pull.head not in people.heads():
        yield f"#{pull.number} is open and has no branch"
        return
    try:
        tree = people.git("merge-tree", "--write-tree", MAIN, pull.head)
    except subprocess.CalledProcessError:
        yield f"{pull.head} conflicts with {MAIN}"
        return
    changed = people.git("diff-tree", "-r", "--name-only", MAIN, tree)
    expected = people.git("show", f"{MAIN}:{FILE}")
    for app, tag in wanted.items():
        expected = with_tag(expected, people.host, app, tag)
    if changed != FILE or people.git("show", f"{tree}:{FILE}") != expected:
        yield f"{pull.head} brings another change than {wanted}: {people.git('diff-tree', '-p', MAIN, tree)}"
